"""Month keys: one pseudonym over the days of a month, another in the next, none once the key is destroyed."""

import json
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from duls.local_midnights import local_midnights
from duls.pipelines.day_keys import DayKeys
from duls.pipelines.month_keys import MONTHS_REMEMBERED, MonthKeys, month_of
from processors.calendar import local_day
from processors.columns import DecodedDetections
from processors.units import DAY_US
from processors.vehicle_traits import AT_HOME
from streams.admission import know_nobody
from streams.decode.detections import decode_detections
from tests.duls.pipelines.test_day_keys import MemoryKeys

MIDNIGHTS_US = local_midnights()
NOON_US = int(datetime(2026, 6, 30, 12, tzinfo=UTC).timestamp()) * 1_000_000
LAST_OF_JUNE = int(local_day(NOON_US, MIDNIGHTS_US))
JUNE = LAST_OF_JUNE - 29


class MemoryMonths:
    """Keys of months in memory."""

    def __init__(self) -> None:
        self.keys: dict[int, bytes | None] = {}
        self.asked: list[int] = []

    def month_key(self, month: int) -> bytes | None:
        """Return the key of a month, making it when missing."""
        self.asked.append(month)
        return self.keys.setdefault(month, bytes([month % 251]) * 32)

    def destroy_expired(self) -> list[int]:
        """Destroy nothing: tests do that."""
        return []


def months_of(store: MemoryMonths) -> MonthKeys:
    """Return the months of a process."""
    return MonthKeys(store, hash_key=bytes(16), midnights_us=MIDNIGHTS_US)


def seen(*plates: str) -> DecodedDetections:
    """Return a detection of each plate, given as country:plate."""
    rows = [
        {
            "observation_id": str(UUID(int=number)),
            "camera_id": str(UUID(int=1)),
            "event_time": "2026-06-30T12:00:00Z",
            "plate_country": plate.partition(":")[0],
            "plate_text": plate.partition(":")[2],
        }
        for number, plate in enumerate(plates)
    ]
    message = {"message_type": "anpr_observation_batch", "schema_version": "anpr-2.0.0", "payload": rows}
    return decode_detections([json.dumps(message).encode()])


def visitor(months: MonthKeys, day: int, plate: str = "NL:VB123K") -> int:
    """Return by what a plate is known in the month of a day."""
    return int(months.visitors(day, seen(plate), np.array([0])).pseudonym[0])


def test_a_vehicle_is_one_over_the_days_of_a_month_and_another_in_the_next() -> None:
    """For every process alike."""
    store = MemoryMonths()
    first, second = months_of(store), months_of(store)

    assert visitor(first, LAST_OF_JUNE) == visitor(first, JUNE) == visitor(second, JUNE + 7) != 0
    assert visitor(first, LAST_OF_JUNE) != visitor(first, LAST_OF_JUNE + 1)
    assert visitor(first, JUNE) != visitor(first, JUNE, "NL:VB123L")


def test_a_month_goes_by_its_first_day() -> None:
    """Of thirty days or fewer."""
    assert [JUNE, JUNE, JUNE + 30] == [month_of(day) for day in (JUNE, JUNE + 29, JUNE + 30)]


def test_it_is_told_whether_a_plate_is_dutch() -> None:
    """And of others nothing."""
    found = months_of(MemoryMonths()).visitors(
        JUNE, seen("NL:VB-123-K", "D:VB 123", "DE:NL123", "NL:VERYLONGPLATE"), np.arange(4)
    )

    assert [AT_HOME, 0, 0, 0] == found.traits.tolist()


def test_a_destroyed_month_knows_nobody() -> None:
    """Whoever destroyed it."""
    store = MemoryMonths()
    months = months_of(store)
    assert visitor(months, JUNE) != 0

    store.keys[JUNE] = None
    months.maintain(NOON_US)

    assert 0 == visitor(months, JUNE)


def test_the_key_of_the_next_month_is_made_a_day_ahead() -> None:
    """Not sooner."""
    store = MemoryMonths()
    months = months_of(store)

    months.maintain(NOON_US - DAY_US)
    assert [JUNE] == list(store.keys)
    months.maintain(NOON_US)
    assert [JUNE, JUNE + 30] == list(store.keys)


def test_only_the_months_used_last_are_remembered() -> None:
    """A history of years would else keep the pseudonyms of all of its months in memory."""
    store = MemoryMonths()
    months = months_of(store)

    for month in range(12):
        visitor(months, JUNE + 31 * month)

    assert MONTHS_REMEMBERED == len(months._months)
    assert 12 == len(store.asked)


def test_days_know_nobody_over_a_month_unless_they_are_told_to() -> None:
    """The setting is off by default."""
    given = {"partitions": 1, "sources": {}, "hash_key": bytes(16), "midnights_us": MIDNIGHTS_US}

    off = DayKeys(MemoryKeys(), **given)  # type: ignore[arg-type]  # mixed
    on = DayKeys(MemoryKeys(), **given, months=months_of(MemoryMonths()))  # type: ignore[arg-type]  # as above

    assert off.key_of(JUNE).know_visitors is know_nobody
    assert on.key_of(JUNE).know_visitors(seen("NL:VB123K"), np.array([0])).pseudonym.all()
