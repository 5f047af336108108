"""The table of guards is whole and speaks of the code as it is; `make guards` breaks each of them."""

import pytest

from tests.guards.table import NUMBERS, ROOT, Guard, guards


def test_every_guard_of_the_foundation_is_in_the_table() -> None:
    """In the order of their numbers."""
    numbers = [guard.number for guard in guards()]

    assert sorted(numbers) == numbers
    assert set(NUMBERS) == set(numbers)


@pytest.mark.parametrize("guard", guards(), ids=lambda guard: f"{guard.number} {guard.says}")
def test_a_guard_stands_where_the_table_says(guard: Guard) -> None:
    """What breaks it changes the file, and its tests exist."""
    source = (ROOT / guard.file).read_text("utf-8")

    assert source != guard.broken_source(source)
    assert all((ROOT / test.partition("::")[0]).is_file() for test in guard.tests)
