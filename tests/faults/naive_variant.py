"""Aggregate as it must not be: figures and offsets in two transactions, and nobody asks who owns the partition.

It works until a process dies between the two. The harness must find that, else it would prove nothing. Started as
`python -m tests.faults.naive_variant run aggregate`.
"""

import os
from typing import Final

from duls import cli
from duls.app import aggregate_role
from sinks import flush as flushing
from sinks.connection import Connection
from sinks.flow_store import FlowStore
from sinks.flush_parts import Flush

ORDER_VARIABLE: Final = "DULS_TEST_NAIVE_ORDER"
COMMIT_FIRST: Final = "commit-first"


class NaiveFlowStore(FlowStore):
    """A store whose flush is not one step."""

    def flush(self, parts: Flush) -> None:
        """Write the figures, then the offsets; or the other way round."""
        steps = [self._write, self._commit]
        if os.environ.get(ORDER_VARIABLE) == COMMIT_FIRST:
            steps.reverse()
        # what is in zones now is replaced, never added to, so it shows nothing here
        plain = parts._replace(now=None)
        for number, step in enumerate(steps):
            if number:
                self._failpoint("flush-between")
            self._database.run("flush", lambda connection, step=step: step(connection, plain))

    @staticmethod
    def _write(connection: Connection, parts: Flush) -> None:
        """Add the figures."""
        with connection.transaction():
            flushing._copy_parts(connection, parts)
            flushing._add_shared_rows(connection, parts)

    @staticmethod
    def _commit(connection: Connection, parts: Flush) -> None:
        """Store how far the log has been read."""
        with connection.transaction():
            flushing._move_offsets(connection, parts.advances, 1)
            flushing._add_own_rows(connection, parts)


if __name__ == "__main__":
    aggregate_role.FlowStore = NaiveFlowStore  # type: ignore[misc]  # the point of the variant
    cli.main()
