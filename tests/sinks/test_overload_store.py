"""Shards go from one process to another under new epochs, and what a process stores it stores once, or not at all."""

from collections.abc import Sequence
from uuid import UUID

import psycopg
import pytest

from duls.errors import FencedError
from sinks.connection import Connection
from sinks.overload_actions import ReceivedAction, action_status, next_offset, receive
from sinks.overload_claims import SHARDS, claim_shards, fair_share, leave, see_holdings
from sinks.overload_deliveries import arrived, backlog, failed, waiting
from sinks.overload_parts import (
    AlertRow,
    DeliveryRow,
    EventRow,
    ForecastRow,
    GoneForecast,
    GoneWatch,
    OverloadFlush,
    PageRow,
    ShardAdvance,
    ShardClaim,
    WatchRow,
)
from sinks.overload_reading import read_alerts
from sinks.overload_rules import NewRules, newest_rules, rule_log, silences, store_rules
from sinks.overload_store import OverloadStore
from sinks.patience import Patience

pytestmark = pytest.mark.services

ONE, TWO = UUID(int=1), UUID(int=2)
TOPIC = UUID(int=9)
LEASE_S = 30.0
AT_US = 1_795_000_000_000_000
ALERT = "a" * 32


@pytest.fixture
def zones(connection: Connection) -> Connection:
    """Give a database with two zones."""
    connection.execute("INSERT INTO core.zone (zone_id) VALUES ('a'), ('b')")
    return connection


def store_of(database: str, worker: UUID) -> OverloadStore:
    """Return the store of a process."""
    return OverloadStore(database, worker, patience=Patience(5.0))


def watch_row(zone_id: str = "a", state: str = "firing") -> WatchRow:
    """Return a watch whose alert runs."""
    return WatchRow(
        zone_id,
        "full",
        0,
        state,
        AT_US,
        "present",
        "N1,N2",
        "warning",
        12,
        10,
        9,
        8,
        0.5,
        None,
        False,
        ALERT,
        "{}",
    )


def alert_row(**changes: object) -> AlertRow:
    """Return an alert that runs."""
    row = AlertRow(
        alert_id=ALERT,
        zone_id="a",
        rule="full",
        state="firing",
        value=12,
        capacity=10,
        pct=120.0,
        since_us=AT_US,
        until_us=None,
        acknowledged_by=None,
        acknowledged_us=None,
        reason="vol",
        revision=1,
        severity="warning",
        raised_us=AT_US,
        raised_value=12,
        peak_value=12,
        peak_us=AT_US,
        muted=False,
        note=None,
        snoozed_by=None,
        snoozed_until_us=None,
        resolved_by=None,
        end_cause=None,
        paged_us=AT_US,
        text_nl="te vol",
        text_en="too full",
        reason_en="full",
        reason_data="{}",
        message="{}",
    )
    return row._replace(**changes)  # type: ignore[arg-type]  # fields of several types


def flush_of(claims: Sequence[ShardClaim], offset: int, **parts: object) -> OverloadFlush:
    """Return a flush that moves every claimed shard to an offset."""
    advances = [ShardAdvance(c.shard, c.epoch, c.next_offset, offset - 1, offset, AT_US) for c in claims]
    return OverloadFlush(TOPIC, advances, **parts)  # type: ignore[arg-type]  # parts of several types


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 16, 20])
def test_shares_are_even_and_whole(workers: int) -> None:
    """Every shard has one holder, and nobody holds more than one above another."""
    shares = [fair_share(SHARDS, workers, place) for place in range(workers)]

    assert (SHARDS, True) == (sum(shares), max(shares) - min(shares) <= 1)


def test_two_processes_share_the_zones(connection: Connection) -> None:
    """The first gives half of them back once the second has come."""
    assert SHARDS == len(claim_shards(connection, ONE, LEASE_S))

    assert () == see_holdings(connection, TWO, LEASE_S).wanted
    assert SHARDS // 2 == len(see_holdings(connection, ONE, LEASE_S).surplus)
    kept = {claim.shard for claim in claim_shards(connection, ONE, LEASE_S)}
    taken = {claim.shard for claim in claim_shards(connection, TWO, LEASE_S)}

    assert (SHARDS // 2, SHARDS // 2, SHARDS) == (len(kept), len(taken), len(kept | taken))


@pytest.mark.parametrize("seen", ["31 seconds ago", "1 hour"])
def test_shards_of_a_dead_process_are_free(connection: Connection, seen: str) -> None:
    """Its lease is over, also where the clock has gone back; those of one that says goodbye are free at once."""
    dead = claim_shards(connection, ONE, LEASE_S)
    connection.execute("UPDATE core.alert_worker SET seen_at = now() + %s::interval", [seen])
    claims = claim_shards(connection, TWO, LEASE_S)
    assert SHARDS == len(claims)
    assert max(claim.epoch for claim in dead) < min(claim.epoch for claim in claims)

    leave(connection, TWO, [claim.shard for claim in claims])

    assert SHARDS == len(see_holdings(connection, ONE, LEASE_S).free)


def test_a_flush_brings_everything(zones: Connection, database_url: str) -> None:
    """What was stored is what operators see, and what the next process loads."""
    store = store_of(database_url, ONE)
    claims = store.claim(LEASE_S)
    event = EventRow("a", "full", ALERT, AT_US, "pending", "firing", "value", 12, 10, None, None)
    parts = flush_of(
        claims,
        5,
        watches=[watch_row()],
        alerts=[alert_row()],
        events=[event],
        pages=[PageRow("a", AT_US)],
        deliveries=[DeliveryRow(0, "topic", "a", ALERT, "changed", "{}")],
    )
    store.flush(parts)

    (line,) = read_alerts(zones, is_all=False, zone_id=None, limit=9)
    assert (ALERT, "a", "firing", 12.0, 120.0, "vol") == (
        line.alert_id,
        line.zone_id,
        line.state,
        line.value,
        line.pct,
        line.reason,
    )
    (found,) = store.claim(LEASE_S)[:1]
    assert (TOPIC, 4, 5, AT_US) == found[2:]
    assert claims[0].epoch < found.epoch
    stored = store.load([0])
    assert ([("a", "{}")], [(ALERT, 1, AT_US, "{}")], [("a", AT_US)]) == (
        stored.watches,
        stored.alerts,
        stored.pages,
    )
    row = zones.execute("SELECT classes, raise_at, state FROM live.zone_watch").fetchone()
    assert (["N1", "N2"], 9, "firing") == row
    store.close()


def test_a_process_that_was_replaced_changes_nothing(zones: Connection, database_url: str) -> None:
    """It slept; its epoch is gone, and so is everything that it meant to say."""
    sleeper, other = store_of(database_url, ONE), store_of(database_url, TWO)
    claims = sleeper.claim(LEASE_S)
    zones.execute("UPDATE core.alert_worker SET seen_at = now() - interval '31 seconds'")
    other.flush(flush_of(other.claim(LEASE_S), 7))

    with pytest.raises(FencedError, match="taken over"):
        sleeper.flush(flush_of(claims, 5, alerts=[alert_row()]))

    assert [] == read_alerts(zones, is_all=True, zone_id=None, limit=9)
    assert {7} == {claim.next_offset for claim in other.claim(LEASE_S)}
    sleeper.close()
    other.close()


def test_a_flush_that_was_committed_without_an_answer_is_not_repeated(
    zones: Connection, database_url: str
) -> None:
    """The connection broke at COMMIT: the number of the last flush tells."""
    cuts = iter([True])

    def cut(name: str) -> None:
        if name == "alert-after-commit" and next(cuts, False):
            message = "the connection is lost"
            raise psycopg.OperationalError(message)

    store = OverloadStore(database_url, ONE, patience=Patience(5.0), failpoint=cut)
    event = EventRow("a", "full", ALERT, AT_US, "pending", "firing", "value", 12, 10, None, None)
    store.flush(flush_of(store.claim(LEASE_S), 5, events=[event]))

    assert (1,) == zones.execute("SELECT count(*) FROM core.alert_event").fetchone()
    store.close()


def test_what_was_learned_is_replaced_loaded_and_forgotten(zones: Connection, database_url: str) -> None:
    """By zone and series, for the process that holds the shard."""
    store = store_of(database_url, ONE)
    claims = store.claim(LEASE_S)
    learned = [ForecastRow(zone, "present:N1", 3, 7, b"1", b"2", b"3") for zone in ("a", "b")]
    store.flush(flush_of(claims, 5, forecasts=learned))
    newer = learned[0]._replace(learned_us=8, errors=b"4")
    gone = [GoneForecast("b", "present:N1")]
    store.flush(flush_of(store.claim(LEASE_S), 6, forecasts=[newer], gone_forecasts=gone))

    assert [newer] == store.load([3]).forecasts
    assert [] == store.load([4]).forecasts
    assert [(1,)] == zones.execute("SELECT count(*) FROM core.alert_forecast").fetchall()
    store.close()


def test_a_rule_that_is_not_in_force_any_more_has_no_row(zones: Connection, database_url: str) -> None:
    """A second flush goes on where the first one ended."""
    store = store_of(database_url, ONE)
    claims = store.claim(LEASE_S)
    store.flush(flush_of(claims, 5, watches=[watch_row()]))
    moved = [claim._replace(next_offset=5) for claim in claims]
    store.flush(flush_of(moved, 6, gone=[GoneWatch("a", "full")]))

    assert (0,) == zones.execute("SELECT count(*) FROM core.alert_watch").fetchone()
    store.close()


def test_deliveries_of_a_zone_keep_their_order(zones: Connection, database_url: str) -> None:
    """What waits behind a failure does not overtake it; other zones do."""
    store = store_of(database_url, ONE)
    told = [
        DeliveryRow(0, "pager", zone, ALERT, event, "[]")
        for zone, event in (("a", "raised"), ("b", "raised"), ("a", "ended"))
    ]
    store.flush(flush_of(store.claim(LEASE_S), 5, deliveries=told))
    first = waiting(zones, "pager", ONE, 9)
    assert ["raised", "raised", "ended"] == [delivery.event for delivery in first]
    assert [] == waiting(zones, "pager", TWO, 9)

    failed(zones, first[0].number, "no", 60.0)
    assert ["b"] == [delivery.zone_id for delivery in waiting(zones, "pager", ONE, 9)]
    arrived(zones, [first[1].number])

    assert [("pager", 2)] == [line[:2] for line in backlog(zones)]
    store.close()


def received(kind: str, number: int, **fields: object) -> ReceivedAction:
    """Return an action as it was read."""
    action = ReceivedAction(
        UUID(int=number), kind, None, None, "jan", AT_US, "note", AT_US, AT_US + 3_600_000_000, "{}"
    )
    return action._replace(**fields)  # type: ignore[arg-type]  # fields of several types


def test_an_action_about_an_alert_that_runs_waits_for_its_process(
    zones: Connection, database_url: str
) -> None:
    """The same action again changes nothing, and the offset never goes back."""
    store = store_of(database_url, ONE)
    store.flush(flush_of(store.claim(LEASE_S), 5, watches=[watch_row()], alerts=[alert_row()]))
    action = received("acknowledge", 1, alert_id=ALERT)

    statuses = [receive(zones, action, (TOPIC, offset)) for offset in (8, 3)]

    assert [("a", None, None)] * 2 == [(s.zone_id, s.handled_us, s.refusal) for s in statuses]
    assert 8 == next_offset(zones, TOPIC)
    assert [UUID(int=1)] == [waits.action_id for waits in store.load([0]).actions]
    store.close()


@pytest.mark.parametrize(
    ("kind", "names", "refusal"),
    [
        ("acknowledge", {"alert_id": "unknown"}, "no_such_alert"),
        ("silence", {"zone_id": "unknown"}, "no_such_zone"),
    ],
)
def test_an_action_about_nothing_is_refused(
    zones: Connection, kind: str, names: dict[str, str], refusal: str
) -> None:
    """It is in the log all the same."""
    status = receive(zones, received(kind, 1, **names), (TOPIC, 1))

    assert (refusal, True) == (status.refusal, status.handled_us is not None)
    assert status == action_status(zones, UUID(int=1))


def test_a_silence_holds_until_it_is_ended(zones: Connection) -> None:
    """From whenever it is read, whoever watches the zone."""
    until_us = 2_000_000_000_000_000
    receive(zones, received("silence", 1, zone_id="a", until_us=until_us), (TOPIC, 1))
    assert [("a", AT_US, until_us)] == silences(zones)

    ended_us = 1_900_000_000_000_000
    receive(zones, received("unsilence", 2, zone_id="a", done_us=ended_us, until_us=None), (TOPIC, 2))

    assert [("a", AT_US, ended_us)] == silences(zones)


def test_rules_are_kept_version_by_version(connection: Connection) -> None:
    """Who changed what and why; two at once cannot both win."""
    assert newest_rules(connection) is None
    assert 1 == store_rules(connection, NewRules('{"rules": []}', "{}", "jan"), after=0)
    assert store_rules(connection, NewRules('{"rules": []}', "{}", "piet"), after=0) is None
    assert 2 == store_rules(
        connection, NewRules('{"rules": []}', '{"full": "added"}', "piet", "markt"), after=1
    )

    found = newest_rules(connection)
    assert found is not None
    assert (2, "piet", "markt") == (found.version, found.stored_by, found.note)
    assert [(2, "piet"), (1, "jan")] == [line[:2] for line in rule_log(connection, 9)]
