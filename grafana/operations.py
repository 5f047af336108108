"""The operations board: how DULS itself does, for whoever runs it. Everything comes from Prometheus."""

from typing import Final

from grafana_foundation_sdk.builders import common, stat
from grafana_foundation_sdk.builders.dashboard import Dashboard, FieldColor, ThresholdsConfig, TimePicker
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueJustifyMode,
    BigValueTextMode,
)
from grafana_foundation_sdk.models.dashboard import Dashboard as DashboardModel
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, FieldColorModeId

from grafana.board_ids import OPERATIONS, SUPPORT, uid_of
from grafana.columns import Column, mapped_values
from grafana.kit import Kit
from grafana.layout import Line, Section, Sized, laid_out
from grafana.links import board_link
from grafana.measured import MEASURED, metrics_kit
from grafana.palette import BLUE, FEED_COLOURS, ROLE_COLOURS, VERMILLION, YELLOW
from grafana.panels import described, lines, nothing, rows, steps
from grafana.words import Language

REFRESH: Final = "10s"
PERIOD: Final = "now-6h"
LAG_S: Final = 30.0  # where LagSeconds fires
STALE_S: Final = 120.0  # where DataStale fires
DISK_LOW, DISK_FULL = 0.2, 0.05  # of it free; DiskFull4h fires at the second
HEIGHT: Final = 7


def operations(language: Language) -> DashboardModel:
    """Return the board."""
    kit = metrics_kit(language)
    words, uid = kit.words, uid_of(OPERATIONS, language)
    made = (
        Dashboard(words("boards.operations"))
        .uid(uid)
        .description(words("boards.operations_description"))
        .tags(["duls", language])
        .readonly()
        .refresh(REFRESH)
        .time(PERIOD, "now")
        .timepicker(TimePicker().refresh_intervals(["10s", "30s", "1m"]))
        .timezone("Europe/Amsterdam")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(board_link(words, "support", SUPPORT))
        .build()
    )
    sections = [Section(None, _now(kit)), *_sections(kit)]
    made.panels = laid_out(sections, uid=uid)
    return made


def _now(kit: Kit) -> list[Line]:
    """Return how it is at this moment, and what is wrong."""
    alerts = [
        Column("Time", hidden=True, word="time"),
        Column("Value", hidden=True, word="value"),
        Column("alertname", width=220),
        Column("severity", values="severity", coloured="background", width=150),
        Column("source", width=120),
        Column("role", width=140),
        Column("sink"),
    ]
    aged = steps((None, BLUE), (LAG_S, YELLOW), (STALE_S, VERMILLION))
    free = steps((None, VERMILLION), (DISK_FULL, YELLOW), (DISK_LOW, BLUE))
    return [
        [
            Sized(_tile(kit, "ops_firing", "none", steps((None, BLUE), (1, VERMILLION))), 3, 4),
            Sized(_tile(kit, "ops_processes", "none", steps((None, BLUE))), 7, 4),
            Sized(_tile(kit, "ops_age", "s", aged), 5, 4),
            Sized(
                _tile(kit, "ops_sinks", "none", steps((None, VERMILLION), (1, BLUE))).mappings(
                    mapped_values("up", kit.words)
                ),
                6,
                4,
            ),
            Sized(_tile(kit, "ops_disk", "percentunit", free), 3, 4),
        ],
        [Sized(rows(kit, "ops_alerts", alerts).no_value(kit.words("nothing.firing")), 24, 5)],
    ]


def _sections(kit: Kit) -> list[Section]:
    """Return how it went: rows, time, storing, alerts, page and API, processes."""
    by_feed, by_role = FEED_COLOURS, ROLE_COLOURS
    per_minute, per_s = "cpm", "short"
    named = {
        "ops_rows": [
            lines(kit, "ops_rows", unit=per_s),
            lines(kit, "ops_rejected", unit=per_minute),
            lines(kit, "ops_late", unit=per_minute, colours=by_feed),
        ],
        "ops_time": [
            lines(kit, "ops_ages", unit="s", colours=by_feed),
            lines(kit, "ops_delays", unit="s", colours=by_feed),
            lines(kit, "ops_gaps", unit="none"),
        ],
        "ops_storing": [
            lines(kit, "ops_flushes", unit="s"),
            lines(kit, "ops_partitions", unit="none"),
            lines(kit, "ops_outbox", unit="s"),
            lines(kit, "ops_database", unit="bytes"),
        ],
        "ops_alerts": [
            lines(kit, "ops_watches", unit="none"),
            lines(kit, "ops_deliveries", unit=per_minute),
            lines(kit, "ops_waiting", unit="none"),
        ],
        "ops_http": [
            lines(kit, "ops_requests", unit="reqps"),
            lines(kit, "ops_request_times", unit="s"),
            lines(kit, "ops_streams", unit="none"),
            lines(kit, "ops_pool", unit="percentunit", maximum=1.0),
        ],
        "ops_processes": [
            lines(kit, "ops_cores", unit=per_s, colours=by_role),
            lines(kit, "ops_memory", unit="bytes", colours=by_role),
            lines(kit, "ops_files", unit="percentunit", colours=by_role, maximum=1.0),
        ],
    }
    return [
        Section(
            kit.words(f"sections.{name}"), [[Sized(panel, 24 // len(panels), HEIGHT) for panel in panels]]
        )
        for name, panels in named.items()
    ]


def _tile(kit: Kit, name: str, unit: str, thresholds: ThresholdsConfig) -> stat.Panel:
    """Return the last value of each series of an expression, with its name where there are several."""
    is_named = bool(MEASURED[name].legend)
    return (
        described(stat.Panel(), kit, name)
        .datasource(kit.source)
        .with_target(kit.target(name, form="time_series"))
        .no_value(nothing(kit))
        .unit(unit)
        .decimals(0)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.VALUE)
        .justify_mode(BigValueJustifyMode.CENTER)
        .text_mode(BigValueTextMode.VALUE_AND_NAME if is_named else BigValueTextMode.VALUE)
        .thresholds(thresholds)
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    )
