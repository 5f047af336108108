"""The survey of a batch says what NumPy says, question by question."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.batch_survey import KEPT, LATE, REJECTED, survey
from processors.vehicle_table import FOREVER_US, NEVER_US
from processors.vocabulary import Outcome

LATENESS_US = 10
rows = st.tuples(st.integers(0, 5), st.integers(0, 40), st.integers(0, 40), st.sampled_from(list(Outcome)))


@given(st.lists(rows, max_size=30))
def test_counts_bounds_and_fates_are_those_of_the_rows(batch: list[tuple[int, int, int, Outcome]]) -> None:
    """Of any batch, also an empty one."""
    partition, arrival_us, event_us, outcome = (
        (list(column) for column in zip(*batch, strict=True)) if batch else [[]] * 4
    )
    fates = np.empty(len(batch), np.uint8)
    found = survey(
        np.array(partition, np.int32),
        np.array(arrival_us, np.int64),
        np.array(event_us, np.int64),
        np.array(outcome, np.uint8),
        LATENESS_US,
        fates,
    )

    accepted = [row for row in batch if row[3] == Outcome.ACCEPTED]
    late = [row for row in accepted if row[1] - row[2] > LATENESS_US]
    told_late = [row for row in batch if row[3] == Outcome.TOO_LATE]
    assert [
        LATE if row in late or row in told_late else KEPT if row in accepted else REJECTED for row in batch
    ] == fates.tolist()
    assert (len(accepted) - len(late), len(late) + len(told_late)) == (found.kept, found.late)
    assert max((row[2] for row in accepted), default=NEVER_US) == found.event_us
    assert max((row[1] for row in accepted), default=NEVER_US) == found.arrival_us
    assert (min(arrival_us, default=FOREVER_US), max(arrival_us, default=NEVER_US)) == found[4:6]
    assert max(partition, default=-1) + 1 == found.partitions
