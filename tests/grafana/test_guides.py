"""The Dutch guides tell of every panel, every column and every figure that their readers see."""

import re
from pathlib import Path

import pytest

from grafana.committed import committed_boards
from grafana.words import words_of
from processors.columns import FIGURES
from processors.vocabulary import FIRST_REJECTION, Outcome
from tests.grafana.reading import Json, panels

GUIDES = Path(__file__).parents[2] / "docs" / "nl"
GUIDE_OF = {
    "duls-support-nl": "handleiding-operator.md",
    "duls-support-markers-nl": "handleiding-operator.md",
    "duls-city-nl": "handleiding-planner.md",
    "duls-operations-nl": "handleiding-beheerder.md",
}
BOARDS = committed_boards("nl")
PAGE_WORDS = Path(__file__).parents[2] / "duls" / "api" / "static" / "js" / "messages.js"
WORD = re.compile(r'^  (\w+): \{ nl: "([^"]+)"', re.MULTILINE)
FEED_WORDS = ("feed_fms", "feed_anpr", "feed_fresh", "feed_silent", "feed_stalled")


def guide(board: Json) -> str:
    """Return the guide of a board."""
    return (GUIDES / GUIDE_OF[board["uid"]]).read_text(encoding="utf-8")


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_every_panel_is_explained(board: Json) -> None:
    """Under the title that it has on the screen."""
    text = guide(board)

    assert [] == [panel["title"] for panel in panels(board) if panel["title"] not in text]


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board["uid"])
def test_every_column_and_choice_is_explained(board: Json) -> None:
    """In bold, by the name on the screen; the 24 hours are told of as one."""
    text = guide(board)
    names = {
        prop["value"]
        for panel in panels(board)
        for override in panel["fieldConfig"]["overrides"]
        for prop in override["properties"]
        if prop["id"] == "displayName"
    } | {variable["label"] for variable in board["templating"].get("list", [])}

    assert [] == sorted(
        name
        for name in names
        if f"**{name}**" not in text and not name.isdigit() and name not in {"FMS", "ANPR"}
    )


def test_the_words_of_the_live_page_are_explained() -> None:
    """To the operator: states, levels, links, feeds, and what can be pressed or chosen."""
    text = (GUIDES / "handleiding-operator.md").read_text(encoding="utf-8")
    words = dict(WORD.findall(PAGE_WORDS.read_text(encoding="utf-8")))
    told = [
        *(key for key in words if key.startswith(("state_", "level_", "link_")) or key in FEED_WORDS),
        *("alert_acknowledge", "search_zone", "shown_kind", "whole_map", "timeline_back", "worst_held"),
        *("active_vehicles", "events_per_s", "open_alerts", "worst_ten", "zone_silent", "zone_zero_emission"),
    ]

    assert len(told) > 25
    assert [] == [key for key in told if words[key].replace("{time}", "12:03:11") not in text]


def test_every_figure_of_a_flow_cell_is_explained() -> None:
    """By the name that tables and the API give it."""
    text = (GUIDES / "handleiding-planner.md").read_text(encoding="utf-8")

    assert [] == [name for name in FIGURES if f"`{name}`" not in text]


def test_every_reason_of_a_rejection_is_explained() -> None:
    """To the steward, by the name that `duls dlq` gives it, and no other name besides."""
    text = (GUIDES / "handleiding-gegevensbeheerder.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))

    assert {outcome.name.lower() for outcome in Outcome if outcome >= FIRST_REJECTION} == told


@pytest.mark.parametrize(
    ("name", "groups"),
    [("handleiding-operator.md", ["state", "phase"]), ("handleiding-planner.md", ["k_status"])],
)
def test_the_words_of_states_are_those_on_the_screen(name: str, groups: list[str]) -> None:
    """With their signs, so that a reader finds them."""
    text = (GUIDES / name).read_text(encoding="utf-8")
    words = [
        word
        for group in groups
        for key, word in words_of("nl").group(f"values.{group}").items()
        if key != "ok"
    ]

    assert [] == [word for word in words if word not in text]
