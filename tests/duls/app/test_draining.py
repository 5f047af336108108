"""A bounded run ends by itself, whoever else runs."""

from confluent_kafka import Producer

from duls.config import Settings
from sinks.connection import open_connection
from streams.topics import POSITIONS_TOPIC
from tests.duls.app.draining import drain

POSITION = b'{"vehicle":"NL:AB-12-CD","time":"2026-11-23T07:12:15Z","lat":52.09,"lon":5.12}'


def test_one_role_after_the_other_takes_everything(installed: Settings, environment: dict[str, str]) -> None:
    """Intake leaves nothing behind that a later aggregate would wait for, its own ticks included."""
    producer = Producer({"bootstrap.servers": installed.kafka.bootstrap_servers, "log_level": 0})
    producer.produce(POSITIONS_TOPIC, POSITION, partition=0)
    assert producer.flush(10.0) == 0

    for role in ("intake", "aggregate", "intake", "aggregate"):
        assert (0, role) == (drain(role, {**environment, "DULS_REORDER_S": "0.5"})[0], role)

    with open_connection(installed.database_url, application_name="test") as connection:
        rows = connection.execute("SELECT sum(accepted + rejected) FROM core.feed_minute").fetchone()
    assert rows == (1,)
