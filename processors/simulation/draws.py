"""Random numbers as pure functions: the same seed and keys give the same number, in whatever order.

Mixing after C. Wellons, "Prospecting for Hash Functions" (2018): both multipliers are below 2**31, so that no
product leaves int64 and compiled and plain runs agree.
"""

from typing import Final

from processors.jit import kernel

MASK: Final = 0xFFFF_FFFF
GOLDEN: Final = 0x9E37_79B9  # 2**32 / golden ratio: neighbouring keys end far apart
SPAN: Final = 4_294_967_296.0  # 2**32


@kernel
def mixed(value: int) -> int:
    """Return 32 bits that look random, one to one from the lower 32 bits of *value*."""
    value &= MASK
    value = ((value ^ (value >> 15)) * 0x2C1B_3C6D) & MASK
    value = ((value ^ (value >> 12)) * 0x297A_2D39) & MASK
    return value ^ (value >> 15)


@kernel
def draw(seed: int, vehicle: int, day: int, what: int) -> int:
    """Return 32 random bits for one question (*what*) about a vehicle on a day."""
    bits = mixed(mixed(seed) + GOLDEN + vehicle)
    bits = mixed(bits + GOLDEN + day)
    return mixed(bits + GOLDEN + what)


@kernel
def fraction(seed: int, vehicle: int, day: int, what: int) -> float:
    """Return a uniform number in [0, 1) for one question about a vehicle on a day."""
    return draw(seed, vehicle, day, what) / SPAN


@kernel
def bell(seed: int, vehicle: int, day: int, what: int) -> float:
    """Return a number with mean 0 and deviation 1 that looks normal and never leaves [-3, 3]."""
    total = -1.5
    for part in range(3):
        total += fraction(seed, vehicle, day, what + (part << 16))
    return 2.0 * total
