"""Rows of columns can be chosen."""

import numpy as np

from naive_examples import IN, WEST, row
from processors.columns import FIGURES, rows_of
from tests.processors.position_builders import position_columns


def test_rows_are_chosen_by_mask_or_by_place() -> None:
    """Places give the order."""
    columns = position_columns([row(second, IN) for second in range(4)])

    assert (
        columns.event_us[[1, 3]].tolist()
        == rows_of(columns, columns.event_us % 2_000_000 != 0).event_us.tolist()
    )
    assert columns.offset[[2, 0]].tolist() == rows_of(columns, np.array([2, 0])).offset.tolist()


def test_no_row_can_be_chosen() -> None:
    """The columns keep their types."""
    columns = position_columns([row(0, WEST)])
    empty = rows_of(columns, np.zeros(1, bool))

    assert [(0, column.dtype) for column in columns] == [(column.size, column.dtype) for column in empty]


def test_figures_are_named_once() -> None:
    """The order of the columns of a delta."""
    assert 14 == len(FIGURES) == len(set(FIGURES))
