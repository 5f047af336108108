"""The City Support Center: what happens now, for operators who look at it all day from three metres."""

from typing import Final

from grafana_foundation_sdk.builders import common, prometheus, stat, table
from grafana_foundation_sdk.builders.dashboard import Dashboard, FieldColor, ThresholdsConfig, TimePicker
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueJustifyMode,
    BigValueTextMode,
)
from grafana_foundation_sdk.models.dashboard import (
    Dashboard as DashboardModel,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    FieldColorModeId,
)

from grafana.annotations import SqlAnnotation
from grafana.board_ids import CITY, SUPPORT, SUPPORT_MARKERS, uid_of
from grafana.columns import Column
from grafana.kit import Kit, operator_kit, prometheus_ref
from grafana.layout import Line, Section, Sized, laid_out
from grafana.links import board_link, kiosk_link, zone_url
from grafana.palette import BLUE, VERMILLION, YELLOW
from grafana.panels import age_tiles, described, lines, nothing, rows, steps, tiles, timeline
from grafana.variables import queried
from grafana.words import LANGUAGES, Language
from grafana.zone_map import zone_map

REFRESH: Final = "5s"
PERIOD: Final = "now-3h"

DELAY_P99: Final = "histogram_quantile(0.99, sum by (le) (rate(duls_delay_seconds_bucket[2m])))"
SLOW_S: Final = 7.0  # the goal of a flow row: reorder_s + 2 s
FROZEN_S: Final = 30.0  # as old as figures may be before they count as standing still


def city_support_center(language: Language, *, filled: bool = True) -> DashboardModel:
    """Return the board, with filled zones or with markers only."""
    kit = operator_kit(language)
    board, other = (SUPPORT, SUPPORT_MARKERS) if filled else (SUPPORT_MARKERS, SUPPORT)
    words, uid = kit.words, uid_of(board, language)
    made = (
        Dashboard(words("boards.support" if filled else "boards.support_markers"))
        .uid(uid)
        .description(words("boards.support_description"))
        .tags(["duls", language])
        .readonly()
        .refresh(REFRESH)
        .time(PERIOD, "now")
        .timepicker(TimePicker().refresh_intervals(["5s", "10s", "30s"]))
        .timezone("Europe/Amsterdam")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .variables([queried(kit, "municipality", "municipalities"), queried(kit, "kind", "layers")])
        .annotation(SqlAnnotation(kit, "alert_annotations", VERMILLION))
        .link(board_link(words, "city", CITY))
        .link(board_link(words, "markers" if filled else "filled", other))
        .link(kiosk_link(words, board))
        .build()
    )
    made.panels = laid_out([Section(None, _lines(kit, filled=filled))], uid=uid)
    return made


def _lines(kit: Kit, *, filled: bool) -> list[Line]:
    """Return the panels: figures on top, the map on the left, what needs attention on the right."""
    link = zone_url(kit.words.language)
    age = [Column("fms_age"), Column("anpr_age"), Column("picture_of")]
    return [
        [
            Sized(age_tiles(kit, "data_age", age), 10, 4),
            Sized(tiles(kit, "vehicles_now", [Column("present", unit="none")]), 4, 4),
            Sized(tiles(kit, "events_per_s", [Column("events_per_s", unit="short", decimals=0)]), 3, 4),
            Sized(_delay(kit), 3, 4),
            Sized(
                tiles(kit, "dead_letters_1h", [Column("rejected_1h", unit="none")], thresholds=_few()), 4, 4
            ),
        ],
        [
            [
                Sized(zone_map(kit, filled=filled, link=link), 12, 13),
                Sized(timeline(kit, "zone_states", "slot_state"), 12, 9),
            ],
            [
                Sized(_worst(kit, link), 12, 12),
                Sized(_alerts(kit, link), 12, 5),
                Sized(lines(kit, "zone_vehicles", unit="none"), 12, 5),
            ],
        ],
    ]


def _worst(kit: Kit, link: str) -> table.Panel:
    """Return the ten fullest zones: a gauge, and the state as a word with a sign."""
    columns = [
        Column("zone_id", hidden=True),
        Column("name", link=link),
        Column("load_pct", unit="percent", decimals=0, gauge=True),
        Column("state", values="state", coloured="background", width=170),
        Column("present", unit="none", width=110),
        Column("capacity", unit="none", width=110),
    ]
    return rows(kit, "worst_zones", columns)


def _alerts(kit: Kit, link: str) -> table.Panel:
    """Return alerts, those that need somebody first."""
    columns = [
        Column("zone_id", hidden=True),
        Column("phase", values="phase", coloured="background", width=150),
        Column("name", link=link, width=180),
        Column("since", unit="dateTimeAsLocalNoDateIfToday", width=130),
        Column("pct", unit="percent", decimals=0, width=90),
        *(
            Column(f"reason_{language}", word="reason", hidden=language != kit.words.language)
            for language in LANGUAGES
        ),
        Column("acknowledged_by", width=140),
    ]
    return rows(kit, "alerts", columns).no_value(kit.words("nothing.alerts"))


def _delay(kit: Kit) -> stat.Panel:
    """Return the delay from the broker to the database that one row in a hundred exceeds."""
    return (
        described(stat.Panel(), kit, "delay_p99")
        .datasource(prometheus_ref())
        .with_target(
            prometheus.Dataquery().datasource(prometheus_ref()).expr(DELAY_P99).instant().ref_id("A")
        )
        .no_value(nothing(kit))
        .unit("s")
        .decimals(1)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .justify_mode(BigValueJustifyMode.CENTER)
        .text_mode(BigValueTextMode.VALUE)
        .thresholds(steps((None, BLUE), (SLOW_S, YELLOW), (FROZEN_S, VERMILLION)))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    )


def _few() -> ThresholdsConfig:
    """Return the colours of a count that should be small."""
    return steps((None, BLUE), (1, YELLOW), (1_000, VERMILLION))
