"""What makes an alert up, in data and in words, from what is known of its zone and of those around it."""

from collections.abc import Mapping
from typing import NamedTuple

from duls.pipelines.alert_city import CityZone
from duls.pipelines.alert_desk import AlertDesk
from duls.pipelines.alert_messages import Text, percentage
from processors.overload.headline import headline
from processors.overload.observation import NO_ENTRIES, SlotEntries, ZoneObservation, value_of
from processors.overload.plan import Limit
from processors.overload.reason import NeighbourLoad, Reason, reason_of
from processors.overload.reason_text import sentence
from processors.overload.rules import Measure, Rule

HOUR_S = 3_600


class EntryRates(NamedTuple):
    """Entries by zone, of now and as usual; None where they are not known."""

    now: Mapping[str, SlotEntries] | None = None
    slot_s: int = 300
    usual: Mapping[str, Mapping[str, int]] | None = None  # by class in an hour, at this time of the week


def reason_for(
    desk: AlertDesk, zone_id: str, limit: Limit, seen: ZoneObservation, rates: EntryRates
) -> Reason:
    """Return what makes the count of a rule in a zone up."""
    zone = desk.zone(zone_id)
    now = None if rates.now is None else rates.now.get(zone_id, NO_ENTRIES).of(limit.classes)
    usual = None if rates.usual is None else rates.usual.get(zone_id, {})
    return reason_of(
        limit,
        seen,
        entries_per_h=_per_hour(now, limit, rates.slot_s),
        usual_entries_per_h=_per_hour(usual, limit, HOUR_S),
        neighbours=() if zone is None else neighbour_loads(desk, zone, limit),
    )


def neighbour_loads(desk: AlertDesk, zone: CityZone, limit: Limit) -> tuple[NeighbourLoad, ...]:
    """Return how full the zones next to one are, by the count of its own rule against what the city gave them."""
    loads = []
    for zone_id in zone.neighbours:
        near = desk.zone(zone_id)
        if near is None or not near.watched.capacity or limit.measure is Measure.ENTRIES_PER_SLOT:
            continue
        pct = percentage(value_of(limit, desk.observation(zone_id)), near.watched.capacity)
        loads.append(NeighbourLoad(zone_id, near.name, pct or 0.0))
    return tuple(loads)


def words_of(reason: Reason) -> Text:
    """Return a reason in words."""
    return Text(sentence(reason, "nl"), sentence(reason, "en"))


def text_of(rule: Rule | None, zone_name: str) -> Text:
    """Return what is wrong; of a rule that is gone, its zone."""
    if rule is None:
        return Text(zone_name, zone_name)
    return Text(headline(rule, zone_name, "nl"), headline(rule, zone_name, "en"))


def _per_hour(entries: Mapping[str, int] | None, limit: Limit, length_s: int) -> float | None:
    """Return the entries of the classes of a rule, as if for an hour; None where they are not known."""
    if entries is None:
        return None
    return sum(count for name, count in entries.items() if name in limit.classes) * HOUR_S / length_s
