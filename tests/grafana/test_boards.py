"""The committed boards: up to date, worded in both languages, and answered by data sources of ours."""

import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import differing, files
from grafana.data_sources import OPERATOR_UID, PLANNER_UID, POSTGRESQL, PROMETHEUS, PROMETHEUS_UID
from grafana.layout import COLUMNS
from grafana.words import LANGUAGES, catalogue, words_of
from tests.grafana.reading import BOARDS, PANEL_IDS, PANELS, SUPPORT, UIDS, Json, asked, is_hidden, panels


def test_the_committed_files_are_what_the_code_makes() -> None:
    """Whoever changes a board runs `python -m grafana.build`."""
    assert [] == differing()


def test_making_them_twice_gives_the_same() -> None:
    """Boards are pure functions of words and queries."""
    assert files() == files()


def test_the_committed_boards_need_no_sdk() -> None:
    """Whoever pushes or ships the boards has the files only."""
    code = (
        "import sys; sys.modules['grafana_foundation_sdk'] = None\n"
        "import grafana.data_sources, grafana.provisioning\n"
        "from grafana.committed import committed_boards\n"
        "print(len(committed_boards('nl')))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "4\n" == ran.stdout


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_a_board_is_of_the_schema_that_the_sdk_knows(board: Json) -> None:
    """Read by the models of Grafana 11.6 and written again it says the same: nothing is misspelt or misplaced."""
    plugins.register_default_plugins()
    without_sql = json.loads(json.dumps(board))
    for panel in without_sql["panels"]:
        for inner in [panel, *panel.get("panels", [])]:
            inner.pop("targets", None)  # the SDK has no model of PostgreSQL's
    without_sql.get("annotations", {}).pop("list", None)

    again = json.loads(json.dumps(Dashboard.from_json(without_sql), cls=JSONEncoder))

    for document in (again, without_sql):
        for panel in document["panels"]:
            for inner in [panel, *(panel.get("panels") or [])]:
                inner.pop("targets", None)
        document.get("annotations", {}).pop("list", None)
    assert without_sql == again


def test_boards_are_in_both_languages_and_ask_the_same() -> None:
    """One catalogue: languages differ in words only."""
    by_language = {
        language: [
            (board["uid"][:-3], [question.sql for question in asked(board)])
            for board in BOARDS
            if board["uid"].endswith(language)
        ]
        for language in LANGUAGES
    }

    assert by_language["nl"] == by_language["en"]
    assert 4 == len(by_language["nl"])


def test_every_text_of_the_catalogue_is_used_and_is_in_both_languages() -> None:
    """A text that nobody shows is a text that nobody keeps true."""
    shown = "\n".join(files().values())
    unused = [
        key
        for key, texts in catalogue().items()
        if any(json.dumps(text, ensure_ascii=False)[1:-1] not in shown for text in texts.values())
    ]

    assert [] == unused
    assert [] == [
        key
        for key, texts in catalogue().items()
        if set(re.findall(r"\$\d", texts["nl"])) != set(re.findall(r"\$\d", texts["en"]))
    ]


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_panels_lie_beside_each_other_on_the_grid(board: Json) -> None:
    """No overlap, nothing beyond the grid, and each has a number of its own."""
    visible = [panel["gridPos"] for panel in board["panels"]]
    inside = [
        [inner["gridPos"] for inner in panel.get("panels", [])]
        for panel in board["panels"]
        if panel["type"] == "row"
    ]

    for group in (visible, *inside):
        assert [] == [(one, other) for one, other in combinations(group, 2) if overlap(one, other)]
        assert [] == [place for place in group if place["x"] + place["w"] > COLUMNS or place["x"] < 0]
    numbers = [panel["id"] for panel in panels(board)] + [
        panel["id"] for panel in board["panels"] if panel["type"] == "row"
    ]
    assert len(numbers) == len(set(numbers))


def overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    """Tell whether two places share a cell of the grid."""
    return (
        one["x"] < other["x"] + other["w"]
        and other["x"] < one["x"] + one["w"]
        and one["y"] < other["y"] + other["h"]
        and other["y"] < one["y"] + one["h"]
    )


@pytest.mark.parametrize(("uid", "panel"), PANELS, ids=PANEL_IDS)
def test_a_panel_says_what_it_is_and_what_stands_where_nothing_is(uid: str, panel: Json) -> None:
    """Title, description, a text for no data, and never a zero in its place."""
    words = words_of("nl" if uid.endswith("nl") else "en")
    texts = set(words.group("nothing").values())

    assert panel["title"]
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["noValue"] in texts
    assert "nullValueMode" not in json.dumps(panel)
    assert panel["fieldConfig"]["defaults"].get("custom", {}).get("spanNulls", False) is False


@pytest.mark.parametrize(("uid", "panel"), PANELS, ids=PANEL_IDS)
def test_a_panel_asks_a_data_source_of_ours_by_its_fixed_id(uid: str, panel: Json) -> None:
    """Operators' boards never ask as a planner, nor the other way round; a `${DS_…}` would be nobody's."""
    board = uid.removeprefix("duls-").rpartition("-")[0].partition("-")[0]
    metrics = (PROMETHEUS, PROMETHEUS_UID)
    allowed = {
        "support": {(POSTGRESQL, OPERATOR_UID), metrics},
        "city": {(POSTGRESQL, PLANNER_UID)},
        "operations": {metrics},
    }[board]

    for reference in [panel["datasource"], *(target["datasource"] for target in panel["targets"])]:
        assert (reference["type"], reference["uid"]) in allowed
    assert "${DS_" not in json.dumps(panel)


@pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=PANEL_IDS)
def test_every_figure_of_a_panel_has_its_unit_and_every_column_its_words(panel: Json) -> None:
    """A percentage looks like one; a raw column name is nobody's language."""
    defaults = panel["fieldConfig"]["defaults"]
    overrides = {
        entry["matcher"]["options"]: {prop["id"]: prop.get("value") for prop in entry["properties"]}
        for entry in panel["fieldConfig"]["overrides"]
    }

    for name, properties in overrides.items():
        unit = properties.get("unit", defaults.get("unit"))
        assert properties.get("displayName") or panel["type"] == "timeseries", name
        if name.endswith(("_pct", "percentage")) or name == "pct":
            assert "percent" == unit or is_hidden(properties), name
        elif name.startswith("km_"):
            assert "lengthkm" == unit
        elif name.endswith("_min"):
            assert "m" == unit
        elif name.endswith(("_count", "_per_day", "_mean")) or name in {"present", "capacity", "trips"}:
            assert "none" == unit, name
    if panel["type"] in {"timeseries", "barchart"}:
        assert defaults["unit"]
        assert defaults["min"] == 0


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_variables_hold_every_choice_that_queries_use(board: Json) -> None:
    """All is the list of all values: a custom value for it would need a case in every query."""
    defined = {variable["name"] for variable in board["templating"].get("list", [])}
    used = {name for question in asked(board) for name in re.findall(r"\$\{(\w+):sqlstring\}", question.sql)}

    assert used <= defined
    assert [] == [
        variable["name"] for variable in board["templating"].get("list", []) if variable.get("allValue")
    ]
    assert [] == [question.place for question in asked(board) if re.search(r"\$\{\w+\}|\[\[", question.sql)]


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_links_between_boards_keep_zone_and_time(board: Json) -> None:
    """A click on a zone opens the City Dashboard of the same language, with that zone and the same period."""
    language = board["uid"][-2:]
    for link in board["links"]:
        target = link["url"].removeprefix("/d/").partition("?")[0]
        assert target in UIDS
        assert target.endswith(language)
        assert link["keepTime"]
        assert link["includeVars"]
    clicks = [
        entry["url"]
        for panel in panels(board)
        for override in panel["fieldConfig"]["overrides"]
        for prop in override["properties"]
        if prop["id"] == "links"
        for entry in prop["value"]
    ]
    assert set(clicks) == (
        {f"/d/duls-city-{language}?var-zone=${{__data.fields.zone_id}}&${{__url_time_range}}"}
        if board in SUPPORT
        else set()
    )


def test_the_page_of_times_has_every_query() -> None:
    """Whoever adds one measures it: `python -m tests.grafana.measure`."""
    page = (Path(__file__).parents[2] / "docs" / "board-queries.md").read_text(encoding="utf-8")
    places: dict[str, list[str]] = {}
    for board in BOARDS:
        for question in asked(board):
            places.setdefault(question.sql, []).append(question.place)

    assert [] == [names for names in places.values() if not any(f"| {name} |" in page for name in names)]
