"""Committed boards as tests read them: panels, their queries, and the columns that they name."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from grafana.committed import committed_boards
from grafana.data_sources import POSTGRESQL
from grafana.words import LANGUAGES

Json = dict[str, Any]


class Asked(NamedTuple):
    """A query of a board: of a panel, of a variable or of its marks."""

    board: str  # uid
    place: str  # title of the panel, or name of the variable or the marks
    source: str  # uid of the data source
    sql: str
    panel: Json | None


def boards() -> list[Json]:
    """Return every committed board of every language."""
    return [board for language in LANGUAGES for board in committed_boards(language)]


def panels(board: Json) -> Iterator[Json]:
    """Yield the panels of a board, those inside folded rows too, and no rows."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def asked(board: Json) -> Iterator[Asked]:
    """Yield every SQL query of a board."""
    uid = board["uid"]
    for panel in panels(board):
        for target in panel["targets"]:
            if target["datasource"]["type"] == POSTGRESQL:
                yield Asked(uid, panel["title"], target["datasource"]["uid"], target["rawSql"], panel)
    for variable in board["templating"].get("list", []):
        if variable["type"] == "query":
            yield Asked(uid, f"${variable['name']}", variable["datasource"]["uid"], variable["query"], None)
    for marks in board["annotations"].get("list", []):
        if "target" in marks:
            yield Asked(uid, marks["name"], marks["datasource"]["uid"], marks["target"]["rawSql"], None)


def named_columns(panel: Json) -> set[str]:
    """Return the columns of the answer that a panel names: overrides, axes, map layers, transformations."""
    named = {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["id"] == "byName"
    }
    options = panel.get("options", {})
    named |= {options["xField"]} if "xField" in options else set()
    for layer in options.get("layers", []):
        location = layer.get("location", {})
        named |= {location[key] for key in ("latitude", "longitude") if key in location}
        named |= {config["field"] for config in _inside(layer.get("config", {})) if "field" in config}
        named |= {layer["config"]["idField"]} if "idField" in layer.get("config", {}) else set()
    for transformation in panel.get("transformations", []):
        named |= {value for key, value in transformation["options"].items() if key.endswith("Field")}
    return named


def _inside(value: Any) -> Iterator[Json]:
    """Yield every object inside a value of JSON."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _inside(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _inside(inner)


def is_hidden(properties: dict[str, Any]) -> bool:
    """Tell whether a column is in the answer but not on the screen."""
    return bool(properties.get("custom.hidden"))


BOARDS: Final = boards()
UIDS: Final = [board["uid"] for board in BOARDS]
SUPPORT: Final = [board for board in BOARDS if board["uid"].startswith("duls-support")]
CITY: Final = [board for board in BOARDS if board["uid"].startswith("duls-city")]
PANELS: Final = [(board["uid"], panel) for board in BOARDS for panel in panels(board)]
PANEL_IDS: Final = [f"{uid}: {panel['title']}" for uid, panel in PANELS]
