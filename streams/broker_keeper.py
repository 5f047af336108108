"""Clients that have forgotten every broker are given them again.

The last broker of a cluster that shuts down in order answers one more time, with topics and without any broker.
librdkafka then drops all that it knows, those of `bootstrap.servers` too, has nobody left to ask, and recovers by no
setting: `metadata.recovery.*` waits for a request that fails (seen from 2.12 to 2.16; rd_kafka_parse_Metadata). Such a
client sends and reads nothing for as long as its process lives, and says nothing about it. That it knows of no
controller tells it apart, since a broker names any living one as such (KIP-500).
"""

import logging
import threading
import time
import weakref
from typing import Any, Final

from streams.client_library import KafkaClient, handle_of

LOOK_S: Final = 1.0
LONGEST_PAUSE_S: Final = 10.0
"""Between two times that brokers are given to one client; the library keeps a few bytes of each."""

NOBODY: Final = -1


class BrokerKeeper:
    """Looks after clients, from a thread of its own or whoever calls `look`.

    Args:
        library: See `load_library`; nothing is looked after without it.
        logger: Told of each client that has forgotten its brokers.
    """

    def __init__(self, library: Any | None, logger: logging.Logger) -> None:
        self._library = library
        self._logger = logger
        self._lock = threading.Lock()
        self._kept: list[_Kept] = []
        self._thread: threading.Thread | None = None

    def keep(self, client: KafkaClient, bootstrap_servers: str) -> None:
        """Look after a client until it is released, or gone."""
        with self._lock:
            self._kept.append(_Kept(client, bootstrap_servers))
            if self._library is not None and self._thread is None:
                self._thread = threading.Thread(target=self._run, name="broker-keeper", daemon=True)
                self._thread.start()

    def release(self, client: KafkaClient) -> None:
        """Leave a client alone from here on; to be called before it is closed."""
        with self._lock:
            self._kept = [kept for kept in self._kept if kept.client() not in (client, None)]

    def look(self, now_s: float) -> int:
        """Give brokers to the clients that know of none and are due; return to how many."""
        held: list[KafkaClient] = []  # let go of after the lock, since a client may end with that
        given = 0
        with self._lock:
            for kept in self._kept:
                client = kept.client()
                if client is not None:
                    held.append(client)
                    given += self._look_at(kept, handle_of(client), now_s)
            self._kept = [kept for kept in self._kept if kept.client() is not None]
        return given

    def _look_at(self, kept: "_Kept", handle: int, now_s: float) -> bool:
        """Give brokers to one client, if it knows of none and is due; tell whether."""
        library = self._library
        if library is None or not handle:
            return False
        if library.rd_kafka_controllerid(handle, 0) != NOBODY:
            kept.has_met_brokers, kept.pause_s, kept.due_s = True, LOOK_S, now_s
            return False
        if (
            kept.due_s is None
        ):  # it tries its bootstrap servers by itself, unless it met brokers since it was made
            kept.due_s = now_s + LONGEST_PAUSE_S
        if now_s < kept.due_s:
            return False
        library.rd_kafka_brokers_add(handle, kept.bootstrap_servers)  # those that it has stay as they are
        if kept.has_met_brokers and kept.pause_s == LOOK_S:
            self._logger.warning("a client was told of no broker at all; it begins at its bootstrap servers")
        kept.due_s = now_s + kept.pause_s
        kept.pause_s = min(2.0 * kept.pause_s, LONGEST_PAUSE_S)
        return True

    def _run(self) -> None:
        """Look, again and again."""
        pause = threading.Event()
        while not pause.wait(LOOK_S):
            self.look(time.monotonic())


class _Kept:
    """A client that is looked after."""

    def __init__(self, client: KafkaClient, bootstrap_servers: str) -> None:
        self.client = weakref.ref(client)
        self.bootstrap_servers = bootstrap_servers.encode()
        self.has_met_brokers = False
        self.pause_s = LOOK_S
        self.due_s: float | None = None
