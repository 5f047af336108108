"""Days, times of day and dates as people write them in rules."""

import re
from typing import Final

import numpy as np

DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY: Final = tuple(range(7))
DAY_MINUTES: Final = 1440

_TIME: Final = re.compile(r"(\d\d):(\d\d)")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def read_days(value: object) -> tuple[int, ...] | None:
    """Return the days of the week that names and ranges such as `mon-fri` or `sat-mon` mean, None for anything else."""
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        return None
    days: set[int] = set()
    for name in names:
        first, dash, last = name.partition("-") if isinstance(name, str) else ("", "", "")
        if first not in DAY_NAMES or (dash and last not in DAY_NAMES):
            return None
        start = DAY_NAMES.index(first)
        length = (DAY_NAMES.index(last) - start) % 7 if dash else 0
        days.update((start + step) % 7 for step in range(length + 1))
    return tuple(sorted(days))


def read_minute(value: object, *, latest: int = DAY_MINUTES) -> int | None:
    """Return the minute of the day that a text such as `07:30` means, at most *latest*; None for anything else."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[2]) > 59:
        return None
    minute = int(found[1]) * 60 + int(found[2])
    return minute if minute <= latest else None


def read_date(value: object) -> int | None:
    """Return a date as local day, from a text such as `2026-12-05` or a date of TOML; None for anything else."""
    text = str(value)
    if not _DATE.fullmatch(text):
        return None
    try:
        return int(np.datetime64(text, "D").astype(np.int64))
    except ValueError:
        return None


def time_text(minute: int) -> str:
    """Return a minute of the day as people write it."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def date_text(day: int) -> str:
    """Return a local day as a date."""
    return str(np.datetime64(day, "D"))
