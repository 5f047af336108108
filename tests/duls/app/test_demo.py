"""The demo: what it starts, what it shows, and that nothing it started is left."""

import os
import subprocess
import sys
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any, Self

import pytest
from rich.console import Console
from rich.text import Text

from duls.app import demo
from duls.config import load_settings
from duls.errors import ServiceAwayError
from tests.duls.app.test_board import VIEW

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_line_says_what_the_board_says() -> None:
    """For a terminal that is none; a feed without data is left out."""
    assert "  1234 events/s, 57 present in 4 zones, 67 entries; fms 1.2 s old, anpr 95.0 s old" == demo._line(
        VIEW, 1_234.4
    )
    assert demo._line(VIEW._replace(feeds=[]), 0.0).endswith("; no data yet")


def test_a_picture_asks_no_other_host(tmp_path: Path) -> None:
    """Not even for its font."""
    picture = tmp_path / "board.svg"

    demo._save(Text("the city"), picture)

    text = picture.read_text(encoding="utf-8")
    assert "the&#160;city" in text
    assert "@font-face" not in text
    assert "url(http" not in text


def test_a_process_that_ended_ends_the_demo() -> None:
    """A board that stands still would look like an empty city."""
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"])
    process.wait()

    with pytest.raises(ServiceAwayError, match="code 7"):
        demo._require_running([process])


def test_a_running_process_is_no_reason_to_end() -> None:
    """Its code is not there yet."""
    process = subprocess.Popen(SLEEP)
    try:
        demo._require_running([process])

        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def test_processes_end_with_their_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a session of their own, so that Ctrl-C reaches them through the demo only."""
    started: list[Any] = []
    popen = subprocess.Popen

    def start(_arguments: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        started.append(options)
        return popen(SLEEP, **options)

    monkeypatch.setattr("duls.app.demo.subprocess.Popen", start)
    with Path(os.devnull).open("wb") as log, demo._running(["run", "intake"], {}, log.fileno()) as process:
        session = os.getsid(process.pid)

    assert process.pid == session
    assert process.poll() is not None


class Embedded:
    """An embedded service that notes whether it was ended."""

    bootstrap_servers = "127.0.0.1:9"
    ended: list[str]

    def __init__(self, name: str, ended: list[str]) -> None:
        self._name, self.ended = name, ended

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.ended.append(self._name)

    def create_database(self, name: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://embedded/{name}"


@pytest.mark.parametrize(
    ("given", "embedded"),
    [
        ({}, ["broker", "database"]),
        ({"DULS_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}, ["database"]),
        ({"DULS_DATABASE_URL": "postgresql://db/x"}, ["broker"]),
        ({"DULS_KAFKA_BOOTSTRAP_SERVERS": "kafka:9092", "DULS_DATABASE_URL": "postgresql://db/x"}, []),
    ],
)
def test_what_the_settings_name_is_used_and_the_rest_is_embedded(
    given: dict[str, str], embedded: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Times of senders are trusted only where the embedded broker cannot stamp them."""
    ended: list[str] = []
    monkeypatch.setattr(demo, "EmbeddedBroker", lambda: Embedded("broker", ended))
    monkeypatch.setattr(demo, "EmbeddedDatabase", lambda: Embedded("database", ended))

    with ExitStack() as stack:
        variables = demo._environment(load_settings(given), tmp_path, stack, Console(file=StringIO()))

    assert embedded == sorted(ended)
    assert ("broker" in embedded) == ("DULS_TRUST_CREATE_TIME" in variables)
    assert ("database" in embedded) == ("DULS_KEYS_URL" in variables)
    ours = load_settings({**given, **variables})
    assert ours.kafka.bootstrap_servers
    assert ours.database_url
