"""The page of the views that others read, from a migrated database: what each is, and what its columns mean."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from sinks.connection import Connection

# a column without words of its own has those of its namesake in the tables that its view is made of, where they agree
COLUMNS: Final = b"""
WITH RECURSIVE told AS (
    SELECT schema.nspname, relation.relname, relation.relkind, relation.oid, attribute.attname, attribute.attnum,
        format_type(attribute.atttypid, attribute.atttypmod) AS type,
        col_description(relation.oid, attribute.attnum) AS words
    FROM pg_class AS relation
    JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
    JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid
    WHERE attribute.attnum > 0 AND NOT attribute.attisdropped AND schema.nspname IN ('core', 'live', 'history')
),
made_of AS (
    SELECT DISTINCT rule.ev_class AS view, depend.refobjid AS relation
    FROM pg_rewrite AS rule
    JOIN pg_depend AS depend ON depend.classid = 'pg_rewrite'::regclass AND depend.objid = rule.oid
    WHERE depend.refclassid = 'pg_class'::regclass AND depend.refobjid <> rule.ev_class
),
origin (view, relation) AS (
    SELECT view, relation FROM made_of
    UNION
    SELECT origin.view, made_of.relation FROM origin JOIN made_of ON made_of.view = origin.relation
)
SELECT nspname, relname, obj_description(oid), attname, type, coalesce(words, (
    SELECT min(namesake.words)
    FROM origin JOIN told AS namesake ON namesake.oid = origin.relation
    WHERE origin.view = told.oid AND namesake.attname = told.attname
    HAVING count(DISTINCT namesake.words) = 1
), '')
FROM told
WHERE relkind = 'v' AND nspname IN ('live', 'history')
ORDER BY nspname DESC, relname, attnum
"""
HEAD: Final = """# Views

<!-- made by DULS_TEST_WRITE=1 pytest tests/sinks/test_views_page.py; change comments in migrations, not this file -->

What boards, the API and your own programs may read from the database.

- `live` is for members of `duls_operator`: at once, kept for days, and figures may be small.
- `history` is for members of `duls_planner`: k-safe, published once per local day, kept for years.
  A figure that is withheld is null, and `k_status` says why.

[Boards in Grafana](grafana.md#logins) shows how to make logins and to bound them.
Every right is in [roles.csv](roles.csv).
The [HTTP API](api.md) gives the same figures under the same names, and says more about each.
"""


class ViewColumn(NamedTuple):
    """A column of a view."""

    schema: str
    view: str
    view_words: str | None
    name: str
    type: str
    words: str


def view_columns(connection: Connection) -> list[ViewColumn]:
    """Return every column of every view that is meant for readers, `live` first."""
    return [ViewColumn(*row) for row in connection.execute(COLUMNS).fetchall()]


def views_page(columns: Sequence[ViewColumn]) -> str:
    """Return the page."""
    parts = [HEAD]
    for schema, of_schema in groupby(columns, lambda column: column.schema):
        parts.append(f"\n## {schema}\n")
        for view, of_view in groupby(of_schema, lambda column: column.view):
            listed = list(of_view)
            parts.append(
                f"\n### {schema}.{view}\n\n{listed[0].view_words}.\n\n| column | type | meaning |\n|---|---|---|\n"
            )
            parts += [f"| `{column.name}` | {column.type} | {_cell(column.words)} |\n" for column in listed]
    return "".join(parts)


def _cell(words: str) -> str:
    """Return words that cannot break a table."""
    return words.replace("|", "\\|").replace("\n", " ")
