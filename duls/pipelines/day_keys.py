"""Day keys for intake: what is fixed for each local day, with the pseudonyms of its vehicles."""

from collections.abc import Collection, Mapping
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from duls.errors import TopicChangedError
from duls.pipelines.month_keys import MonthKeys
from processors.calendar import local_day
from processors.carrier_pseudonyms import CarrierPseudonyms
from processors.columns import DecodedDetections, DecodedPositions, Int64Array, UInt64Array
from processors.pseudonyms import PseudonymCache
from processors.units import DAY_US
from streams.admission import DayKey, Pseudonymise, Rows, know_nobody
from streams.topics import way_on


class DayRow(Protocol):
    """The immutable row of a local day."""

    @property
    def key(self) -> bytes | None:
        """Return the key, None once destroyed."""

    @property
    def partitions(self) -> int:
        """Return over how many observation partitions the day goes."""

    @property
    def sources(self) -> Mapping[str, UUID]:
        """Return the source topics of the day with their ids."""


class KeyStore(Protocol):
    """Where day rows are kept."""

    def day_row(self, day: int, partitions: int, sources: Mapping[str, UUID]) -> DayRow:
        """Return the row of a day, made with these values when missing."""

    def sources(self) -> Collection[tuple[str, UUID]]:
        """Return the source topics of all days, by name and id."""

    def destroy_expired(self) -> list[int]:
        """Destroy keys whose time is over and return their days."""


DAYS_REMEMBERED: Final = 16  # the pseudonyms of a day take up to 128 MiB; live input needs nine days


class DayKeys:
    """Day rows and pseudonym caches by local day; of the days used last only, since a history has hundreds.

    Args:
        store: Where day rows are kept.
        partitions: Of the observation topic, for days whose row is made now.
        sources: Ids of the source topics.
        hash_key: 16 random bytes of this process, see PseudonymCache.
        midnights_us: Table of local midnights.
        months: Keys of months; None where vehicles are not known over a month.
    """

    def __init__(
        self,
        store: KeyStore,
        *,
        partitions: int,
        sources: Mapping[str, UUID],
        hash_key: bytes,
        midnights_us: Int64Array,
        months: MonthKeys | None = None,
    ) -> None:
        self._store = store
        self._months = months
        self._partitions = partitions
        self._sources = dict(sources)
        self._hash_key = hash_key
        self._midnights_us = midnights_us
        self._keys: dict[int, DayKey] = {}

    def key_of(self, day: int) -> DayKey:
        """Return what is fixed for a day; the store is asked for days that were not used lately.

        Raises:
            TopicChangedError: A source topic is not the one that the day began with.
        """
        known = self._keys.pop(day, None)
        if known is None:
            row = self._store.day_row(day, self._partitions, self._sources)
            self._check_topics(row)
            known = (
                DayKey(None, row.partitions)
                if row.key is None
                else DayKey(
                    pseudonymise_with(PseudonymCache(self._hash_key, row.key)),
                    row.partitions,
                    CarrierPseudonyms(row.key).of,
                    know_nobody if self._months is None else partial(self._months.visitors, day),
                )
            )
            while len(self._keys) >= DAYS_REMEMBERED:
                del self._keys[next(iter(self._keys))]
        self._keys[day] = known
        return known

    def _check_topics(self, row: DayRow) -> None:
        """Refuse source topics that were made anew: their offsets begin again, and cursors speak of the old ones."""
        for name, topic_id in self._sources.items():
            if row.sources.get(name, topic_id) != topic_id:
                raise _changed(name, row.sources[name], topic_id)

    def require_topics(self) -> None:
        """Refuse source topics that any day began with under another id, also one that is over.

        Where it is only found at a record of such a day, records of later ones are read already, and stream time
        waits for the old topic.

        Raises:
            TopicChangedError: There is a day that began with another topic.
        """
        for name, topic_id in self._store.sources():
            if self._sources.get(name, topic_id) != topic_id:
                raise _changed(name, topic_id, self._sources[name])

    def maintain(self, now_us: int) -> list[int]:
        """Make the key of tomorrow, destroy what is over, and return the days destroyed by this process."""
        destroyed = self._store.destroy_expired()
        for day in list(self._keys):
            # another process may have destroyed it, and the promise is about every copy
            if self._store.day_row(day, self._partitions, self._sources).key is None:
                del self._keys[day]
        self.key_of(int(local_day(now_us + DAY_US, self._midnights_us)))
        return destroyed


def _changed(name: str, began_with: UUID, topic_id: UUID) -> TopicChangedError:
    """Return the refusal of a topic that a day did not begin with."""
    return TopicChangedError(
        f"topic {name} was made anew: the day began with {began_with}, it is {topic_id} now; {way_on(name)}"
    )


def pseudonymise_with(
    cache: PseudonymCache,
) -> Pseudonymise:
    """Return the pseudonyms of rows as a function of a day."""

    def pseudonymise(
        decoded: DecodedPositions | DecodedDetections, rows: Rows
    ) -> tuple[UInt64Array, UInt64Array]:
        pseudonyms = cache.pseudonyms(
            decoded.identity, decoded.identity_start[rows], decoded.identity_length[rows]
        )
        return pseudonyms.hi, pseudonyms.lo

    return pseudonymise
