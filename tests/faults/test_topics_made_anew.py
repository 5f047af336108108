"""A topic that is deleted, made and filled again below a running role, whose client reads on at the old offset."""

import json
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import psycopg
import pytest
from confluent_kafka import Producer

from duls.errors import EXIT_DEFECT
from streams.clients import make_admin
from streams.topic_making import Wishes, ensure_topics
from streams.topics import DETECTIONS_TOPIC, OBSERVATIONS_TOPIC, POSITIONS_TOPIC, describe_topics, topic_specs
from tests.faults.blind_variant import VARIABLE
from tests.faults.conftest import NewInstallation
from tests.faults.event_check import check_conservation, judge_cells
from tests.faults.figures_table import feed_counts
from tests.faults.installation import CLIENT, Installation
from tests.faults.progress import has_all
from tests.faults.raw_topics import ANPR, FMS, TOPICS, ends, messages_of, send
from tests.faults.role_process import RoleProcess
from tests.faults.unit_events import (
    ANPR_EVERY,
    VARIABLES,
    EventWorld,
    squares_cameras,
    squares_geojson,
)
from tests.faults.waiting import wait_until

pytestmark = [pytest.mark.services, pytest.mark.slow]

US: Final = 1_000_000
HOUR_MS: Final = 3_600_000
OLD: Final = range(5_000, 5_067)  # 60 positions among them
NEW: Final = range(4_000)  # 3,600 positions
STORED_S: Final = 60.0
ENDED_S: Final = 60.0
DRAINED_S: Final = 240.0
# a role that stands still while its topic is made anew stays a member of its group
PATIENT: Final = {"DULS_KAFKA_CLIENT": json.dumps({**CLIENT, "session.timeout.ms": 60_000})}


def positions(numbers: Iterable[int]) -> list[int]:
    """Return those of some events that are positions."""
    return [number for number in numbers if number % ANPR_EVERY]


def make_anew(installation: Installation, topic: str) -> None:
    """Delete a topic and make it again as `duls migrate` does; return once the broker has the new one."""
    delete(installation, [topic])
    admin = make_admin(installation.bootstrap_servers, {"log_level": 0})
    wishes = Wishes(topic_specs(HOUR_MS), installation.partitions, trust_create_time=False)
    ensure_topics(admin, wishes)


def delete(installation: Installation, topics: Iterable[str]) -> None:
    """Delete topics; return once the broker has none of them."""
    names = list(topics)
    admin = make_admin(installation.bootstrap_servers, {"log_level": 0})
    for future in admin.delete_topics(names).values():
        future.result(STORED_S)
    wait_until(
        lambda: not any(describe_topics(admin, names).values()),
        f"{names} are deleted",
        deadline_s=STORED_S,
        poll_s=0.01,
    )


def made_anew_below(
    role: RoleProcess, installation: Installation, topic: str, fill: Callable[[], None]
) -> None:
    """Make a topic anew and fill it while its reader stands still, then let the reader go on."""
    role.send(signal.SIGSTOP)
    make_anew(installation, topic)
    fill()
    role.send(signal.SIGCONT)


def assert_refuses(role: RoleProcess, topic: str) -> None:
    """See that a role ends since a topic is another one."""
    assert role.wait(ENDED_S) == EXIT_DEFECT, role.log_tail()
    assert f"topic {topic} was made anew" in role.log_text(), role.log_tail()


def send_positions(installation: Installation, events: EventWorld, numbers: Iterable[int]) -> None:
    """Send the records of events."""
    send(installation.bootstrap_servers, [events.record(number) for number in positions(numbers)])


def start_with(
    installation: Installation,
    send_them: Callable[[], None],
    *,
    flags: tuple[str, ...] = (),
    extra: Mapping[str, str] = PATIENT,
    module: str = "duls",
) -> list[RoleProcess]:
    """Start intake and aggregate, send events and return the roles once everything is stored.

    Args:
        installation: whose roles these are.
        send_them: sends what is waited for.
        flags: of aggregate.
        extra: variables of both.
        module: what stands in the place of `duls` for intake.
    """
    roles = [
        installation.start("intake", extra=extra, module=module),
        installation.start("aggregate", *flags, extra=extra),
    ]
    wait_until(lambda: all(role.is_ready for role in roles), "the roles are ready", deadline_s=STORED_S)
    send_them()
    await_stored(installation)
    return roles


def await_stored(installation: Installation) -> None:
    """Wait until everything that was sent is stored."""
    end = ends(installation.bootstrap_servers, installation.partitions)
    wait_until(
        lambda: has_all(installation, end, after_us=US),
        "everything that was sent is stored",
        deadline_s=STORED_S,
    )


def test_a_raw_topic_made_anew_loses_nothing(
    squares: Installation, events: EventWorld, new_installation: NewInstallation
) -> None:
    """Intake ends before anything of the new topic counts as of the old one; a new database gets all of it, once."""
    intake, aggregate = start_with(squares, lambda: send_positions(squares, events, OLD))

    made_anew_below(intake, squares, POSITIONS_TOPIC, lambda: send_positions(squares, events, NEW))

    assert_refuses(intake, POSITIONS_TOPIC)
    assert_refuses(squares.start("intake"), POSITIONS_TOPIC)
    assert aggregate.terminate(within_s=10.0)[0] == 0
    before = judge_cells(squares, {events.cell(number) for number in positions(OLD)})
    after = judge_cells(*drained(new_installation, events, NEW))
    sys.stdout.write(f"before: {before}\nafter: {after}\n")
    assert before.is_exact
    assert after.is_exact


def drained(
    new_installation: NewInstallation, events: EventWorld, numbers: Iterable[int]
) -> tuple[Installation, set[tuple[str, str, int]]]:
    """Read what there is into a new database; return it with the cells that events must have there."""
    installation = new_installation(VARIABLES)
    installation.prepare(squares_geojson(), squares_cameras())
    for role in ("intake", "aggregate"):
        running = installation.start(role, "--until-drained")
        assert running.wait(DRAINED_S) == 0, running.log_tail()
    return installation, {events.cell(number) for number in positions(numbers)}


@pytest.mark.parametrize("source", [FMS, ANPR])
def test_a_city_goes_on_with_a_raw_topic_made_anew(
    squares: Installation, events: EventWorld, source: str
) -> None:
    """Once a steward says so, the new topic is read from its first record; what was counted stays, and all of it once.

    Intake has sent rows of the new topic as rows of the old one before it was told of that, and aggregate holds them.
    """
    old, new = of_source(events, source, range(5_000, 5_600)), of_source(events, source, range(4_000))
    blind = squares.folder / "blind"
    intake, aggregate = start_with(
        squares,
        lambda: send_events(squares, events, old),
        extra={**PATIENT, VARIABLE: str(blind)},
        module="tests.faults.blind_variant",
    )

    def fill() -> None:
        send_events(squares, events, new)
        blind.touch()
        with pytest.raises(AssertionError, match="intake still runs"):
            squares.command("topics", "renew", TOPICS[source])

    made_anew_below(intake, squares, TOPICS[source], fill)
    wait_until(
        lambda: feed_counts(squares.database_url)[source]["accepted"] > len(old),
        "rows are sent as those of the old topic",
        deadline_s=STORED_S,
    )
    blind.unlink()
    assert_refuses(intake, TOPICS[source])
    assert_refuses(squares.start("intake"), TOPICS[source])

    said = [squares.command("topics", "renew", TOPICS[source]) for _ in range(2)]

    squares.start("intake")
    await_stored(squares)
    end_in_order(squares)
    assert aggregate.exit_code == 0
    assert ["start intake" in words for words in said] == [True, False]
    assert "nothing to do" in said[1]
    assert_exact(squares, events, [*old, *new])


def test_a_city_goes_on_where_a_raw_topic_was_made_anew_while_nothing_ran(
    squares: Installation, events: EventWorld
) -> None:
    """All processes were killed, and the old topic held more than was read."""
    old, unread, new = range(5_000, 5_600), range(5_600, 6_000), range(4_000)
    # what was killed stays in its group for a session
    for role in start_with(squares, lambda: send_events(squares, events, old), extra={}):
        role.kill()
    send_events(squares, events, positions(unread))
    make_anew(squares, POSITIONS_TOPIC)
    send_events(squares, events, new)
    assert_refuses(squares.start("intake"), POSITIONS_TOPIC)

    squares.command("topics", "renew", POSITIONS_TOPIC)

    start_with(squares, lambda: None)
    end_in_order(squares)
    assert_exact(squares, events, [*old, *new])


def test_a_city_goes_on_where_all_of_kafka_was_made_anew(squares: Installation, events: EventWorld) -> None:
    """With the observation topic what aggregate had in hand is gone, so it says so itself; what was counted stays."""
    for role in start_with(squares, lambda: send_events(squares, events, OLD)):
        assert role.terminate(within_s=10.0)[0] == 0
    delete(squares, [spec.name for spec in topic_specs(HOUR_MS)])
    squares.migrate()
    send_events(squares, events, NEW)
    assert_refuses(squares.start("intake"), DETECTIONS_TOPIC)
    assert squares.start("aggregate").wait(ENDED_S) == EXIT_DEFECT

    for topic in TOPICS.values():
        squares.command("topics", "renew", topic)

    start_with(squares, lambda: None, flags=("--from-beginning",))
    end_in_order(squares)
    assert_exact(squares, events, [*OLD, *NEW])


def of_source(events: EventWorld, source: str, numbers: Iterable[int]) -> list[int]:
    """Return those of some events that are of a source."""
    return [number for number in numbers if events.cell(number)[0] == source]


def send_events(installation: Installation, events: EventWorld, numbers: Iterable[int]) -> None:
    """Send the records of events of both sources."""
    send(installation.bootstrap_servers, [events.record(number) for number in numbers])


def end_in_order(installation: Installation) -> None:
    """End all roles that run."""
    for role in installation.processes:
        if role.exit_code is None:
            assert role.terminate(within_s=10.0)[0] == 0, role.log_tail()


def assert_exact(installation: Installation, events: EventWorld, numbers: Iterable[int]) -> None:
    """See that each of the events is counted once, and nothing else."""
    verdict = judge_cells(installation, {events.cell(number) for number in numbers})
    counts = feed_counts(installation.database_url)
    sys.stdout.write(f"{verdict}; {counts}\n")
    assert verdict.is_exact, str(verdict)
    # also what could not be told from the cells of vehicles that were seen once
    assert verdict.sent == sum(count["taken"] for count in counts.values())
    assert 0 == sum(count[fate] for count in counts.values() for fate in ("duplicates", "out_of_order"))
    check_conservation(installation)


def test_an_observation_topic_made_anew_is_not_taken_for_the_old_one(
    squares: Installation, events: EventWorld
) -> None:
    """Aggregate ends before offsets of the new topic are stored as of the old one."""
    intake, aggregate = start_with(squares, lambda: send_positions(squares, events, OLD))
    assert intake.terminate(within_s=10.0)[0] == 0
    topic_ends = observation_ends(squares)
    wait_until(lambda: stored_offsets(squares) == topic_ends, "all messages are stored", deadline_s=STORED_S)

    made_anew_below(aggregate, squares, OBSERVATIONS_TOPIC, lambda: fill_beyond(squares, topic_ends))

    assert_refuses(aggregate, OBSERVATIONS_TOPIC)
    assert squares.start("aggregate").wait(ENDED_S) == EXIT_DEFECT
    assert topic_ends == stored_offsets(squares)


def observation_ends(installation: Installation) -> dict[int, int]:
    """Return where the observation partitions end now."""
    found = dict.fromkeys(range(installation.partitions), 0)
    for message in messages_of(installation.bootstrap_servers, OBSERVATIONS_TOPIC, installation.partitions):
        found[message.partition()] = message.offset() + 1
    return found


def stored_offsets(installation: Installation) -> dict[int, int]:
    """Return how far the database has the observation partitions."""
    with psycopg.connect(installation.database_url, autocommit=True) as connection:
        rows = connection.execute("SELECT partition, next_offset FROM core.observation_offset").fetchall()
    return dict(rows)


def fill_beyond(installation: Installation, old_ends: dict[int, int]) -> None:
    """Send messages of nobody to every observation partition until it ends behind where the old one did."""
    producer = Producer({"bootstrap.servers": installation.bootstrap_servers, "log_level": 0})
    for partition, end in old_ends.items():
        for _ in range(end + 10):
            producer.produce(OBSERVATIONS_TOPIC, b"not ours", partition=partition)
    assert producer.flush(STORED_S) == 0
