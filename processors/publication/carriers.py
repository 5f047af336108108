"""Which cells tell too much of one carrier."""

from typing import NamedTuple

import numpy as np

from processors.columns import BoolArray, Int64Array

UNKNOWN_CARRIER = 0


class CarrierRows(NamedTuple):
    """Distinct vehicles of a carrier in a cell; parts of one carrier and cell may come in several rows."""

    cell: Int64Array  # place of the cell
    carrier: Int64Array  # pseudonym of the carrier on this day, UNKNOWN_CARRIER where the sender names none
    vehicles: Int64Array


def tell_of_no_carrier(rows: CarrierRows, vehicles: Int64Array, *, carriers: int) -> BoolArray:
    """Return for each cell whether so many carriers are in it and none has more than half of its vehicles.

    Vehicles whose carrier nobody names may all be of one, and of the largest.

    Args:
        rows: What is known of carriers.
        vehicles: Distinct vehicles by cell, shape (cells,).
        carriers: How many carriers a cell must have; 0: the rule does not hold.
    """
    if carriers == 0:
        return np.ones(vehicles.size, np.bool_)
    order = np.lexsort((rows.carrier, rows.cell))
    cell, carrier = rows.cell[order], rows.carrier[order]
    starts = np.flatnonzero(
        np.append(True, (cell[1:] != cell[:-1]) | (carrier[1:] != carrier[:-1]))[: cell.size]
    )
    counted = np.add.reduceat(rows.vehicles[order], starts) if starts.size else np.zeros(0, np.int64)
    cell, carrier = cell[starts], carrier[starts]
    is_named = carrier != UNKNOWN_CARRIER
    named = np.bincount(cell[is_named], minlength=vehicles.size)
    largest = np.zeros(vehicles.size, np.int64)
    np.maximum.at(largest, cell[is_named], counted[is_named])
    known = np.bincount(cell[is_named], counted[is_named], minlength=vehicles.size).astype(np.int64)
    most = largest + np.maximum(vehicles - known, 0)
    return (named >= carriers) & (2 * most <= vehicles)
