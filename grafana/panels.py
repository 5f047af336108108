"""Panels of any board: each takes its words from `panels.<name>` of the catalogue and says so when it has no data.

A board of another subject uses these with its own kit and queries; `described` dresses a builder of the SDK that
is not here.
"""

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from grafana_foundation_sdk.builders import barchart, common, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueJustifyMode,
    BigValueTextMode,
    FieldTextAlignment,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TableCellHeight,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
)

from grafana.columns import Column, ages, mapped_values, override
from grafana.kit import Kit
from grafana.layout import PanelBuilder
from grafana.palette import BLUE, GREY, VERMILLION, YELLOW

Dressed = TypeVar("Dressed", bound=PanelBuilder)

LINE_WIDTH: Final = 2
ALL_FIELDS: Final = "/.*/"


def described(panel: Dressed, kit: Kit, name: str) -> Dressed:
    """Give a panel its title and its description from the catalogue."""
    return panel.title(kit.words(f"panels.{name}.title")).description(kit.words(f"panels.{name}.description"))


def nothing(kit: Kit, *, published: bool = False) -> str:
    """Return what stands where there is no data: never a zero."""
    return kit.words("nothing.published" if published else "nothing.measured")


def steps(*bounds: tuple[float | None, str]) -> ThresholdsConfig:
    """Return absolute thresholds; the first has no bound."""
    return (
        ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(bound, colour) for bound, colour in bounds])
    )


def level_steps() -> ThresholdsConfig:
    """Return the colours of a level: 0 free, 1 busy, 2 full. Which load is which level, the database says.

    A null takes the colour of the base step, so that is the grey of "no data", and the scale starts at 0.
    """
    return steps((None, GREY), (0, BLUE), (1, YELLOW), (2, VERMILLION))


def tiles(
    kit: Kit,
    name: str,
    columns: Sequence[Column],
    *,
    thresholds: ThresholdsConfig | None = None,
    published: bool = False,
    filled: bool = False,
) -> stat.Panel:
    """Return big figures, one for each column of a one-row answer."""
    panel = (
        described(stat.Panel(), kit, name)
        .datasource(kit.source)
        .with_target(kit.target(name))
        .no_value(nothing(kit, published=published))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields(ALL_FIELDS).values(False))
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.BACKGROUND_SOLID if filled else BigValueColorMode.VALUE)
        .justify_mode(BigValueJustifyMode.CENTER)
        .text_mode(BigValueTextMode.VALUE_AND_NAME if len(columns) > 1 else BigValueTextMode.VALUE)
        .orientation(VizOrientation.VERTICAL)
        .thresholds(thresholds or steps((None, BLUE)))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    )
    for column in columns:
        panel.override_by_name(column.name, override(column, kit.words))
    return panel


def age_tiles(kit: Kit, name: str, columns: Sequence[Column]) -> stat.Panel:
    """Return how old figures are, in words that turn vermillion and say since when once they stand still."""
    return tiles(kit, name, columns, filled=True).mappings(list(ages(kit.words)))


def rows(
    kit: Kit,
    name: str,
    columns: Sequence[Column],
    *,
    published: bool = False,
    query: str | None = None,
    thresholds: ThresholdsConfig | None = None,
) -> table.Panel:
    """Return a table with a named column for each column of the answer."""
    panel = (
        described(table.Panel(), kit, name)
        .datasource(kit.source)
        .with_target(kit.target(query or name))
        .no_value(nothing(kit, published=published))
        .cell_height(TableCellHeight.SM)
        .align(FieldTextAlignment.AUTO)
        .inspect(False)
        .show_header(True)
        .thresholds(thresholds or steps((None, BLUE)))
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
    )
    for column in columns:
        panel.override_by_name(column.name, override(column, kit.words))
    return panel


def lines(
    kit: Kit,
    name: str,
    *,
    unit: str,
    colours: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    form: str = "time_series",
    published: bool = False,
    bars: bool = False,
    stacked: bool = False,
    maximum: float | None = None,
) -> timeseries.Panel:
    """Return series over time.

    Args:
        kit: Words, queries and data source.
        name: Of the panel and of its query.
        unit: Of the values.
        colours: Of series, by name.
        names: Words for series, by their name in the answer.
        form: `time_series` for an answer of (time, metric, value), `table` for a column a series.
        published: Whether it shows published figures, and so how their absence is told.
        bars: Bars rather than lines.
        stacked: On top of each other.
        maximum: Of the axis.
    """
    panel = (
        described(timeseries.Panel(), kit, name)
        .datasource(kit.source)
        .with_target(kit.target(name, form=form))
        .no_value(nothing(kit, published=published))
        .unit(unit)
        .min(0)
        .span_nulls(False)  # a gap stays a gap
        .line_width(LINE_WIDTH)
        .fill_opacity(80 if bars else 0)
        .draw_style(GraphDrawStyle.BARS if bars else GraphDrawStyle.LINE)
        .show_points(VisibilityMode.AUTO)
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if maximum is not None:
        panel.max(maximum)
    for series in {**(colours or {}), **(names or {})}:
        panel.override_by_name(series, _series(series, colours or {}, names or {}))
    return panel


def bars(
    kit: Kit,
    name: str,
    *,
    query: str,
    across: str,
    columns: Sequence[Column],
    colours: Mapping[str, str],
    unit: str,
) -> barchart.Panel:
    """Return grouped bars of published figures, over the values of one column."""
    panel = (
        described(barchart.Panel(), kit, name)
        .datasource(kit.source)
        .with_target(kit.target(query))
        .no_value(nothing(kit, published=True))
        .x_field(across)
        .unit(unit)
        .min(0)
        .fill_opacity(85)
        .show_value(VisibilityMode.NEVER)
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    for column in columns:
        properties = override(column, kit.words)
        if column.name in colours:
            properties.append(_fixed(colours[column.name]))
        if column.hidden:
            properties.append(
                DynamicConfigValue("custom.hideFrom", {"viz": True, "legend": True, "tooltip": True})
            )
        panel.override_by_name(column.name, properties)
    return panel


def timeline(kit: Kit, name: str, group: str) -> statetimeline.Panel:
    """Return states over time, a line each, as words and colours of a group of values."""
    return (
        described(statetimeline.Panel(), kit, name)
        .datasource(kit.source)
        .with_target(kit.target(name, form="time_series"))
        .no_value(nothing(kit))
        .mappings(mapped_values(group, kit.words))
        .color_scheme(FieldColor().mode(FieldColorModeId.FIXED).fixed_color(GREY))
        .merge_values(True)
        .show_value(VisibilityMode.AUTO)
        .row_height(0.9)
        .line_width(0)
        .fill_opacity(85)
        .legend(
            common.VizLegendOptions()
            .show_legend(False)
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE))
    )


def _legend() -> common.VizLegendOptions:
    """Return a legend below the panel."""
    return (
        common.VizLegendOptions()
        .show_legend(True)
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
    )


def _series(series: str, colours: Mapping[str, str], names: Mapping[str, str]) -> list[DynamicConfigValue]:
    """Return the colour and the words of a series."""
    properties = [_fixed(colours[series])] if series in colours else []
    if series in names:
        properties.append(DynamicConfigValue("displayName", names[series]))
    return properties


def _fixed(colour: str) -> DynamicConfigValue:
    """Return the property that fixes a colour."""
    return DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})
