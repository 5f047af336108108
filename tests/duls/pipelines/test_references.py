"""References of an intake process: stored before offsets are committed, heard of from others, never waited for."""

import numpy as np

from duls.errors import ServiceAwayError
from duls.pipelines.references import AWAY_S, REFRESH_S, References
from processors.columns import DecodedPositions
from processors.registrations import RegistrationBook, Registrations
from processors.vocabulary import VehicleClass
from streams.decode.detections import decode_detections
from streams.decode.positions import decode_positions

KEY = bytes(16)
VEHICLE = b'{"entityType":"vehicle","id":"%s","vehicleType":"van","fuel":"electricity"}'
EVENT = (
    b'{"eventType":"locationUpdateEvent","creationDate":0,"vehicle":{"uuid":"%s"},'
    b'"geoReference":{"lat":52,"lon":5}}'
)


class FakeStore:
    """A database in memory that may be away."""

    def __init__(self) -> None:
        self.is_away = False
        self.kept: list[Registrations] = []
        self.reads = 0

    def keep(self, told: Registrations) -> None:
        """Store references."""
        self._check()
        self.kept.append(told)

    def news(self) -> Registrations:
        """Return all that is stored."""
        self.reads += 1
        self._check()
        empty = Registrations(*(np.empty(0, kind) for kind in (np.uint64, np.uint64, np.uint8, np.uint8)))
        return Registrations._make(np.concatenate(parts) for parts in zip(empty, *self.kept, strict=True))

    def _check(self) -> None:
        if self.is_away:
            message = "away"
            raise ServiceAwayError(message)


def read(references: References, *values: bytes) -> DecodedPositions:
    """Return completed rows of records."""
    decoded = decode_positions(values)
    references.complete(decoded)
    return decoded


def test_a_message_completes_positions_here_and_in_another_process() -> None:
    """As soon as that hears of it."""
    store = FakeStore()
    here, there = References(RegistrationBook(KEY), store), References(RegistrationBook(KEY), store)
    there.refresh(0.0)

    found = read(here, VEHICLE % b"a", EVENT % b"a", EVENT % b"b")
    assert here.keep()
    before = read(there, EVENT % b"a")
    there.refresh(REFRESH_S - 0.1)
    still = read(there, EVENT % b"a")
    there.refresh(REFRESH_S)
    after = read(there, EVENT % b"a")

    assert [VehicleClass.N1, VehicleClass.UNKNOWN] == found.vehicle_class[1:].tolist()
    assert [[VehicleClass.UNKNOWN]] * 2 == [before.vehicle_class.tolist(), still.vehicle_class.tolist()]
    assert [VehicleClass.N1] == after.vehicle_class.tolist()


def test_identities_stay_as_they_are() -> None:
    """A record goes the same way whatever is known of its vehicle."""
    references = References(RegistrationBook(KEY), FakeStore())
    before = read(references, EVENT % b"a")

    after = read(references, VEHICLE % b"a", EVENT % b"a")

    start, length = after.identity_start[1], after.identity_length[1]
    assert before.identity.tobytes() == after.identity[start : start + length].tobytes()


def test_what_cannot_be_stored_is_stored_later_in_order() -> None:
    """Until then the caller is told, so that offsets are not committed."""
    store = FakeStore()
    references = References(RegistrationBook(KEY), store)
    store.is_away = True
    read(references, VEHICLE % b"a")
    refused = references.keep()
    read(references, VEHICLE % b"b")
    store.is_away = False

    assert not refused
    assert references.keep()
    assert [1, 1] == [told.hash_hi.size for told in store.kept]
    assert references.keep()
    assert 2 == len(store.kept)


def test_a_database_that_is_away_is_asked_less_often() -> None:
    """Reading it must never hold up the feed."""
    store = FakeStore()
    references = References(RegistrationBook(KEY), store)
    store.is_away = True
    for now_s in np.arange(0.0, AWAY_S, 0.5).tolist():
        references.refresh(now_s)

    assert 1 == store.reads


def test_detections_are_left_alone() -> None:
    """They name plates, which registers know."""
    references = References(RegistrationBook(KEY), FakeStore())

    references.complete(decode_detections([b"{}"]))

    assert references.keep()
