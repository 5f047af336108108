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
USED: Final = 7
UNUSED: Final = 7  # any other field
ODD_KEY: Final = 8  # HARD once a key had escapes: it may spell a used field
FIELDS_SHAPE: Final = (9, 5)

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
