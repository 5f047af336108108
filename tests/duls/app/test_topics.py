"""A steward says that a raw topic is another one now: what is refused, and what is changed."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from confluent_kafka import OFFSET_BEGINNING

from duls.app.topics import renew_topic
from duls.config import Settings
from duls.errors import ConfigError, RefusedError
from processors.vocabulary import Source
from sinks.connection import open_connection
from sinks.keys import KeyStore
from sinks.master_key import read_master_key
from sinks.patience import Patience
from sinks.registry import installation_id
from streams.clients import make_admin
from streams.observation_headers import Kind, decode_topic_end, envelope_of
from streams.topic_reader import make_reader, messages_to_end
from streams.topics import DETECTIONS_TOPIC, OBSERVATIONS_TOPIC, POSITIONS_TOPIC, describe_topic

GONE = UUID(int=5)


@pytest.fixture
def days(installed: Settings) -> Iterator[KeyStore]:
    """Give the rows of two days that began with another topic of positions."""
    admin = make_admin(installed.kafka.bootstrap_servers, installed.kafka.client)
    store = KeyStore(
        installed.keys_url,
        read_master_key(installed.master_key_file),
        reader="test",
        random_bytes=bytes,
        patience=Patience(5.0),
    )
    sources = {POSITIONS_TOPIC: GONE, DETECTIONS_TOPIC: describe_topic(admin, DETECTIONS_TOPIC).topic_id}
    for day in (20_000, 20_001):
        store.day_row(day, 2, sources)
    yield store
    store.close()


def topic_id(settings: Settings, name: str) -> UUID:
    """Return the id of a topic."""
    return describe_topic(make_admin(settings.kafka.bootstrap_servers, settings.kafka.client), name).topic_id


def installation_of(settings: Settings) -> UUID:
    """Return the identity of the database."""
    with open_connection(settings.database_url, application_name="test") as connection:
        return installation_id(connection)


def ends_told(settings: Settings) -> list[tuple[int, bytes | None, int]]:
    """Return the ends of topics in the log: observation partition, topic and source."""
    ours = installation_of(settings).bytes
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client)
    starts = dict.fromkeys(range(settings.kafka.partitions), OFFSET_BEGINNING)
    found = []
    for message in messages_to_end(reader, OBSERVATIONS_TOPIC, starts):
        envelope = envelope_of(message.headers(), ours)  # type: ignore[arg-type]  # the client types them loosely
        if envelope is not None and envelope.kind is Kind.TOPIC_END:
            end = decode_topic_end(message.value() or b"")
            found.append((int(message.partition() or 0), envelope.topic_id, end.source))
    reader.close()
    return sorted(found)


def test_the_log_and_the_days_are_told_once(installed: Settings, days: KeyStore) -> None:
    """Every observation partition hears of the end; the second time there is nothing to do."""
    first, second = (renew_topic(installed, POSITIONS_TOPIC) for _ in range(2))

    assert (POSITIONS_TOPIC, [GONE], 2) == (first.topic, first.over, first.days)
    assert ([], 0) == (second.over, second.days)
    assert [(partition, GONE.bytes, Source.FMS) for partition in (0, 1)] == ends_told(installed)
    assert {
        (POSITIONS_TOPIC, topic_id(installed, POSITIONS_TOPIC)),
        (DETECTIONS_TOPIC, topic_id(installed, DETECTIONS_TOPIC)),
    } == set(days.sources())


def test_a_topic_that_is_the_one_before_is_left_alone(installed: Settings, days: KeyStore) -> None:
    """Whether days name it or nothing was ever read."""
    before = days.sources()

    assert [] == renew_topic(installed, DETECTIONS_TOPIC).over

    assert before == days.sources()
    assert [] == ends_told(installed)


@pytest.mark.parametrize(
    ("name", "way"),
    [(OBSERVATIONS_TOPIC, "duls run aggregate --from-beginning"), ("raw", f"one of {POSITIONS_TOPIC}")],
)
def test_only_raw_topics_are_renewed(settings: Settings, name: str, way: str) -> None:
    """The sentence says what is, or what else to do."""
    with pytest.raises(ConfigError, match=way):
        renew_topic(settings, name)


@pytest.mark.usefixtures("days")
def test_nothing_is_renewed_while_intake_runs(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its processes holds the ids that it began with; the embedded broker does not tell of members."""
    monkeypatch.setattr("duls.app.topics.members_of", lambda _admin, _group: 2)

    with pytest.raises(RefusedError, match=r"intake still runs \(members of its group: 2\)"):
        renew_topic(installed, POSITIONS_TOPIC)

    assert [] == ends_told(installed)
