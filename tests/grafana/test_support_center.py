"""The City Support Center is true to what operators need: one screen, both maps, the age of data, alerts."""

import json
import re

import pytest

from grafana import palette
from grafana.layout import GAP_PX, ROW_PX
from tests.grafana.reading import PANELS, SUPPORT, Json, is_hidden, panels

SCREEN_PX = 1080
CONTROLS_PX = 48  # the choices above the panels, which a kiosk may keep
PADDING_PX = 16


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


def test_a_screen_on_the_wall_has_its_link() -> None:
    """Without menus and in the dark theme, where the state colours have their contrast."""
    for board in SUPPORT:
        assert [f"/d/{board['uid']}?kiosk&theme=dark"] == [
            link["url"] for link in board["links"] if "kiosk" in link["url"]
        ]


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
