"""Event times: RFC 3339 with an offset, or epoch milliseconds, to microseconds since 1970 UTC.

Digits beyond microseconds are cut off. Times before 1970 or from 2100 on are no event times.
`time_of_text` and `time_of_number` state the rules; the kernels `scan_time` and `time_of_ms` agree with them.
"""

import math
import re
from datetime import UTC, datetime
from typing import Final

import numpy as np

from processors.columns import UInt8Array, UInt64Array
from processors.jit import inner_kernel, lean_kernel

NO_TIME: Final = -1
"""Answer for what is no event time."""

END_MS: Final = 4_102_444_800_000  # 2100-01-01T00:00:00Z
END_US: Final = END_MS * 1000

_RFC_3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_BASIC_OFFSET: Final = re.compile(r"[+-][0-9]{4}\Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST: Final = len("2026-11-23T07:12:15Z")
_ZERO: Final = ord("0")
_NINE: Final = ord("9")
_PLUS: Final = ord("+")
_MINUS: Final = ord("-")
_DOT: Final = ord(".")
_COLON: Final = ord(":")
_SPACE: Final = ord(" ")
_UPPER_T: Final = ord("T")
_LOWER_T: Final = ord("t")
_UPPER_Z: Final = ord("Z")
_LOWER_Z: Final = ord("z")
_FIRST_YEAR: Final = 1969  # an offset can bring its last hours into 1970
_LAST_YEAR: Final = 2100
_MONTH_DAYS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
_DAYS_BEFORE: Final = np.array([0, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334], np.int64)


def _packed(text: bytes) -> np.uint64:
    """Return up to eight bytes as a word, the first one lowest."""
    return np.uint64(int.from_bytes(text, "little"))


# what stands in the first three words of a time: 0 for a digit, else the mark, of which T is asked before
_MONTH_TEXT: Final = _packed(b"0000-00-")
_MINUTE_TEXT: Final = _packed(b"00T00:00")
_SECOND_TEXT: Final = _packed(b":00")
_MINUTE_MASK: Final = _packed(b"\xff\xff\0\xff\xff\xff\xff\xff")
_SECOND_MASK: Final = _packed(b"\xff\xff\xff")
# added to a byte, its high bit is set where it is more than nine, or where there is something in place of nothing
_MONTH_LIMITS: Final = _packed(b"vvvv\x7fvv\x7f")
_MINUTE_LIMITS: Final = _packed(b"vv\0vv\x7fvv")
_SECOND_LIMITS: Final = _packed(b"\x7fvv")
_HIGH_BITS: Final = np.uint64(0x8080_8080_8080_8080)
_NOTHING: Final = np.uint64(0)
_ONE_BYTE: Final = np.uint64(0xFF)
_BYTE_BITS: Final = np.uint64(8)
_TEN: Final = np.uint64(10)


def time_of_text(text: str) -> int:
    """Return the microseconds since 1970 UTC of an RFC 3339 time with an offset, or `NO_TIME`."""
    found = _RFC_3339.fullmatch(text)
    if found is None:
        return NO_TIME
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    offset_h, offset_m = int(found[9] or 0), int(found[10] or 0)
    if offset_h > 23 or offset_m > 59:
        return NO_TIME
    try:
        since_epoch = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - _EPOCH
    except ValueError:
        return NO_TIME
    offset_s = (offset_h * 3600 + offset_m * 60) * (-1 if found[8] == "-" else 1)
    fraction_us = int(((found[7] or "") + "000000")[:6])
    event_us = (since_epoch.days * 86_400 + since_epoch.seconds - offset_s) * 1_000_000 + fraction_us
    return event_us if 0 <= event_us < END_US else NO_TIME


def time_of_iso(text: str) -> int:
    """Return what `time_of_text` says, of a text whose offset may also lack its colon, as many libraries write it."""
    return time_of_text(f"{text[:-2]}:{text[-2:]}" if _BASIC_OFFSET.search(text) else text)


def time_of_number(time_ms: float) -> int:
    """Return the microseconds since 1970 UTC of finite epoch milliseconds, or `NO_TIME`.

    An integer is exact; the product of a float with 1000 is rounded half to even.
    """
    if not 0 <= time_ms < END_MS:
        return NO_TIME
    event_us = time_ms * 1000 if isinstance(time_ms, int) else round(time_ms * 1000.0)
    return event_us if event_us < END_US else NO_TIME


@lean_kernel
def time_of_ms(time_ms: float) -> int:
    """Return what `time_of_number` says of a float."""
    if not (0.0 <= time_ms < END_MS):
        return NO_TIME
    event_us = int(np.rint(time_ms * 1000.0))
    return event_us if event_us < END_US else NO_TIME


@inner_kernel
def scan_time(text: UInt8Array, words: UInt64Array, start: int, end: int) -> int:
    """Return what `time_of_text` says of the plain ASCII text in `[start, end)`; *words* are those of the lexer."""
    return _scan_time(text, words, start, end, colon=1)


@lean_kernel
def scan_iso_time(text: UInt8Array, words: UInt64Array, start: int, end: int) -> int:
    """Return what `time_of_iso` says of the plain ASCII text in `[start, end)`; *words* are those of the lexer."""
    sign = text[end - 5] if end - start > _SHORTEST else 0
    return _scan_time(text, words, start, end, colon=0 if sign in (_PLUS, _MINUS) else 1)


@inner_kernel
def _scan_time(text: UInt8Array, words: UInt64Array, start: int, end: int, colon: int) -> int:
    """Return the time in `[start, end)`, of which the offset has so many colons."""
    if end - start < _SHORTEST:
        return NO_TIME
    separator = text[start + 10]
    if separator not in (_UPPER_T, _LOWER_T, _SPACE):
        return NO_TIME
    # eight bytes at a time: what remains of them is a digit where there must be one, and nothing where a mark must be
    month = words[start] ^ _MONTH_TEXT
    minute = (words[start + 8] ^ _MINUTE_TEXT) & _MINUTE_MASK
    second = (words[start + 16] ^ _SECOND_TEXT) & _SECOND_MASK
    faults = (month + _MONTH_LIMITS) | month | (minute + _MINUTE_LIMITS) | minute | (second + _SECOND_LIMITS)
    if (faults | second) & _HIGH_BITS != _NOTHING:
        return NO_TIME
    day = _days_since_1969(
        _two_digits_at(month, 0) * 100 + _two_digits_at(month, 2),
        _two_digits_at(month, 5),
        _two_digits_at(minute, 0),
    )
    hours, minutes, seconds = _two_digits_at(minute, 3), _two_digits_at(minute, 6), _two_digits_at(second, 1)
    if day < 0 or hours > 23 or minutes > 59 or seconds > 59:
        return NO_TIME
    place = start + 19
    fraction_us = 0
    if text[place] == _DOT:
        first = place + 1
        place = first
        weight = 100_000
        while place < end and _ZERO <= text[place] <= _NINE:
            fraction_us += (int(text[place]) - _ZERO) * weight
            weight //= 10
            place += 1
        if place == first:
            return NO_TIME
    offset_s = _scan_offset(text, place, end, colon)
    if offset_s == _NO_OFFSET:
        return NO_TIME
    second_of_day = hours * 3600 + minutes * 60 + seconds
    event_us = ((day - 365) * 86_400 + second_of_day - offset_s) * 1_000_000 + fraction_us
    return event_us if 0 <= event_us < END_US else NO_TIME


@inner_kernel
def _two_digits_at(digits: np.uint64, byte: int) -> int:
    """Return the number of two digits, one a byte of *digits*, of which the first is at *byte*."""
    tens = digits >> np.uint64(8 * byte)
    # not int(): it would stay unsigned when compiled
    return np.int64((tens & _ONE_BYTE) * _TEN + (tens >> _BYTE_BITS & _ONE_BYTE))  # type: ignore[return-value]


_NO_OFFSET: Final = 1_000_000


@inner_kernel
def _scan_offset(text: UInt8Array, start: int, end: int, colon: int) -> int:
    """Return the seconds ahead of UTC that `Z` or `±hh:mm` say, which must fill `[start, end)`.

    *colon* is 0 where the offset is written without one.
    """
    if end - start == 1 and (text[start] == _UPPER_Z or text[start] == _LOWER_Z):
        return 0
    if end - start != 5 + colon or (colon == 1 and text[start + 3] != _COLON):
        return _NO_OFFSET
    hour = _two_digits(text, start + 1)
    minute = _two_digits(text, start + 3 + colon)
    if hour < 0 or hour > 23 or minute < 0 or minute > 59:
        return _NO_OFFSET
    if text[start] == _PLUS:
        return hour * 3600 + minute * 60
    if text[start] == _MINUS:
        return -hour * 3600 - minute * 60
    return _NO_OFFSET


@inner_kernel
def _days_since_1969(year: int, month: int, day: int) -> int:
    """Return the days since 1969-01-01, or -1 for no valid day of 1969 to 2100."""
    if year < _FIRST_YEAR or year > _LAST_YEAR or month < 1 or month > 12 or day < 1:
        return -1
    leap = 1 if year % 4 == 0 and year != _LAST_YEAR else 0
    if day > _MONTH_DAYS[month] + (leap if month == 2 else 0):
        return -1
    leap_days_before = (year - _FIRST_YEAR) // 4  # 1972 is the first, counted from 1973 on
    return (
        (year - _FIRST_YEAR) * 365
        + leap_days_before
        + _DAYS_BEFORE[month]
        + (leap if month > 2 else 0)
        + day
        - 1
    )


@inner_kernel
def _two_digits(text: UInt8Array, start: int) -> int:
    """Return the number that two ASCII digits say, or -1."""
    tens = int(text[start]) - _ZERO
    ones = int(text[start + 1]) - _ZERO
    if tens < 0 or tens > 9 or ones < 0 or ones > 9:
        return -1
    return tens * 10 + ones


def is_finite(number: float) -> bool:
    """Tell whether *number* is finite as a float; an integer beyond every float is not."""
    try:
        return math.isfinite(number)
    except OverflowError:
        return False
