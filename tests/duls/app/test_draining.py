"""A bounded run ends by itself, whoever else runs."""

import os
import subprocess
import sys
from pathlib import Path

from confluent_kafka import Producer

from duls.config import Settings
from sinks.connection import open_connection
from streams.topics import POSITIONS_TOPIC

ROOT = Path(__file__).parents[3]
DRAINED_S = 120.0  # where no kernel was compiled before
POSITION = b'{"vehicle":"NL:AB-12-CD","time":"2026-11-23T07:12:15Z","lat":52.09,"lon":5.12}'


def drain(role: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run a role until it is drained; return its exit code and what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "duls", "run", role, "--until-drained"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=DRAINED_S,
        check=False,
    )
    return done.returncode, done.stderr


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
