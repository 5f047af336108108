"""What /readyz says of an assignment: lost, there, or nothing heard of it for a while."""

import pytest

from duls.app.readiness import STILL_S, Readiness


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def test_an_assignment_comes_and_goes() -> None:
    """Before the first one it is not there yet, after one not any more."""
    readiness = Readiness("intake", speaks_always=True)
    assert ["intake has no assignment yet"] == readiness.reasons()

    readiness.tell(True)
    assert [] == readiness.reasons()

    readiness.tell(False)
    assert ["intake has no assignment any more"] == readiness.reasons()


@pytest.mark.parametrize("speaks_always", [True, False])
def test_who_speaks_in_each_step_stands_still_when_silent(speaks_always: bool) -> None:
    """Until it speaks again; of one that tells changes only silence says nothing."""
    clock = Clock()
    readiness = Readiness("intake", speaks_always=speaks_always, monotonic=clock)
    readiness.tell(True)

    clock.now_s = STILL_S
    assert [] == readiness.reasons()

    clock.now_s = STILL_S + 1.0
    assert ["intake stands still for 31 s"] * speaks_always == readiness.reasons()

    readiness.tell(True)
    assert [] == readiness.reasons()
