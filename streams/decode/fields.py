"""The scratch array in which the scanner notes what it read of one object, and the codes in it."""

from typing import Final

# fields of an object: one row of `fields` each
VEHICLE: Final = 0
TIME: Final = 1
LAT: Final = 2
LON: Final = 3
CLASS: Final = 4
FUEL: Final = 5
EMISSION: Final = 6
USED: Final = 7  # of those before, one that is HARD needs the slow reader
CARRIER: Final = 7  # only where it stands matters
UNUSED: Final = 8  # any other field
ODD_KEY: Final = 9  # HARD once a key had escapes: it may spell a used field
FIELDS_SHAPE: Final = (10, 5)

# columns of `fields`
KIND: Final = 0
START: Final = 1
END: Final = 2
MANTISSA: Final = 3
POWER: Final = 4

# kinds of a field
ABSENT: Final = 0  # or null, which means the same
TEXT: Final = 1  # plain
INTEGER: Final = 2
FLOAT: Final = 3
BOOLEAN: Final = 4
HARD: Final = 5  # valid JSON that only the slow reader can read

NOWHERE: Final = -1  # start of a field that the object does not have
