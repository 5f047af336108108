"""What ids of vehicles stand for, shared by all intake processes through the database and kept over restarts."""

from typing import Final

import numpy as np

from processors.registrations import Registrations
from sinks.connection import Connection
from sinks.lasting_connection import LastingConnection, Tell, tell_nobody
from sinks.patience import Patience
from sinks.queries import query

OVERLAP_US = 60_000_000
"""How far reading goes back before what was read last: a transaction that was slow may have written there."""

LONGEST_SILENCE_S: Final = 30.0  # the feed waits meanwhile, and can go on without references


class ReferenceStore:
    """The references of one process; used from one thread.

    Args:
        url: libpq URL of the figures database.
        most: how many references are read at once, those told last.
        patience: how long each call goes on trying while the database is away.
        tell: called after each attempt with whether the database answered.
    """

    def __init__(self, url: str, *, most: int, patience: Patience, tell: Tell = tell_nobody) -> None:
        self._database = LastingConnection(
            url,
            application_name="duls intake",
            patience=patience,
            tell=tell,
            longest_silence_s=LONGEST_SILENCE_S,
        )
        self._most = most
        self._read_to_us = 0

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def keep(self, told: Registrations) -> None:
        """Store references; repeating it is harmless.

        Raises:
            ServiceAwayError: the database does not answer.
        """
        newest = {
            hi.to_bytes(8, "big") + lo.to_bytes(8, "big"): what
            for hi, lo, *what in zip(*(column.tolist() for column in told), strict=True)
        }
        values = {
            "reference_hash": list(newest),
            "vehicle_class": [what[0] for what in newest.values()],
            "zero_emission": [what[1] for what in newest.values()],
        }
        self._database.run(
            "store references of vehicles",
            lambda connection: connection.execute(query("references", "keep_references"), values),
        )

    def news(self) -> Registrations:
        """Return what was told since this was asked last, by whatever process; at first all that is kept.

        Raises:
            ServiceAwayError: the database does not answer.
        """
        rows = self._database.run("read references of vehicles", self._newest)
        if rows:
            self._read_to_us = rows[0][3] - OVERLAP_US
        hashes = (
            np.frombuffer(b"".join(bytes(row[0]) for row in rows), ">u8").reshape(-1, 2).astype(np.uint64)
        )
        return Registrations(
            hashes[:, 0],
            hashes[:, 1],
            np.array([row[1] for row in rows], np.uint8),
            np.array([row[2] for row in rows], np.uint8),
        )

    def _newest(self, connection: Connection) -> list[tuple[bytes, int, int, int]]:
        values = {"since_us": self._read_to_us, "most": self._most}
        return connection.execute(query("references", "newest_references"), values).fetchall()
