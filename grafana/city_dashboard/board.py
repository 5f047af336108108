"""The board of planners as a whole: its choices and its sections."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    Dashboard as DashboardModel,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    VariableModel,
)

from grafana.board_ids import CITY, SUPPORT, uid_of
from grafana.city_dashboard.birds_eye import birds_eye
from grafana.city_dashboard.comparison import comparison, exchange
from grafana.city_dashboard.overview import completeness, overview
from grafana.city_dashboard.profiles import profiles
from grafana.kit import Kit, planner_kit
from grafana.layout import Section, laid_out
from grafana.links import board_link
from grafana.variables import one, queried, several
from grafana.words import Language

PERIOD: Final = "now-90d/d"
YESTERDAY: Final = "now-1d/d"


def city_dashboard(language: Language) -> DashboardModel:
    """Return the board in a language."""
    kit = planner_kit(language)
    words, uid = kit.words, uid_of(CITY, language)
    made = (
        Dashboard(words("boards.city"))
        .uid(uid)
        .description(words("boards.city_description"))
        .tags(["duls", language])
        .readonly()
        .time(PERIOD, YESTERDAY)
        .timezone("Europe/Amsterdam")
        .week_start("monday")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .variables(_variables(kit))
        .link(board_link(words, "support", SUPPORT))
        .build()
    )
    sections = [
        Section(None, overview(kit)),
        Section(words("sections.profiles"), profiles(kit), collapsed=True),
        Section(words("sections.comparison"), comparison(kit), collapsed=True),
        Section(words("sections.exchange"), exchange(kit), collapsed=True),
        *(Section(words(f"sections.{name}"), lines, collapsed=True) for name, lines in birds_eye(kit)),
        Section(words("sections.completeness"), completeness(kit), collapsed=True),
    ]
    made.panels = laid_out(sections, uid=uid)
    return made


def _variables(kit: Kit) -> list[Builder[VariableModel]]:
    """Return what planners choose by."""
    words = kit.words
    return [
        queried(kit, "municipality", "municipalities"),
        queried(kit, "kind", "layers"),
        queried(kit, "zone", "zones"),
        several(kit, "class", words.group("choices.class")),
        # of one source: a vehicle that both have seen would count twice
        one(kit, "source", words.group("choices.source")),
        several(kit, "weekday", words.group("choices.weekday")),
        several(kit, "block", words.group("choices.block")),
        one(kit, "figure", words.group("choices.figure")),
        one(kit, "weeks", words.group("choices.weeks")),
    ]
