"""Making ready what decides on days, which aggregate does beside its stream from its first minute on."""

import numpy as np

from processors.publication.day_figures import DayFigures
from processors.publication.withholding import withhold
from processors.publication.zone_family import family_of_sets


def warm_up_publication() -> None:
    """Make ready what decides whether a day may be published."""
    family = family_of_sets([0, 1], np.array([[1.0, 1.0], [0.0, 1.0]]))
    hours, zones = np.ones((2, 1), np.int64), np.ones(2, np.int64)
    is_safe = np.array([True, False])
    figures = DayFigures(
        hours, hours, hours, hours, hours, hours, hours, is_safe[:, None].copy(), zones, is_safe
    )
    withhold(figures, family, k=10, has_visits=True)
