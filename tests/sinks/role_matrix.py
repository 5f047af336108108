"""Which role may do what with which object of both databases, as a table."""

import csv
import io
from typing import Final, NamedTuple

from sinks.connection import Connection

ROLES: Final = (
    "public",
    "duls_owner",
    "duls_ingest",
    "duls_operator",
    "duls_planner",
    "duls_api",
    "duls_pseudonymiser",
)
VERBS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
SCHEMAS: Final = ("core", "live", "history", "keys")


class Line(NamedTuple):
    """One object, and what each role may do with it: the first letters of verbs, a dash for nothing."""

    kind: str
    name: str
    verbs: tuple[str, ...]


def matrix_of(connection: Connection) -> list[Line]:
    """Return the lines of one database, chunks of hypertables under the name of their table."""
    found = [*_database(connection), *_schemas(connection), *_tables(connection), *_columns(connection)]
    found += [*_chunks(connection), *_functions(connection), *_members(connection)]
    return sorted(set(found))


def as_csv(lines: list[Line]) -> str:
    """Return lines as the checked-in file has them."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("kind", "name", *ROLES))
    writer.writerows((line.kind, line.name, *line.verbs) for line in lines)
    return text.getvalue()


def _database(connection: Connection) -> list[Line]:
    """Return which role may connect to the database (C) and make temporary tables in it (T)."""
    name = connection.info.dbname
    verbs = _verbs(connection, "has_database_privilege", name, ("CONNECT", "TEMPORARY"))
    return [Line("database", "keys" if name.endswith("_keys") else "figures", verbs)]


def _schemas(connection: Connection) -> list[Line]:
    """Return which role may use (U) and create in (C) which schema, that of chunks included."""
    rows = connection.execute(
        "SELECT nspname FROM pg_namespace WHERE nspname = ANY (%s)",
        ([*SCHEMAS, "public", "_timescaledb_internal"],),
    ).fetchall()
    return [
        Line("schema", name, _verbs(connection, "has_schema_privilege", name, ("USAGE", "CREATE")))
        for (name,) in rows
    ]


def _tables(connection: Connection) -> list[Line]:
    """Return what roles may do with tables, views and sequences."""
    rows = connection.execute(
        "SELECT relkind::text, oid::regclass::text FROM pg_class"
        " WHERE relnamespace::regnamespace::text = ANY (%s) AND relkind IN ('r', 'p', 'v', 'm', 'S')",
        (list(SCHEMAS),),
    ).fetchall()
    kinds = {"r": "table", "p": "table", "v": "view", "m": "view", "S": "sequence"}
    return [
        Line(
            kinds[kind],
            name,
            _verbs(connection, "has_sequence_privilege", name, ("USAGE", "SELECT", "UPDATE"))
            if kind == "S"
            else _verbs(connection, "has_table_privilege", name, VERBS),
        )
        for kind, name in rows
    ]


def _columns(connection: Connection) -> list[Line]:
    """Return grants on single columns, which a table's own grants do not tell of."""
    rows = connection.execute(
        "SELECT attrelid::regclass::text, attname::text FROM pg_attribute"
        " JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE attacl IS NOT NULL AND relnamespace::regnamespace::text = ANY (%s)",
        (list(SCHEMAS),),
    ).fetchall()
    verbs = ("SELECT", "INSERT", "UPDATE", "REFERENCES")
    lines = []
    for table, name in rows:
        by_role = [
            _verbs_of(connection, "has_column_privilege", role, (table, name), verbs) for role in ROLES
        ]
        lines.append(Line("column", f"{table}.{name}", tuple(by_role)))
    return lines


def _chunks(connection: Connection) -> list[Line]:
    """Return what roles may do with the parts that hypertables keep their rows in."""
    if not connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchall():
        return []
    rows = connection.execute(
        "SELECT hypertable_schema || '.' || hypertable_name, format('%I.%I', chunk_schema, chunk_name)"
        " FROM timescaledb_information.chunks"
    ).fetchall()
    return [
        Line("chunk", table, _verbs(connection, "has_table_privilege", chunk, VERBS)) for table, chunk in rows
    ]


def _functions(connection: Connection) -> list[Line]:
    """Return functions that work with the rights of their owner: there should be none."""
    rows = connection.execute(
        "SELECT oid::regprocedure::text FROM pg_proc"
        " WHERE pronamespace::regnamespace::text = ANY (%s) AND prosecdef",
        (list(SCHEMAS),),
    ).fetchall()
    return [
        Line("function", name, _verbs(connection, "has_function_privilege", name, ("EXECUTE",)))
        for (name,) in rows
    ]


def _members(connection: Connection) -> list[Line]:
    """Return which role may become (S) or has at once the rights of (I) which other one of ours."""
    rows = connection.execute(
        "SELECT roleid::regrole::text, member::regrole::text, set_option, inherit_option FROM pg_auth_members"
        " WHERE roleid::regrole::text = ANY (%s) AND member::regrole::text = ANY (%s)",
        (list(ROLES), list(ROLES)),
    ).fetchall()
    lines = []
    for name in {row[0] for row in rows}:
        letters = {
            member: "S" * may_set + "I" * inherits for role, member, may_set, inherits in rows if role == name
        }
        lines.append(Line("role", name, tuple(letters.get(role, "-") for role in ROLES)))
    return lines


def _verbs(connection: Connection, function: str, name: str, verbs: tuple[str, ...]) -> tuple[str, ...]:
    """Return by role the first letters of the verbs that it may use on an object."""
    return tuple(_verbs_of(connection, function, role, (name,), verbs) for role in ROLES)


def _verbs_of(
    connection: Connection, function: str, role: str, names: tuple[str, ...], verbs: tuple[str, ...]
) -> str:
    """Return the first letters of the verbs that a role may use; TRUNCATE and TRIGGER are X and G."""
    letter = {"TRUNCATE": "X", "TRIGGER": "G"}
    places = ", ".join(["%s"] * (2 + len(names)))
    allowed = [
        letter.get(verb, verb[0])
        for verb in verbs
        if connection.execute(f"SELECT {function}({places})".encode(), (role, *names, verb)).fetchall()[0][0]
    ]
    return "".join(allowed) or "-"
