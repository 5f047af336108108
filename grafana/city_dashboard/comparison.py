"""One thing beside another: before and after, this year and the last, zones, emission, from where to where."""

from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from grafana.columns import Column
from grafana.kit import Kit
from grafana.layout import Line, Sized
from grafana.palette import BLUE, CLASS_COLOURS, VERMILLION
from grafana.panels import bars, lines, rows


def comparison(kit: Kit) -> list[Line]:
    """Return before and after, year on year, and zones beside each other."""
    csv = kit.words("links.csv")
    compared = [
        Column("day_of_week", word="weekday", values="weekday"),
        Column("before_mean", unit="none", decimals=0),
        Column("after_mean", unit="none", decimals=0),
        Column("change_pct", unit="percent", decimals=1),
        Column("before_days", unit="none"),
        Column("after_days", unit="none"),
    ]
    shown = [
        column for column in compared if not column.name.endswith("_days") and column.name != "change_pct"
    ]
    left_out = [Column(name, hidden=True) for name in ("change_pct", "before_days", "after_days")]
    chart = bars(
        kit, "before_after_chart", query="before_after", across="day_of_week", columns=[*shown, *left_out],
        colours={"before_mean": BLUE, "after_mean": VERMILLION}, unit="none",
    )  # fmt: skip
    years = lines(
        kit, "year_on_year", unit="none", form="table", published=True,
        colours={"this_year": VERMILLION, "year_before": BLUE},
        names={name: kit.words(f"columns.{name}") for name in ("this_year", "year_before")},
    )  # fmt: skip
    return [
        [Sized(chart, 10, 9), Sized(rows(kit, "before_after", compared, published=True), 14, 9, csv=csv)],
        [Sized(years, 24, 9, csv=csv)],
        [Sized(rows(kit, "zone_comparison", _zones(), published=True), 24, 12, csv=csv)],
    ]


def exchange(kit: Kit) -> list[Line]:
    """Return the share without emission, and trips from zone to zone."""
    csv = kit.words("links.csv")
    share = lines(
        kit, "zero_emission_share", unit="percent", colours=CLASS_COLOURS, published=True, maximum=100
    )
    matrix = rows(kit, "od_matrix", [], published=True).with_transformation(
        DataTransformerConfig(
            id_val="groupingToMatrix",
            options={
                "columnField": "destination",
                "rowField": "origin",
                "valueField": "trips",
                "emptyValue": "null",
            },
        )
    )
    trips = [
        Column("origin"),
        Column("destination"),
        Column("trips", unit="none"),
        Column("suppressed_cells", unit="none"),
    ]
    return [
        [Sized(share, 24, 9, csv=csv)],
        [
            Sized(matrix.unit("none"), 14, 13, csv=csv),
            Sized(rows(kit, "od_list", trips, published=True), 10, 13, csv=csv),
        ],
    ]


def _zones() -> list[Column]:
    """Return the columns of zones beside each other."""
    return [
        Column("zone_id", hidden=True),
        Column("zone_name"),
        Column("entries_per_day", unit="none", decimals=0),
        Column("stops_per_day", unit="none", decimals=0),
        Column("vehicles_per_day", unit="none", decimals=0),
        Column("visit_min", unit="m", decimals=0),
        Column("zero_emission_pct", unit="percent", decimals=1, gauge=True),
        Column("suppressed_pct", unit="percent", decimals=1),
    ]
