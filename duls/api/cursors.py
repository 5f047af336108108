"""Cursors of pages: the place of the last row given, as an opaque text."""

import base64
import binascii
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from duls.api.problems import ProblemError
from sinks.api_cells import CellKey
from sinks.api_live import AlertPlace

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Instant = Annotated[int, Meta(ge=-(10**15), le=10**16)]  # microseconds since 1970: 1938 to 2286
Ordinal = Annotated[int, Meta(ge=1, le=date.max.toordinal())]
Number = Annotated[int, Meta(ge=0, lt=2**31)]
Code = Annotated[int, Meta(ge=0, lt=2**15)]
Word = Annotated[str, Meta(max_length=500)]


class Cursor(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The place of a row; the tag says among what, and in which version of this format."""

    @property
    def text(self) -> str:
        """Return the cursor as a text that is safe in a URL."""
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).rstrip(b"=").decode()


class CellCursor(Cursor, frozen=True, tag="c1"):
    """A cell of slots or hours."""

    bucket: Instant
    zone_no: Number
    vehicle_class: Code
    zero_emission: Code
    source: Code
    slot_s: Code | None

    @property
    def key(self) -> CellKey:
        """Return the place of the cell."""
        bucket = _instant(self.bucket)
        return CellKey(bucket, self.zone_no, self.vehicle_class, self.zero_emission, self.source, self.slot_s)


class DayCursor(Cursor, frozen=True, tag="d1"):
    """A cell of days."""

    bucket: Ordinal
    zone_no: Number
    vehicle_class: Code
    zero_emission: Code
    source: Code

    @property
    def key(self) -> CellKey:
        """Return the place of the cell."""
        bucket = date.fromordinal(self.bucket)
        return CellKey(bucket, self.zone_no, self.vehicle_class, self.zero_emission, self.source, None)


class AlertCursor(Cursor, frozen=True, tag="a1"):
    """An alert."""

    since: Instant
    alert_id: Word

    @property
    def place(self) -> AlertPlace:
        """Return the place of the alert."""
        return AlertPlace(_instant(self.since), self.alert_id)


class ZoneCursor(Cursor, frozen=True, tag="z1"):
    """A zone."""

    zone_id: Word


Kind = TypeVar("Kind", bound=Cursor)


def behind_cell(key: CellKey) -> str:
    """Return the cursor behind a cell."""
    codes = (key.zone_no, key.vehicle_class, key.zero_emission, key.source)
    if isinstance(key.bucket, datetime):
        return CellCursor(_us(key.bucket), *codes, key.slot_s).text
    return DayCursor(key.bucket.toordinal(), *codes).text


def behind_alert(place: AlertPlace) -> str:
    """Return the cursor behind an alert."""
    return AlertCursor(_us(place.since), place.alert_id).text


def read_cursor(text: str | None, kind: type[Kind]) -> Kind | None:
    """Return the cursor of a text.

    Raises:
        ProblemError: no answer of this path gave it.
    """
    if text is None:
        return None
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.json.decode(content, type=kind)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _refusal() from error
    if b"\\u0000" in content:  # no text of a database has it
        raise _refusal()
    return cursor


def _us(instant: datetime) -> int:
    """Return microseconds since 1970."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def _instant(us: int) -> datetime:
    """Return the time of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=us)


def _refusal() -> ProblemError:
    """Return the problem of a cursor that no answer of this path gave."""
    detail = "the cursor is none of this path: take `next` of the page before, and change no other parameter"
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "wrong-cursor", detail)
