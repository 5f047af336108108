"""`duls rules`: a file becomes the version of the overload rules that is in force within seconds."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from duls.app.alert_world import stored_rules
from duls.config import Settings
from duls.errors import InvalidInputError, RefusedError, RulesRefusedError
from processors.overload.plan import WatchedZone
from processors.overload.rule_document import changed_rules, check_zones, merged, rule_document
from processors.overload.rule_file import RuleFile, read_rules
from processors.overload.rules import RuleSet
from processors.overload.zone_rules import rules_in_zone_file
from sinks.connection import Connection, open_connection
from sinks.migrate import require_current
from sinks.overload_rules import NewRules, RuleChange, rule_log, store_rules
from sinks.registry import newest_zone_rows

APPLICATION: Final = "duls rules"
Mode = Literal["replace", "merge"]


class Author(NamedTuple):
    """Who stores rules, and why."""

    by: str
    note: str | None = None


class RuleReport(NamedTuple):
    """What became of rules."""

    version: int
    is_new: bool  # False: they say what the newest version says
    rules: int
    changes: Mapping[str, str]  # added, changed or removed, by rule or calendar
    warnings: list[str]  # what cannot hold for the zones that there are


def load_rule_file(settings: Settings, path: Path, author: Author, *, mode: Mode | None = None) -> RuleReport:
    """Put the rules of a file in force.

    Args:
        settings: of the process.
        path: TOML or JSON with rules, or GeoJSON with rules in its zones.
        author: who does it.
        mode: "replace" takes the place of all rules, "merge" replaces rules with a known id and adds the others;
            by default a GeoJSON file is merged, for it speaks of its own zones only.

    Raises:
        RulesRefusedError: the file holds something that is no rule; nothing was changed.
        InvalidInputError: the file cannot be read.
        ServiceAwayError: the database does not answer.
    """
    document = read_document(path)
    is_geojson = isinstance(document, Mapping) and document.get("type") == "FeatureCollection"
    file = rules_in_zone_file(_bytes(path)) if is_geojson else read_rules(document)
    given = usable(str(path), file)
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        zones = watched_zones(connection)
        return put_rules(
            connection, given, author, mode or ("merge" if is_geojson else "replace"), zones=zones
        )


def put_rules(
    connection: Connection,
    given: RuleSet,
    author: Author,
    mode: Mode,
    *,
    zones: Sequence[WatchedZone],
    after: int | None = None,
) -> RuleReport:
    """Store rules as the newest version, unless they say what it says.

    Args:
        connection: to the database.
        given: the rules.
        author: who stores them.
        mode: as in `load_rule_file`.
        zones: that there are, for warnings.
        after: the version that the rules were made from; None: whatever it is.

    Raises:
        RulesRefusedError: the rules do not go with those that are there.
        RefusedError: somebody else stored rules meanwhile.
    """
    before = stored_rules(connection)
    if after is not None and after != before.version:
        message = f"the rules in force are version {before.version}, and these were made from version {after}"
        raise RefusedError(message)
    rules = given if mode == "replace" else usable("the rules together", merged(before, given))
    changes = dict(changed_rules(before, rules))
    warnings = [str(problem) for problem in check_zones(rules, zones)]
    if not changes:
        return RuleReport(before.version, is_new=False, rules=len(rules.rules), changes={}, warnings=warnings)
    document = json.dumps(rule_document(rules), ensure_ascii=False)
    new = NewRules(document, json.dumps(changes), author.by, author.note)
    version = store_rules(connection, new, after=before.version)
    if version is None:
        message = "somebody else stored rules at the same moment: look at them, then try again"
        raise RefusedError(message)
    return RuleReport(version, is_new=True, rules=len(rules.rules), changes=changes, warnings=warnings)


def current_rules(settings: Settings) -> RuleSet:
    """Return the rules in force; none, as version 0, where none were loaded."""
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        return stored_rules(connection)


def changes_of_rules(settings: Settings, limit: int) -> list[RuleChange]:
    """Return who changed the rules, newest first."""
    require_current(settings.database_url)
    with open_connection(settings.database_url, application_name=APPLICATION) as connection:
        return rule_log(connection, limit)


def rules_of_file(path: Path) -> RuleSet:
    """Return the rules of a file without storing them.

    Raises:
        RulesRefusedError: the file holds something that is no rule.
        InvalidInputError: the file cannot be read.
    """
    return usable(str(path), read_rules(read_document(path)))


def read_document(path: Path) -> Any:
    """Return the plain data of a JSON or TOML file, told apart by its name.

    Raises:
        InvalidInputError: it cannot be read.
    """
    text = _bytes(path)
    try:
        if path.suffix.lower() == ".toml":
            return tomllib.loads(text.decode())
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{path} cannot be read as {'TOML' if path.suffix.lower() == '.toml' else 'JSON'}: {error}"
        raise InvalidInputError(message) from error


def watched_zones(connection: Connection) -> list[WatchedZone]:
    """Return the zones of the newest version, as rules know them."""
    return [
        WatchedZone(row.zone_id, row.kind, row.municipality, row.capacity)
        for row in newest_zone_rows(connection)
    ]


def usable(what: str, file: RuleFile) -> RuleSet:
    """Return the rules of a file.

    Raises:
        RulesRefusedError: there are problems.
    """
    if file.rules is None:
        raise RulesRefusedError(what, file.problems)
    return file.rules


def _bytes(path: Path) -> bytes:
    """Return the content of a file."""
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InvalidInputError(message) from error
