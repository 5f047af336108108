"""What a planner sees first, and how complete it is."""

from grafana.columns import Column
from grafana.kit import Kit
from grafana.layout import Line, Sized
from grafana.palette import CLASS_COLOURS, FEED_COLOURS
from grafana.panels import lines, rows, tiles


def overview(kit: Kit) -> list[Line]:
    """Return how far publication is, the totals of the period, and its days."""
    publication = [
        Column("published_through"),
        Column("k", unit="none"),
        Column("complete_pct", unit="percent", decimals=0),
        Column("suppressed_pct", unit="percent", decimals=1),
    ]
    totals = [
        Column("entries_per_day", unit="none", decimals=0),
        Column("stops_per_day", unit="none", decimals=0),
        Column("vehicles_per_zone_day", unit="none", decimals=0),
        Column("visit_min", unit="m", decimals=0),
        Column("zero_emission_pct", unit="percent", decimals=1),
        Column("km_per_day", unit="lengthkm", decimals=0),
    ]
    days = lines(
        kit, "days_by_class", unit="none", colours=CLASS_COLOURS, published=True, bars=True, stacked=True
    )
    return [
        [Sized(tiles(kit, "publication", publication, published=True), 24, 4)],
        [Sized(tiles(kit, "totals", totals, published=True), 24, 4)],
        [Sized(days, 24, 9, csv=kit.words("links.csv"))],
    ]


def completeness(kit: Kit) -> list[Line]:
    """Return how much of each day was there, and which zones have no history."""
    share = lines(
        kit, "completeness", unit="percent", colours=FEED_COLOURS,
        names=kit.words.group("values.feed"), published=True, maximum=100,
    )  # fmt: skip
    columns = [
        Column("day"),
        Column("source", values="feed"),
        Column("complete_pct", unit="percent", decimals=0, gauge=True),
        *(
            Column(name, unit="none")
            for name in ("accepted", "taken", "rejected", "late", "after_publication")
        ),
    ]
    left_out = [
        Column("zone_name"),
        Column("source", values="feed"),
        Column("figures", values="left_out"),
        Column("reason", values="left_out_reason"),
        Column("crossed_zone"),
        Column("first_day"),
        Column("last_day"),
        Column("days_left_out", unit="none"),
    ]
    return [
        [
            Sized(share, 12, 10),
            Sized(rows(kit, "feed_days", columns, published=True), 12, 10, csv=kit.words("links.csv")),
        ],
        [Sized(rows(kit, "zones_left_out", left_out, published=True), 24, 8, csv=kit.words("links.csv"))],
    ]
