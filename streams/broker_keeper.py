"""Clients that have forgotten every broker are given them again.

The last broker of a cluster that shuts down in order answers one more time, with topics and without any broker.
librdkafka then drops all that it knows, those of `bootstrap.servers` too, has nobody left to ask, and recovers by no
setting: `metadata.recovery.*` waits for a request that fails (confluentinc/librdkafka, issue 5301). Such a client
sends and reads nothing for as long as its process lives, and says nothing that is heard. That it knows of no controller
tells it apart: a broker names any living one as such (KIP-590).
"""

import atexit
import logging
import threading
import time
import weakref
from typing import Any, Final

from streams.client_library import KafkaClient, handle_of

LOOK_S: Final = 1.0
FIRST_HELP_S: Final = 10.0
"""For a client that has not been seen with a broker: it tries its bootstrap servers by itself."""

LONGEST_PAUSE_S: Final = 60.0
"""Between two times that brokers are given to one client; the library keeps a few bytes of each."""

STOP_S: Final = 5.0  # a look that is under way at the end of the process
NOBODY: Final = -1
"""What `rd_kafka_controllerid` returns where no controller is known."""


class BrokerKeeper:
    """Looks after clients, from a thread of its own or whoever calls `look`.

    Args:
        library: See `load_library`; nothing is looked after without it.
        logger: Told when clients have forgotten their brokers.
    """

    def __init__(self, library: Any | None, logger: logging.Logger) -> None:
        self._library = library
        self._logger = logger
        # whoever is looking may collect garbage meanwhile, and with it close a client
        self._lock = threading.RLock()
        self._kept: list[_Kept] = []
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def keep(self, client: KafkaClient, bootstrap_servers: str) -> None:
        """Look after a client until it is released, or gone."""
        if self._library is None:
            return
        with self._lock:
            self._kept.append(_Kept(client, bootstrap_servers))
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="broker-keeper", daemon=True)
                thread.start()
                self._thread = thread
                atexit.register(self._end)

    def release(self, client: KafkaClient) -> None:
        """Leave a client alone from here on; to be called before it is closed."""
        with self._lock:
            held = [(kept, kept.client()) for kept in self._kept]
            self._kept = [kept for kept, known in held if known is not client and known is not None]
        del held  # after the lock: a client that nobody else holds ends with it

    def look(self, now_s: float) -> int:
        """Give brokers to the clients that know of none and are due; return to how many."""
        held: list[KafkaClient] = []  # until after the lock, as in `release`
        given = lost = 0
        with self._lock:
            for kept in self._kept:
                client = kept.client()
                if client is not None:
                    held.append(client)
                    was_well = kept.is_well
                    given += self._look_at(kept, client, now_s)
                    lost += was_well and not kept.is_well
            self._kept = [kept for kept in self._kept if kept.client() is not None]
        if lost:
            self._logger.warning(
                "Kafka clients know of no broker and begin at their bootstrap servers: %d", lost
            )
        return given

    def _look_at(self, kept: "_Kept", client: KafkaClient, now_s: float) -> bool:
        """Give brokers to one client, if it knows of none and is due; tell whether."""
        library: Any = self._library
        if not handle_of(client):
            return False
        if library.rd_kafka_controllerid(handle_of(client), 0) != NOBODY:
            kept.is_well, kept.pause_s, kept.due_s = True, LOOK_S, now_s
            return False
        if kept.due_s is None:
            kept.pause_s, kept.due_s = LONGEST_PAUSE_S, now_s + FIRST_HELP_S
        kept.is_well = False
        if now_s < kept.due_s or not handle_of(client):
            return False
        library.rd_kafka_brokers_add(handle_of(client), kept.bootstrap_servers)
        kept.due_s = now_s + kept.pause_s
        kept.pause_s = min(2.0 * kept.pause_s, LONGEST_PAUSE_S)
        return True

    def _run(self) -> None:
        """Look, again and again."""
        while not self._stop.wait(LOOK_S):
            try:
                self.look(time.monotonic())
            except Exception:
                self._logger.exception("looking after Kafka clients failed; it is tried again")

    def _end(self) -> None:
        """Look no more, since the interpreter ends."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_S)


class _Kept:
    """A client that is looked after."""

    def __init__(self, client: KafkaClient, bootstrap_servers: str) -> None:
        self.client = weakref.ref(client)
        self.bootstrap_servers = bootstrap_servers.encode()
        self.is_well = False  # it knows of a broker, or did when it was last looked at
        self.pause_s = LOOK_S
        self.due_s: float | None = None
