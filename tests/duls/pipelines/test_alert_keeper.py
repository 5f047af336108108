"""The alert pipeline: whatever is killed and restarted, the same alerts, each told once, people paged rarely."""

from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duls.pipelines.alert_city import Silences, with_rules
from duls.pipelines.alert_reasons import EntryRates
from duls.pipelines.alert_telling import ACKNOWLEDGED, ENDED, RAISED
from processors.overload.actions import Action, ActionKind
from processors.overload.observation import SlotEntries
from processors.overload.rules import RuleSet
from processors.overload.watch import Watch
from sinks.overload_parts import WaitingAction
from tests.duls.pipelines.alert_world import (
    MIDNIGHTS_US,
    SECOND_US,
    START_US,
    MemoryStore,
    city,
    counts,
    feed,
    keeper,
)

CITY = city()
FLAPPING = city(raise_s=0, clear_s=0)


def log_of(*loads: dict[str, int]) -> list[bytes]:
    """Return a log with one message a second."""
    return [counts(second, load) for second, load in enumerate(loads)]


def states(store: MemoryStore) -> dict[str, str]:
    """Return the state of the rule in each zone."""
    return {
        zone: msgspec.json.decode(document, type=Watch).state for (zone, _), document in store.watches.items()
    }


def action(alert_id: str, kind: ActionKind = ActionKind.ACKNOWLEDGE, second: int = 0) -> Action:
    """Return what an operator does."""
    at_us = START_US + second * SECOND_US
    return Action(
        kind=kind, alert_id=alert_id, by="jan", at_us=at_us, note="seen", until_us=at_us + 10 * SECOND_US
    )


def test_an_overload_is_raised_told_and_over() -> None:
    """Firing after its duration, resolved after the other, with a reason and a growing revision."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    feed(keeping, log_of({"z1": 1}, {"z1": 9}, {"z1": 12}, {"z1": 12}, {"z1": 3}, {"z1": 3}, {"z1": 3}))
    store.flush(keeping.flush())

    (alert,) = store.alerts.values()
    assert ("z1", "resolved", 12, START_US + SECOND_US) == (
        alert.zone_id,
        alert.state,
        alert.peak_value,
        alert.since_us,
    )
    assert "12 voertuigen aanwezig bij een capaciteit van 10" in alert.reason
    revisions = [
        msgspec.json.decode(row.payload)["revision"] for row in store.deliveries if row.channel == "topic"
    ]
    assert [1, 2, 3] == revisions
    assert [RAISED, ENDED] == [event for event, _ in store.told("pager")]


def test_nothing_is_judged_before_every_partition_has_told() -> None:
    """Half of the counts would look like an empty city."""
    store = MemoryStore()
    keeping = keeper(store, CITY, partitions=2)

    feed(keeping, log_of({"z1": 20}, {"z1": 20}, {"z1": 20}, {"z1": 20}))
    store.flush(keeping.flush())

    assert {} == states(store)


def test_a_feed_that_fell_silent_is_no_data_and_a_running_alert_stays() -> None:
    """Never normal: stream time goes on by ticks, and no position arrives."""
    store = MemoryStore()
    keeping = keeper(store, CITY, feed_lost_us=5 * SECOND_US)
    log = log_of({"z1": 12}, {"z1": 12}, {"z1": 12})
    log += [counts(second, {"z1": 12}, fms_arrival_us=START_US + 2 * SECOND_US) for second in range(3, 9)]
    feed(keeping, log)
    store.flush(keeping.flush())

    assert {"no_data"} == set(states(store).values())
    (alert,) = store.alerts.values()
    assert ("no_data", None) == (alert.state, alert.until_us)

    feed(keeping, [*log, counts(9, {"z1": 12})])
    store.flush(keeping.flush())
    assert ("firing", "normal") == (states(store)["z1"], states(store)["z2"])


def test_a_stream_that_fell_behind_is_no_data() -> None:
    """What was true an hour ago says nothing of now."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    keeping.take(counts(0, {"z1": 1}), 0, START_US + 46 * SECOND_US)
    store.flush(keeping.flush())

    assert {"no_data"} == set(states(store).values())


def test_silence_of_a_history_is_told_in_its_own_time() -> None:
    """Else everything after it would seem to be of today."""
    store = MemoryStore()
    keeping = keeper(store, CITY, is_event_clock=True)
    keeping.lose_everything(START_US + 10**12)
    feed(keeping, log_of({"z1": 12}, {"z1": 12}, {"z1": 12}, {"z1": 12}))
    store.flush(keeping.flush())

    (alert,) = store.alerts.values()
    assert START_US + 2 * SECOND_US == alert.raised_us
    assert max(event.at_us for event in store.events) <= START_US + 3 * SECOND_US


def test_silence_of_the_log_is_no_data() -> None:
    """Whoever reads says so by its own clock."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    feed(keeping, log_of({"z1": 1}))
    keeping.lose_everything(START_US + 60 * SECOND_US)
    store.flush(keeping.flush())

    assert {"no_data"} == set(states(store).values())
    assert {"lost"} == {message.feed for message in keeping.zone_messages(["z1"])}


def test_an_alert_on_trucks_that_came_in_goes_on_when_vans_come_in() -> None:
    """Which slot counts is a matter of the classes of the rule, in the count, the classes and the inflow."""
    store = MemoryStore()
    keeping = keeper(store, city(measure="entries_per_slot", classes="trucks", capacity=10))
    log = log_of(*({"z1": 1} for _ in range(12)))
    keeping.change_rates(EntryRates({"z1": SlotEntries({}, {"N2": 10})}, slot_s=300))
    feed(keeping, log, until=4)
    keeping.change_rates(EntryRates({"z1": SlotEntries({"N2": 10}, {"N2": 2, "N1": 20})}, slot_s=300))
    feed(keeping, log, until=8)
    store.flush(keeping.flush())

    (alert,) = store.alerts.values()
    assert ("firing", 10) == (alert.state, alert.value)
    assert "10 lichte vrachtauto's. Instroom 120 per uur" in alert.reason

    keeping.change_rates(EntryRates({"z1": SlotEntries({"N2": 2, "N1": 20}, {"N2": 1})}, slot_s=300))
    feed(keeping, log)
    store.flush(keeping.flush())
    assert ["resolved"] == [found.state for found in store.alerts.values()]


def test_a_zone_pages_once_in_a_while_whatever_it_does() -> None:
    """Every alert is on the topic; people hear of one in ten minutes."""
    store = MemoryStore()
    keeping = keeper(store, FLAPPING, page_interval_us=60 * SECOND_US)
    feed(keeping, log_of(*({"z1": 12 if second % 2 else 1} for second in range(120))))
    store.flush(keeping.flush())

    pages = [alert_id for event, alert_id in store.told("pager") if event == RAISED]
    assert 60 == len(store.alerts)
    assert 2 == len(pages)


def test_a_page_that_had_to_wait_comes_if_the_alert_still_runs() -> None:
    """It is late, not lost."""
    store = MemoryStore()
    keeping = keeper(store, FLAPPING, page_interval_us=10 * SECOND_US)
    loads = [{"z1": 12}, {"z1": 1}, *[{"z1": 12}] * 12]
    feed(keeping, log_of(*loads))
    store.flush(keeping.flush())

    second = max(store.alerts.values(), key=lambda row: row.since_us)
    assert START_US + 10 * SECOND_US == second.paged_us
    assert second.alert_id == store.told("pager")[-1][1]


def test_an_acknowledged_alert_pages_nobody_and_tells_who_was_paged() -> None:
    """The operator who takes it on is on the topic and on the pager."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    log = log_of(*[{"z1": 12}] * 4)
    feed(keeping, log)
    store.flush(keeping.flush())
    (alert_id,) = store.alerts
    keeping.act(UUID(int=1), "z1", action(alert_id))
    store.flush(keeping.flush())

    assert ("acknowledged", "jan") == (store.alerts[alert_id].state, store.alerts[alert_id].acknowledged_by)
    assert {UUID(int=1): None} == store.handled
    assert [RAISED, ACKNOWLEDGED] == [event for event, _ in store.told("pager")]


def test_an_action_that_was_not_stored_is_done_by_the_next_process() -> None:
    """It waits in the database until somebody has stored what came of it."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    log = log_of(*[{"z1": 12}] * 4)
    feed(keeping, log)
    store.flush(keeping.flush())
    (alert_id,) = store.alerts
    document = msgspec.json.encode(action(alert_id)).decode()
    store.actions[UUID(int=1)] = WaitingAction(UUID(int=1), "z1", document)
    keeping.act(UUID(int=1), "z1", action(alert_id))  # and dies

    after = keeper(store, CITY)
    after.act(UUID(int=1), "z1", action(alert_id))  # the topic says so again
    store.flush(after.flush())

    assert ("acknowledged", {UUID(int=1): None}) == (store.alerts[alert_id].state, store.handled)


def test_a_silenced_zone_raises_and_pages_nobody_until_it_is_over() -> None:
    """Planned works: the alert is kept, and told once they are done while it still runs."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    keeping.change_silences({"z1": Silences(((START_US, START_US + 6 * SECOND_US),))})
    log = log_of(*[{"z1": 12}] * 9)
    feed(keeping, log, until=6)
    store.flush(keeping.flush())
    assert (1, []) == (len(store.alerts), store.told("pager"))

    feed(keeping, log)
    store.flush(keeping.flush())

    assert [RAISED] == [event for event, _ in store.told("pager")]


def test_a_rule_that_goes_resolves_its_alert() -> None:
    """It is told and over, not forgotten."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    log = log_of(*[{"z1": 12}] * 6)
    feed(keeping, log, until=4)
    keeping.desk.change_city(with_rules(CITY.zones, RuleSet(2, ()), MIDNIGHTS_US))
    feed(keeping, log)
    store.flush(keeping.flush())

    (alert,) = store.alerts.values()
    assert ("resolved", "rule_removed") == (alert.state, alert.end_cause)
    assert {} == store.watches


def test_another_capacity_keeps_a_running_alert() -> None:
    """Changing a rule never loses one."""
    store = MemoryStore()
    keeping = keeper(store, CITY)
    log = log_of(*[{"z1": 12}] * 6)
    feed(keeping, log, until=4)
    keeping.desk.change_city(city(capacity=11))
    feed(keeping, log)
    store.flush(keeping.flush())

    (alert,) = store.alerts.values()
    assert ("firing", 11) == (alert.state, alert.capacity)


def test_missed_messages_begin_durations_anew() -> None:
    """What happened in between is not known, so nothing lasted through it."""
    store = MemoryStore()
    first = keeper(store, CITY)
    log = log_of(*[{"z1": 12}] * 30)
    feed(first, log, until=2)
    store.flush(first.flush())
    after = keeper(store, CITY, start=20)

    feed(after, log, until=22)
    store.flush(after.flush())
    assert {} == store.alerts
    feed(after, log, until=23)
    store.flush(after.flush())

    (alert,) = store.alerts.values()
    assert START_US + 20 * SECOND_US == alert.since_us


LOADS = st.lists(
    st.dictionaries(st.sampled_from(["z0", "z1", "z2", "z3"]), st.sampled_from([1, 8, 9, 12])),
    min_size=1,
    max_size=40,
)


@pytest.mark.parametrize("of", [CITY, FLAPPING], ids=["durations", "flapping"])
@given(loads=LOADS, deaths=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=8))
def test_deaths_change_nothing(
    of: object, loads: list[dict[str, int]], deaths: list[tuple[int, bool]]
) -> None:
    """The same alerts, log and tellings as without: each message is seen once, each alert told once a revision."""
    log = log_of(*loads)
    calm = MemoryStore()
    keeping = keeper(calm, of)  # type: ignore[arg-type]  # parametrised
    feed(keeping, log)
    calm.flush(keeping.flush())

    store = MemoryStore()
    place = 0
    for length, is_stored in deaths:
        keeping = keeper(store, of)  # type: ignore[arg-type]  # parametrised
        place = min(len(log), max(place, keeping.next_offset) + length)
        feed(keeping, log, until=place)
        if is_stored:
            store.flush(keeping.flush())
    keeping = keeper(store, of)  # type: ignore[arg-type]  # parametrised
    feed(keeping, log)
    store.flush(keeping.flush())

    assert calm.alerts.keys() == store.alerts.keys()
    assert calm.events == store.events
    assert calm.told("topic") == store.told("topic")
    assert calm.told("pager") == store.told("pager")
    assert states(calm) == states(store)
