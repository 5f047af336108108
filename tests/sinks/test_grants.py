"""Grants in the database: written down, revoked once, never changed, and read by intake within seconds."""

import uuid
from datetime import UTC, datetime

import numpy as np
import psycopg
import pytest

from duls.errors import InvalidInputError
from duls.pipelines.grant_keeper import REFRESH_S, GrantKeeper, withhold
from processors.columns import DecodedPositions, PositionColumns
from processors.grants import Place
from processors.vocabulary import Outcome
from processors.zone_feature import ZoneFeature
from sinks.connection import Connection
from sinks.grants import GrantStore, NewGrant, add_grant, all_grants, revoke_grant
from sinks.patience import Patience
from sinks.registry import store_zones
from streams.admission import Admitted
from streams.decode.positions import decode_positions

pytestmark = pytest.mark.services

START = datetime(2026, 11, 23, tzinfo=UTC)
END = datetime(2026, 11, 24, tzinfo=UTC)
NOON_US = 1_795_435_200_000_000
PURPOSE = "zero emission zones"
RECORDS = [
    b'{"vehicle":"a","time":1795435200000,"lat":52.05,"lon":5.05,"carrier":"x"}',
    b'{"vehicle":"b","time":1795435200000,"lat":52.05,"lon":5.25,"carrier":"x"}',
    b'{"vehicle":"c","time":1795435200000,"lat":52.05,"lon":5.05,"carrier":"y"}',
    b'{"vehicle":"d","time":"never","lat":52.05,"lon":5.05,"carrier":"x"}',
]


def grant(carrier: str = "X", zones: list[str] | None = None, until: datetime | None = END) -> NewGrant:
    """Return a grant."""
    return NewGrant(uuid.uuid4(), carrier, PURPOSE, zones, START, until, "steward", "agreement 7")


def zone(zone_id: str, west: float) -> ZoneFeature:
    """Return a square zone."""
    ring = ((west, 52.0), (west + 0.1, 52.0), (west + 0.1, 52.1), (west, 52.1), (west, 52.0))
    return ZoneFeature(zone_id, zone_id, "other", "GM0344", None, 76.0, ((ring,),))


def test_a_grant_is_kept_with_who_wrote_it_and_who_revoked_it(connection: Connection) -> None:
    """Revoking twice changes nothing; the newest is the first."""
    first = add_grant(connection, grant(until=None))
    second = add_grant(connection, grant("Y"))
    revoked = revoke_grant(connection, first.grant_id, by="another", note="asked by letter")
    again = revoke_grant(connection, first.grant_id, by="a third", note=None)

    assert [second, revoked] == all_grants(connection)
    assert ("steward", None, "another", "asked by letter") == (
        revoked.granted_by,
        first.revoked_at,
        revoked.revoked_by,
        revoked.revoked_note,
    )
    assert revoked == again


@pytest.mark.parametrize(
    "change",
    ["carrier = 'z'", "valid_until = NULL", "granted_by = 'z'", "revoked_by = 'z'", "revoked_at = NULL"],
)
def test_what_was_granted_and_revoked_does_not_change(connection: Connection, change: str) -> None:
    """Whoever writes to the table: it is what an audit reads."""
    stored = add_grant(connection, grant())
    if change.startswith("revoked"):
        revoke_grant(connection, stored.grant_id, by="another", note=None)

    with pytest.raises(psycopg.errors.RaiseException, match="changes once"):
        connection.execute(f"UPDATE core.carrier_grant SET {change}".encode())  # noqa: S608 a statement of this test


def test_what_is_unknown_is_refused(connection: Connection) -> None:
    """Zones and grants."""
    with pytest.raises(InvalidInputError, match="never loaded: nowhere"):
        add_grant(connection, grant(zones=["nowhere"]))
    with pytest.raises(InvalidInputError, match="there is no grant"):
        revoke_grant(connection, uuid.uuid4(), by="x", note=None)
    assert [] == all_grants(connection)


def test_intake_hears_of_grants_and_of_their_end(figures_url: str, connection: Connection) -> None:
    """Within the time of a refresh; other purposes are none of its business."""
    store_zones(connection, [zone("a", 5.0), zone("b", 5.2)], lambda _version: [])
    store = GrantStore(figures_url, purpose=PURPOSE, patience=Patience(10.0))
    keeper = GrantKeeper(store.book)
    seen = []

    def look(now_s: float) -> None:
        keeper.refresh(now_s)
        seen.append(withheld(keeper))

    look(0.0)
    add_grant(connection, grant()._replace(purpose="another"))
    stored = add_grant(connection, grant(zones=["a"]))
    look(REFRESH_S / 2)
    look(REFRESH_S)
    add_grant(connection, grant(zones=["b"]))
    add_grant(connection, grant("y", until=START.replace(hour=1)))
    look(2 * REFRESH_S)
    revoke_grant(connection, stored.grant_id, by="another", note=None)
    look(3 * REFRESH_S)
    store.close()

    assert [[0, 1, 2], [0, 1, 2], [1, 2], [2], [0, 2]] == seen


def withheld(keeper: GrantKeeper) -> list[int]:
    """Return which of the records are withheld, and hold that nothing is left of those."""
    decoded = decode_positions(list(RECORDS))
    before = admitted_of(decoded)
    after = withhold(before, keeper.granted(decoded))
    columns = after.columns
    assert isinstance(columns, PositionColumns)
    rows = np.flatnonzero(columns.outcome == Outcome.NO_GRANT)
    for name in ("event_us", "day", "pseudonym_hi", "pseudonym_lo", "lat", "lon", "traits", "carrier"):
        assert not getattr(columns, name)[rows].any()
    others = np.setdiff1d(np.arange(len(RECORDS)), rows)
    for column, same in zip(columns, before.columns, strict=True):
        assert same[others].tolist() == column[others].tolist()
    assert before.destination.tolist() == after.destination.tolist()
    return [int(row) for row in rows]


def admitted_of(decoded: DecodedPositions) -> Admitted:
    """Return rows as if they had been admitted, each with a pseudonym."""
    count = decoded.outcome.size
    ones = np.ones(count, np.uint64)
    columns = PositionColumns(
        partition=np.zeros(count, np.int32),
        offset=np.arange(count, dtype=np.int64),
        index=decoded.index,
        arrival_us=decoded.event_us,
        outcome=decoded.outcome,
        event_us=decoded.event_us,
        day=np.full(count, 20_780, np.int32),
        pseudonym_hi=ones,
        pseudonym_lo=ones,
        lat=decoded.lat,
        lon=decoded.lon,
        vehicle_class=decoded.vehicle_class,
        zero_emission=decoded.zero_emission,
        traits=np.ones(count, np.uint32),
        carrier=np.ones(count, np.uint32),
    )
    return Admitted(columns, np.arange(count, dtype=np.int32))


def test_a_book_lets_nobody_through_before_it_is_read() -> None:
    """Nothing is taken by mistake."""
    keeper = GrantKeeper(lambda: pytest.fail("not asked for"))

    assert [0, 1, 2] == withheld(keeper)
    assert not keeper._book.granted(np.ones(1, np.uint64), Place(*np.zeros((3, 1)))).any()
