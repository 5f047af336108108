"""What a batch of positions holds, in one pass: which rows may still be taken, and what the tables need for them.

Batches are small where figures are to be soon, and each question asked of NumPy costs as much as fifty rows.
"""

from typing import Final, NamedTuple

from processors.columns import Int32Array, Int64Array, UInt8Array
from processors.jit import lean_kernel
from processors.vehicle_table import FOREVER_US, NEVER_US
from processors.vocabulary import Outcome

# fates of a row
REJECTED: Final = 0
KEPT: Final = 1
LATE: Final = 2

_ACCEPTED: Final = int(Outcome.ACCEPTED)
_TOO_LATE: Final = int(Outcome.TOO_LATE)


class Survey(NamedTuple):
    """Counts and bounds of a batch; times are NEVER_US or FOREVER_US where no row has one."""

    kept: int
    late: int
    event_us: int  # newest of an accepted row
    arrival_us: int  # newest of an accepted row
    first_arrival_us: int  # of all rows
    last_arrival_us: int
    partitions: int  # source partitions with a number up to the largest


@lean_kernel
def survey(
    partition: Int32Array,
    arrival_us: Int64Array,
    event_us: Int64Array,
    outcome: UInt8Array,
    allowed_lateness_us: int,
    fates: UInt8Array,
) -> Survey:
    """Write the fate of each row and return what the batch holds."""
    kept, late, partitions = 0, 0, 0
    newest_event_us, newest_us = NEVER_US, NEVER_US
    first_us, last_us = FOREVER_US, NEVER_US
    for row in range(outcome.size):
        first_us = min(first_us, arrival_us[row])
        last_us = max(last_us, arrival_us[row])
        partitions = max(partitions, partition[row] + 1)
        is_accepted = outcome[row] == _ACCEPTED
        if is_accepted:
            newest_event_us = max(newest_event_us, event_us[row])
            newest_us = max(newest_us, arrival_us[row])
        if is_accepted and arrival_us[row] - event_us[row] <= allowed_lateness_us:
            fates[row] = KEPT
            kept += 1
        elif is_accepted or outcome[row] == _TOO_LATE:
            fates[row] = LATE
            late += 1
        else:
            fates[row] = REJECTED
    return Survey(kept, late, newest_event_us, newest_us, first_us, last_us, partitions)
