"""Kafka and TimescaleDB as fault tests want them: dead members and killed servers are noticed soon."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.services.kafka import KafkaServer
from tests.services.timescale import TimescaleServer

BROKER_SETTINGS: Final = {
    # members whose process was killed leave after the session timeout of fault tests
    "group.min.session.timeout.ms": "1000",
    "log.segment.delete.delay.ms": "1000",
}


def new_broker() -> KafkaServer:
    """Return a Kafka that notices dead members soon; not started yet."""
    return KafkaServer(settings=BROKER_SETTINGS)


def new_server() -> TimescaleServer:
    """Return a TimescaleDB; not started yet."""
    return TimescaleServer()


@contextmanager
def frozen(server: TimescaleServer) -> Iterator[None]:
    """Stop every process of a server where it is: it holds its connections, takes new ones, and says nothing."""
    stopped: list[int] = []
    try:
        for pid in (server.pid, *_children(server.pid)):
            with suppress(ProcessLookupError):  # a session that ended just now
                os.kill(pid, signal.SIGSTOP)
                stopped.append(pid)
        yield
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)


def _children(pid: int) -> Iterator[int]:
    """Yield the processes that a process has started; it makes no more while it is stopped."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it has ended since
            continue
        if int(fields[1]) == pid:
            yield int(path.parent.name)
