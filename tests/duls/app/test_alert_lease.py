"""A lease whose thread ends is told to whoever claims."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from duls.app.alert_lease import Lease
from duls.errors import ServiceAwayError

WAIT_S = 30.0
LEASE_S = 0.05


class Database:
    """A connection that fails."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    def run(self, _what: str, _action: Callable[[Any], Any]) -> Any:
        """Fail with the next error, and with the last from then on."""
        raise self._errors.pop(0) if len(self._errors) > 1 else self._errors[0]

    def close(self) -> None:
        """Close nothing."""


def test_a_defect_of_the_lease_is_raised_where_shards_are_claimed() -> None:
    """A database that is away is tried again; what nobody knows of ends the role."""
    changed = threading.Event()
    database = Database(ServiceAwayError("away"), ValueError("a defect"))

    with Lease(database, UUID(int=1), LEASE_S, changed.set) as lease:  # type: ignore[arg-type]  # a stand-in
        assert changed.wait(WAIT_S)

        with pytest.raises(ValueError, match="a defect"):
            lease.claim(list)
