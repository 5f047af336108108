"""What Grafana makes of a query before it reaches PostgreSQL: variables in the browser, macros in the data source.

Written after the documented behaviour of Grafana 11: `:sqlstring` quotes and doubles quotes; All is the list of all
values; `$__timeFilter`, `$__timeFrom` and `$__timeTo` are UTC instants in RFC 3339.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}")
_MACRO = re.compile(r"\$(__\w+)\(([^)]*)\)")


class Period(NamedTuple):
    """The time range of a board."""

    start: datetime
    end: datetime


def expanded(sql: str, values: Mapping[str, Sequence[str]], period: Period) -> str:
    """Return the SQL that reaches the database; an unknown variable, format or macro is an error."""
    return _MACRO.sub(lambda found: _macro(found[1], found[2], period), _interpolated(sql, values))


def _interpolated(sql: str, values: Mapping[str, Sequence[str]]) -> str:
    """Return the query with its variables in."""

    def value_of(found: re.Match[str]) -> str:
        """Return the chosen values in the format that the query asks for."""
        if found[2] != "sqlstring":
            message = f"{found[0]} is not quoted for SQL"
            raise ValueError(message)
        return ",".join("'" + value.replace("'", "''") + "'" for value in values[found[1]])

    return _VARIABLE.sub(value_of, sql)


def _macro(name: str, argument: str, period: Period) -> str:
    """Return what a macro stands for."""
    start, end = (f"'{_instant(moment)}'" for moment in period)
    match name:
        case "__timeFilter":
            return f"{argument} BETWEEN {start} AND {end}"
        case "__timeFrom":
            return start
        case "__timeTo":
            return end
        case _:
            message = f"unknown macro {name}"
            raise ValueError(message)


def _instant(moment: datetime) -> str:
    """Return an instant as Grafana writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
