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
from duls.local_process import free_port
from tests.duls.app.test_board import VIEW

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_line_says_what_the_board_says() -> None:
    """For a terminal that is none; a feed without data is left out."""
    assert (
        "  1234 events/s, 52 vehicles in the city, 67 came into a neighbourhood; fms 1.2 s old, anpr 95.0 s old"
        == demo._line(VIEW, 1_234.4)
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


def test_an_installation_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its zones are not replaced, nor its pagers called: of its settings, slots and the port of the page are kept."""
    ended: list[str] = []
    monkeypatch.setattr(demo, "EmbeddedBroker", lambda: Embedded("broker", ended))
    monkeypatch.setattr(demo, "EmbeddedDatabase", lambda: Embedded("database", ended))
    port = free_port()
    config = tmp_path / "installation.toml"
    config.write_text(
        f"""
        [kafka]
        bootstrap_servers = "kafka:9092"
        client = {{ "security.protocol" = "SSL" }}
        [database]
        url = "postgresql://db/x"
        [figures]
        slot_s = 900
        [http]
        bind = "0.0.0.0:{port}"
        """
    )
    monkeypatch.setenv("DULS_CONFIG", str(config))
    monkeypatch.setenv("DULS_KEYS_URL", "postgresql://db/keys")
    monkeypatch.setenv("LANG", "nl_NL.UTF-8")
    folder = tmp_path / "demo"
    folder.mkdir()

    with ExitStack() as stack:
        variables = demo._environment(load_settings(os.environ), folder, stack, Console(file=StringIO()))

    assert ["database", "broker"] == ended
    ours = load_settings(variables)
    assert ours.kafka.bootstrap_servers == Embedded.bootstrap_servers
    assert demo.EMBEDDED_CLIENT == ours.kafka.client
    assert "postgresql://embedded/duls" == ours.database_url
    assert "postgresql://embedded/duls_keys" == ours.keys_url
    assert 900 == ours.figures.slot_s
    assert ("127.0.0.1", port) == ours.http_address
    assert "nl_NL.UTF-8" == variables["LANG"]


def test_slots_of_a_demo_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the settings name a length, so that the time slider has something to show after a minute."""
    monkeypatch.setattr(demo, "EmbeddedBroker", lambda: Embedded("broker", []))
    monkeypatch.setattr(demo, "EmbeddedDatabase", lambda: Embedded("database", []))

    with ExitStack() as stack:
        variables = demo._environment(load_settings({}), tmp_path, stack, Console(file=StringIO()))

    assert demo.SLOT_S == load_settings(variables).figures.slot_s
