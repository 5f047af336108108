"""The committed boards: up to date, in place, worded, linked, and true to what the screens are for."""

import json
import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import palette
from grafana.build import differing, files
from grafana.data_sources import OPERATOR_UID, PLANNER_UID, POSTGRESQL, PROMETHEUS, PROMETHEUS_UID
from grafana.layout import COLUMNS, GAP_PX, ROW_PX
from grafana.words import LANGUAGES, catalogue, words_of
from tests.grafana.reading import Json, asked, boards, panels

BOARDS = boards()
UIDS = [board["uid"] for board in BOARDS]
SUPPORT = [board for board in BOARDS if board["uid"].startswith("duls-support")]
CITY = [board for board in BOARDS if board["uid"].startswith("duls-city")]
PANELS = [(board["uid"], panel) for board in BOARDS for panel in panels(board)]
PANEL_IDS = [f"{uid}: {panel['title']}" for uid, panel in PANELS]
PLAN = next(
    (
        found
        for folder in Path(__file__).parents
        if (found := folder / "shared/reference/city-dashboard").is_dir()
    ),
    None,
)
SCREEN_PX = 1080
CONTROLS_PX = 48  # the choices above the panels, which a kiosk may keep
PADDING_PX = 16
COLOUR = re.compile(r'"(#[0-9A-Fa-f]{6})"')
NAMED_COLOUR = re.compile(
    r'"(?:(?:super-light|light|semi-dark|dark)-)?(?:green|red|orange|yellow|blue|purple)"'
)


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


@pytest.mark.parametrize("board", SUPPORT, ids=lambda board: board["uid"])
def test_the_support_center_fits_a_wall_screen(board: Json) -> None:
    """At most twelve panels, and no scrolling on a screen of 1920 by 1080."""
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in board["panels"])

    assert len(board["panels"]) <= 12
    assert CONTROLS_PX + PADDING_PX + bottom * (ROW_PX + GAP_PX) - GAP_PX <= SCREEN_PX
    assert board["refresh"] in {"5s", "10s"}
    assert board["timezone"] == "Europe/Amsterdam"


def test_the_support_center_has_a_map_of_both_kinds() -> None:
    """Filled zones where Grafana allows the alpha layer; markers with a number and labels in both."""
    layers = {
        board["uid"]: [
            (layer["type"], layer["config"]["style"].get("text", {}).get("field"))
            for panel in panels(board) if panel["type"] == "geomap" for layer in panel["options"]["layers"]
        ]
        for board in SUPPORT
    }  # fmt: skip

    markers = [("markers", None), ("markers", "present"), ("markers", "name")]
    assert {
        "duls-support-nl",
        "duls-support-en",
        "duls-support-markers-nl",
        "duls-support-markers-en",
    } == set(layers)
    for uid, found in layers.items():
        assert ([] if "markers" in uid else [("dynamic-geojson", None)]) + markers == found


@pytest.mark.parametrize("board", SUPPORT, ids=lambda board: board["uid"])
def test_a_map_asks_nobody_outside(board: Json) -> None:
    """The base map is a pixel of our own: there may be no internet, and no other host need know who looks."""
    text = json.dumps(board)

    assert "http" not in re.sub(r"http_?[Mm]ethod", "", text)
    assert '"url": "data:image/png;base64,' in text


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


def is_hidden(properties: dict[str, Any]) -> bool:
    """Tell whether a column is in the answer but not on the screen."""
    return bool(properties.get("custom.hidden"))


def test_levels_on_the_map_are_grey_without_data_and_start_at_zero() -> None:
    """A null takes the colour of the base step, so that must be the grey of no data."""
    maps = [panel for board in SUPPORT for panel in panels(board) if panel["type"] == "geomap"]

    for panel in maps:
        steps = [
            (step["value"], step["color"]) for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        ]
        assert [
            (None, palette.GREY),
            (0, palette.BLUE),
            (1, palette.YELLOW),
            (2, palette.VERMILLION),
        ] == steps


def test_no_board_has_a_threshold_of_load_of_its_own() -> None:
    """Busy and full are what the database says, where the alert engine reads too."""
    loads = [
        entry
        for _, panel in PANELS
        for entry in panel["fieldConfig"]["overrides"]
        if entry["matcher"]["options"] == "load_pct"
    ]

    assert loads
    assert [] == [entry for entry in loads if any(prop["id"] == "thresholds" for prop in entry["properties"])]


def test_the_age_of_data_turns_and_says_since_when() -> None:
    """Fresh is blue, frozen is vermillion with the time, never is grey; each is told apart by words and sign too."""
    for board in SUPPORT:
        tile = next(
            panel
            for panel in panels(board)
            if "data_age" in panel["targets"][0]["rawSql"] or panel["id"] == 1
        )
        said = {
            re.sub(r"\W", "", mapping["options"]["pattern"].split(" ")[0]): mapping["options"]["result"]
            for mapping in tile["fieldConfig"]["defaults"]["mappings"]
        }
        assert palette.BLUE == said["fresh"]["color"]
        assert palette.VERMILLION == said["frozen"]["color"]
        assert "$1" in said["frozen"]["text"]
        assert palette.GREY == said["never"]["color"]
        assert 5 == len({result["text"] for result in said.values()})


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


def test_the_city_dashboard_filters_by_what_planners_ask_for() -> None:
    """Period is Grafana's own; a source is one, since a vehicle seen by both would count twice."""
    for board in CITY:
        variables = {variable["name"]: variable for variable in board["templating"].get("list", [])}
        assert {"municipality", "zone", "class", "source", "weekday", "block"} <= set(variables)
        assert not variables["source"].get("multi")
        assert variables["zone"]["multi"]


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


def test_a_screen_on_the_wall_has_its_link() -> None:
    """Without menus and in the dark theme, where the state colours have their contrast."""
    for board in SUPPORT:
        assert [f"/d/{board['uid']}?kiosk&theme=dark"] == [
            link["url"] for link in board["links"] if "kiosk" in link["url"]
        ]


@pytest.mark.parametrize("board", CITY, ids=lambda board: board["uid"])
def test_every_table_opens_as_csv(board: Json) -> None:
    """The link opens the rows of that very panel, with the choices and the period kept."""
    for panel in panels(board):
        if panel["type"] == "table":
            url = panel["links"][0]["url"]
            kept = "&${__url_time_range}&${__all_variables}"
            assert f"/d/{board['uid']}?inspect={panel['id']}&inspectTab=data{kept}" == url


def test_alerts_are_marks_on_the_time_series() -> None:
    """With a beginning and an end."""
    for board in SUPPORT:
        (marks,) = board["annotations"]["list"]
        assert marks["enable"]
        assert '"timeEnd"' in marks["target"]["rawSql"]


@pytest.mark.parametrize("board", SUPPORT, ids=lambda board: board["uid"])
def test_why_an_alert_fires_is_in_the_language_of_the_board(board: Json) -> None:
    """The answer has it in each; the others are hidden."""
    columns = {
        override["matcher"]["options"]: {prop["id"]: prop["value"] for prop in override["properties"]}
        for panel in panels(board)
        for override in panel["fieldConfig"]["overrides"]
    }
    shown = [name for name, properties in columns.items() if "reason" in name and not is_hidden(properties)]

    assert [f"reason_{board['uid'][-2:]}"] == shown


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    channels = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


STATES = (palette.BLUE, palette.YELLOW, palette.VERMILLION, palette.GREY)


def test_states_are_seen_on_the_dark_panel_of_a_wall_screen() -> None:
    """3 to 1 is what WCAG asks of graphics, 4.5 to 1 of the labels on a map."""
    assert [] == [colour for colour in STATES if contrast(colour, palette.DARK_PANEL) < 3]
    assert contrast(palette.DARK_TEXT, palette.YELLOW) >= 4.5


@pytest.mark.parametrize("panel_colour", [palette.DARK_PANEL, palette.LIGHT_PANEL])
def test_series_are_seen_on_dark_and_light_panels(panel_colour: str) -> None:
    """Planners choose their theme."""
    series = {**palette.CLASS_COLOURS, **palette.FEED_COLOURS, **palette.ROLE_COLOURS}

    assert [] == [name for name, colour in series.items() if contrast(colour, panel_colour) < 3]


# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB
BLINDNESS = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def seen(colour: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, float, float]:
    """Return a colour as somebody with that blindness sees it, in CIE L*a*b*."""
    linear = [(int(colour[place : place + 2], 16) / 255) ** 2.2 for place in (1, 3, 5)]
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in matrix
    )
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_colour_blind_tell_states_apart(kind: str) -> None:
    """A distance of 20 in CIE L*a*b* is ten times what the eye just sees."""
    distances = {
        (one, other): sum(
            (a - b) ** 2
            for a, b in zip(seen(one, BLINDNESS[kind]), seen(other, BLINDNESS[kind]), strict=True)
        )
        ** 0.5
        for one, other in combinations(STATES, 2)
    }

    assert {} == {pair: round(distance) for pair, distance in distances.items() if distance < 20}


@pytest.mark.parametrize("board", BOARDS, ids=UIDS)
def test_every_colour_is_of_the_palette(board: Json) -> None:
    """None of Grafana's own reds and greens."""
    text = json.dumps(board)
    known = {*STATES, palette.DARK_TEXT, *palette.CLASS_COLOURS.values(), *palette.FEED_COLOURS.values()}

    assert set(COLOUR.findall(text)) <= known
    assert [] == NAMED_COLOUR.findall(text)


def test_a_state_is_a_colour_and_a_word_with_a_sign() -> None:
    """Nobody needs to see the colour, nor know the sign."""
    for language in LANGUAGES:
        for group in ("state", "phase", "k_status", "severity", "up"):
            texts = list(words_of(language).group(f"values.{group}").values())
            assert len(texts) == len({text[0] for text in texts}), group
            assert [] == [text for text in texts if not re.match(r"\W \w{2}", text)]


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


NINE = {
    "4.1_uurgemiddeldes_per_camera_locatie": "camera_hours",
    "4.2_tijdvak_analyse": "time_blocks",
    "4.3_venstertijden_analyse": "time_windows",
    "4.4_herkomst_voertuigen": "origins",
    "4.5_bezoekersgedrag_herkomst": "visitors_by_origin",
    "4.6_bezoekersgedrag_sbi": "visitors_by_branch",
    "4.7_bezoekersgedrag_bedrijfsgrootte": "visitors_by_size",
    "4.8_kruisverbanden": "crosstabs",
    "4.12_camera_metadata_en_zone_polygonen": "cameras",
}


@pytest.mark.skipif(PLAN is None, reason="the tables of the national plan are not here")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("table", "name"), NINE.items())
def test_the_nine_views_have_the_columns_of_the_plan(table: str, name: str, language: str) -> None:
    """Under the plan's own names, Dutch or English."""
    assert PLAN is not None
    key = {"nl": "nl_camelcase", "en": "eng_snakecase"}[language]
    plan = yaml.safe_load((PLAN / f"{table}.yml").read_text(encoding="utf-8"))
    title = words_of(language)(f"panels.{name}.title")  # type: ignore[arg-type]  # parametrised
    (panel,) = [
        panel
        for board in CITY
        if board["uid"].endswith(language)
        for panel in panels(board)
        if panel["title"] == title
    ]
    shown = {
        prop["value"]
        for override in panel["fieldConfig"]["overrides"]
        for prop in override["properties"]
        if prop["id"] == "displayName"
    }

    assert set() == {column[key] for column in plan["columns"] if column[key]} - shown


def provisioned(name: str) -> dict[str, Any]:
    """Return a file that Grafana reads when it starts."""
    document: dict[str, Any] = yaml.safe_load(files()[f"provisioning/{name}/duls.yaml"])
    return document


def test_data_sources_are_provisioned_with_fixed_ids_and_without_secrets() -> None:
    """Logins and passwords come from the environment of Grafana, one login for each role."""
    sources = {source["uid"]: source for source in provisioned("datasources")["datasources"]}

    assert {OPERATOR_UID, PLANNER_UID, PROMETHEUS_UID} == set(sources)
    for uid, login in ((OPERATOR_UID, "OPERATOR"), (PLANNER_UID, "PLANNER")):
        assert POSTGRESQL == sources[uid]["type"]
        assert f"$DULS_GRAFANA_{login}_USER" == sources[uid]["user"]
        assert {"password": f"$DULS_GRAFANA_{login}_PASSWORD"} == sources[uid]["secureJsonData"]
        assert "1s" == sources[uid]["jsonData"]["timeInterval"]


def test_boards_of_each_language_are_provisioned_from_a_folder_of_their_own() -> None:
    """And nobody changes them in the browser, where the next start would undo it."""
    providers = provisioned("dashboards")["providers"]

    assert [f"/etc/grafana/boards/{language}" for language in LANGUAGES] == [
        provider["options"]["path"] for provider in providers
    ]
    assert [False, False] == [provider["allowUiUpdates"] for provider in providers]
    assert 2 == len({provider["folderUid"] for provider in providers})


def test_the_page_of_times_has_every_query() -> None:
    """Whoever adds one measures it: `python -m tests.grafana.measure`."""
    page = (Path(__file__).parents[2] / "docs" / "board-queries.md").read_text(encoding="utf-8")
    places: dict[str, list[str]] = {}
    for board in BOARDS:
        for question in asked(board):
            places.setdefault(question.sql, []).append(question.place)

    assert [] == [names for names in places.values() if not any(f"| {name} |" in page for name in names)]
