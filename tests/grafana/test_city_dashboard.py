"""The City Dashboard is true to what planners ask for: filters, CSV, and the views of the national plan."""

from pathlib import Path

import pytest
import yaml

from grafana.words import LANGUAGES, words_of
from tests.grafana.reading import CITY, Json, panels

PLAN = next(
    (
        found
        for folder in Path(__file__).parents
        if (found := folder / "shared/reference/city-dashboard").is_dir()
    ),
    None,
)
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


def test_the_city_dashboard_filters_by_what_planners_ask_for() -> None:
    """Period is Grafana's own; a source is one, since a vehicle seen by both would count twice."""
    for board in CITY:
        variables = {variable["name"]: variable for variable in board["templating"].get("list", [])}
        assert {"municipality", "zone", "class", "source", "weekday", "block"} <= set(variables)
        assert not variables["source"].get("multi")
        assert variables["zone"]["multi"]


@pytest.mark.parametrize("board", CITY, ids=lambda board: board["uid"])
def test_every_table_opens_as_csv(board: Json) -> None:
    """The link opens the rows of that very panel, with the choices and the period kept."""
    for panel in panels(board):
        if panel["type"] == "table":
            url = panel["links"][0]["url"]
            kept = "&${__url_time_range}&${__all_variables}"
            assert f"/d/{board['uid']}?inspect={panel['id']}&inspectTab=data{kept}" == url


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
