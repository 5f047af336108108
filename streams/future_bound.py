"""How far an event may be ahead of its arrival: beyond it a row is rejected, and so much earlier a day may begin."""

from typing import Final

from processors.units import US_PER_S
from processors.vocabulary import Source

FUTURE_US: Final = {Source.FMS: 60 * US_PER_S, Source.ANPR: 300 * US_PER_S}
