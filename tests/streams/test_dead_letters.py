"""Letters stand for all rejected rows, and are few."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.dead_letters import MOST_LETTERS, RejectedRows, letters_of

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(7, 8), st.sampled_from([18, 19, 20])), min_size=0, max_size=120
)


@given(ROWS)
def test_letters_stand_for_all_rows_and_are_few(rows: list[tuple[int, int, int]]) -> None:
    """The first of a record and reason one each, the later ones together, in the order of rows."""
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    types = (np.int32, np.int64, np.uint8)
    rejected = RejectedRows(*(np.array(c, t) for c, t in zip(columns, types, strict=True)))

    letters = letters_of(rejected)

    expected = []
    seen: Counter[tuple[int, int, int]] = Counter()
    for place, row in enumerate(rows):
        seen[row] += 1
        if seen[row] <= MOST_LETTERS:
            expected.append((place, 1))
        elif seen[row] == MOST_LETTERS + 1:
            expected.append((place, rows.count(row) - MOST_LETTERS))
    assert expected == list(zip(letters.places.tolist(), letters.rows.tolist(), strict=True))
    assert len(rows) == int(letters.rows.sum())
