"""What intake knows of vehicles beside its records: registers of plates, and what senders tell of references."""

from collections.abc import Callable
from typing import Final

import structlog

from duls.errors import ConfigError
from duls.pipelines.references import References
from processors.columns import DecodedDetections, DecodedPositions, UInt32Array
from processors.register_tables import RegisterTables, complete_rows, no_registers

REFRESH_S: Final = 5.0

log = structlog.get_logger()


class Registers:
    """Registers of plates, read again when they were replaced.

    Args:
        stamp: tells one content of the registers from another.
        read: reads them.
    """

    def __init__(self, stamp: Callable[[], object], read: Callable[[], RegisterTables]) -> None:
        self._stamp = stamp
        self._read = read
        self._seen: object = None
        self._tables = no_registers()
        self._refresh_due_s = float("-inf")

    def complete(self, decoded: DecodedPositions | DecodedDetections) -> UInt32Array:
        """Fill in what rows leave unknown, in place; return the traits of all rows."""
        return complete_rows(self._tables, decoded)

    def refresh(self, now_s: float) -> None:
        """Read the registers again when they were replaced; those that cannot be read leave the old ones in use."""
        if now_s < self._refresh_due_s:
            return
        self._refresh_due_s = now_s + REFRESH_S
        stamp = self._stamp()
        if stamp == self._seen:
            return
        try:
            self._tables = self._read()
        except ConfigError as error:
            log.error("a register is not used", reason=str(error))  # noqa: TRY400 the sentence says all
        else:
            log.info("registers of plates are in use")
        self._seen = stamp


class KnownVehicles:
    """Registers first, since they know the plates that references stand for; then references."""

    def __init__(self, registers: Registers, references: References) -> None:
        self._registers = registers
        self._references = references

    def complete(self, decoded: DecodedPositions | DecodedDetections) -> UInt32Array:
        """Learn from the rows of a batch and complete them, in place; return the traits of all rows."""
        traits = self._registers.complete(decoded)
        self._references.complete(decoded)
        return traits

    def keep(self) -> bool:
        """Store what was learned; return whether all of it is."""
        return self._references.keep()

    def refresh(self, now_s: float) -> None:
        """Hear of what is new, when it is time."""
        self._registers.refresh(now_s)
        self._references.refresh(now_s)
