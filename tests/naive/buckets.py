"""Slots, UTC hours and local days (Europe/Amsterdam), all as half-open intervals of event time."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from naive.settings import US

GRAINS: Final = ("slot", "hour", "day")
HOUR_US: Final = 3_600 * US
AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY: Final = date(1970, 1, 1)


@cache
def _local_day_of_hour(hour: int) -> int:
    """Return the local day of a UTC hour: Amsterdam has been whole hours ahead of UTC since 1940."""
    return ((EPOCH + timedelta(hours=hour)).astimezone(AMSTERDAM).date() - EPOCH_DAY).days


def local_day(event_us: int) -> int:
    """Return the local day of an event time, as days since 1970-01-01."""
    return _local_day_of_hour(event_us // HOUR_US)


def month_of(day: int) -> tuple[int, int]:
    """Return the first day of the month of a day, as days since 1970-01-01, and which of its days it is, from 0."""
    place = (EPOCH_DAY + timedelta(days=day)).day - 1
    return day - place, place


@cache
def midnight_us(day: int) -> int:
    """Return the UTC time, in microseconds, at which a local day starts."""
    start = datetime.combine(EPOCH_DAY + timedelta(days=day), time.min, tzinfo=AMSTERDAM)
    return (start.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def bucket_of(grain: str, event_us: int, slot_us: int) -> int:
    """Return the bucket of an event time: start of the slot or hour in microseconds, or the local day."""
    if grain == "slot":
        return event_us - event_us % slot_us
    if grain == "hour":
        return event_us - event_us % HOUR_US
    return local_day(event_us)


def bucket_end(grain: str, bucket: int, slot_us: int) -> int:
    """Return the UTC time, in microseconds, at which a bucket ends and the next one starts."""
    if grain == "slot":
        return bucket + slot_us
    if grain == "hour":
        return bucket + HOUR_US
    return midnight_us(bucket + 1)
