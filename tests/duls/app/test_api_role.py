"""`duls run api` as a process: it answers, tells how the database is, and ends in time."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from duls.app.roles import run_roles
from duls.config import Settings, load_settings
from duls.errors import ConfigError
from duls.local_process import free_port

HOST = "127.0.0.1"
START_S = 60.0
NOWHERE = "postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"


@contextmanager
def running(database_url: str, folder: Path, **more: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run the role as a process until the block ends, and give its port once it listens."""
    port = free_port()
    variables = {
        "PATH": os.environ["PATH"],
        "DULS_KAFKA_BOOTSTRAP_SERVERS": f"{HOST}:1",
        "DULS_DATABASE_URL": database_url,
        "DULS_HTTP_BIND": f"{HOST}:{port}",
        **more,
    }
    command = [sys.executable, "-m", "duls", "run", "api"]
    process = subprocess.Popen(command, env=variables, cwd=folder)
    try:
        wait_listening(port)
        yield process, port
    finally:
        process.kill()
        process.wait()


def wait_listening(port: int) -> None:
    """Wait until something listens."""
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s:
        try:
            socket.create_connection((HOST, port), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"nothing listens on port {port}"
    raise AssertionError(message)


def ask(port: int, path: str, token: str = "") -> tuple[int, dict[str, object]]:
    """Ask, perhaps with a token, and return the status and the object answered."""
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    return response.status, body


def test_it_answers_and_ends_at_sigterm(installed: Settings, tmp_path: Path) -> None:
    """Within its time, with exit code 0."""
    with running(installed.database_url, tmp_path) as (process, port):
        assert (200, {"status": "ok"}) == ask(port, "/healthz")
        assert (200, {"ready": True, "reasons": []}) == ask(port, "/readyz")
        assert "/readyz" in str(ask(port, "/openapi.json")[1]["paths"])
        process.send_signal(signal.SIGTERM)

        assert 0 == process.wait(30.0)


def test_without_a_database_it_lives_and_says_so(tmp_path: Path) -> None:
    """And ends as fast."""
    with running(NOWHERE, tmp_path) as (process, port):
        assert (200, {"status": "ok"}) == ask(port, "/healthz")
        assert (503, {"ready": False, "reasons": ["the database does not answer"]}) == ask(port, "/readyz")
        process.send_signal(signal.SIGTERM)

        assert 0 == process.wait(30.0)


def test_a_taken_port_is_a_wrong_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names it."""
    monkeypatch.setattr("duls.app.roles.StopFlag.install", lambda _self: None)
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        variables = {"DULS_HTTP_BIND": f"{HOST}:{other.getsockname()[1]}", "DULS_DATABASE_URL": NOWHERE}
        settings = load_settings(variables, tmp_path)

        with pytest.raises(ConfigError, match=r"cannot listen on .* \(http.bind\)"):
            run_roles(settings, ["api"])
