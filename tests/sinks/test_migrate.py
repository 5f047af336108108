"""Tests of migrations: repeatable, safe side by side, never back, equal to the contract."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import structlog

import sinks.migrate
from duls.errors import ConfigError, RefusedError, ServiceAwayError
from processors.columns import FIGURES
from processors.vocabulary import SOURCES, VEHICLE_CLASSES, ZERO_EMISSIONS
from sinks.connection import Connection
from sinks.migrate import ensure_database, migrate, require_current
from tests.faults.waiting import wait_until

FLOW = (
    "zone_id {} vehicle_class zero_emission source observations vehicles entries exits appearances "
    "disappearances dwell_s visits visit_s stops stop_s distance_m through late"
)
LIMITS = (
    "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),"
    " current_setting('idle_in_transaction_session_timeout')"
)
CONTRACT = {
    "live.zone": "zone_id name kind municipality capacity area_km2 geojson",
    "live.zone_now": "zone_id vehicle_class zero_emission present silent as_of",
    "live.zone_flow": FLOW.format("slot_start slot_s"),
    "live.zone_flow_hour": FLOW.format("hour_start"),
    "live.zone_flow_day": FLOW.format("day"),
    "live.alert": "alert_id zone_id rule state value capacity pct since until acknowledged_by "
    "acknowledged_at reason",
    "live.feed": "feed last_event_time last_arrival complete_through lag_s rate_1m accepted_1h rejected_1h "
    "duplicates_1h out_of_order_1h late_1h low_confidence_1h",
    "history.zone_flow_hour": FLOW.format("hour_start") + " k k_status",
    "history.zone_flow_day": FLOW.format("day") + " k k_status",
    "history.od_flow": "origin_zone_id destination_zone_id slot_start vehicle_class k k_status",
}


@pytest.mark.services
def test_migrating_twice_applies_everything_once(database_url: str) -> None:
    """The second run finds nothing to do."""
    first = migrate(database_url)

    assert first == sorted(path.stem for path in Path("sinks/migrations").glob("0*.sql"))
    assert [] == migrate(database_url)
    require_current(database_url)


@pytest.mark.services
def test_processes_may_migrate_at_the_same_time(database_url: str) -> None:
    """Each migration is applied by one of them."""
    with ThreadPoolExecutor(4) as pool:
        applied = [name for names in pool.map(migrate, [database_url] * 4) for name in names]

    assert len(applied) == len(set(applied))
    assert "0001.foundation" in applied


@pytest.mark.services
def test_who_keeps_migrations_waiting_is_told(
    figures_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what is needed to end that session; once it ends, migrating goes on."""
    monkeypatch.setattr("sinks.silence.TOLD_S", 0.1)
    with ThreadPoolExecutor(1) as pool, structlog.testing.capture_logs() as logs:
        with connection.transaction():
            connection.execute("LOCK TABLE core.migrating IN SHARE UPDATE EXCLUSIVE MODE")
            migrating = pool.submit(migrate, figures_url)
            told = wait_until(lambda: logs[:1], "it is told", deadline_s=30.0)
            assert not migrating.done()
        assert [] == migrating.result(60.0)

    assert {
        "event": "migrating waits for another session: `SELECT pg_terminate_backend(pid)` would end it",
        "log_level": "warning",
        "pid": connection.info.backend_pid,
        "user": connection.info.user,
        "application": "test",
    }.items() <= told[0].items()
    assert re.match(r"\d{4}-", told[0]["since"])


@pytest.mark.services
def test_limits_of_the_login_do_not_end_migrations(figures_url: str) -> None:
    """They wait for each other, and take as long as they take."""
    limits = []
    name = psycopg.sql.Identifier(psycopg.conninfo.conninfo_to_dict(figures_url)["dbname"] or "")
    with psycopg.connect(figures_url, autocommit=True) as admin:
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            statement = psycopg.sql.SQL("ALTER DATABASE {} SET {} = '1s'")
            admin.execute(statement.format(name, psycopg.sql.Identifier(limit)))
        for backend in (psycopg.connect(figures_url), sinks.migrate._connection(figures_url)):
            with backend:
                limits.append(backend.execute(LIMITS).fetchall()[0])

    assert [("1s", "1s", "1s"), ("0", "0", "0")] == limits


@pytest.mark.services
def test_a_database_of_a_version_without_the_lock_is_migrated(figures_url: str) -> None:
    """Roles are told to wait for that."""
    with psycopg.connect(figures_url) as older:
        older.execute("DROP TABLE core.migrating")

    with pytest.raises(ConfigError, match="run `duls migrate` first"):
        require_current(figures_url)
    assert [] == migrate(figures_url)
    require_current(figures_url)


@pytest.mark.services
def test_a_database_of_a_newer_version_is_refused(figures_url: str) -> None:
    """Going back is not possible, and the message names what is unknown."""
    with psycopg.connect(figures_url) as newer:
        newer.execute("INSERT INTO core._yoyo_migration VALUES ('abc', '9999.future', now())")

    with pytest.raises(RefusedError, match=r"9999\.future"):
        migrate(figures_url)
    with pytest.raises(RefusedError, match=r"9999\.future"):
        require_current(figures_url)


@pytest.mark.services
def test_running_on_an_unmigrated_database_is_refused(database_url: str) -> None:
    """The message says what to do."""
    with pytest.raises(ConfigError, match="duls migrate"):
        require_current(database_url)


@pytest.mark.services
def test_a_migration_that_fails_leaves_nothing_behind(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it made and its entry in the list are one transaction."""
    (tmp_path / "0001.half.sql").write_text("CREATE TABLE core.half (a int); SELECT 1 / 0;")
    schema = sinks.migrate.FIGURES_SCHEMA._replace(folder=tmp_path)
    monkeypatch.setattr(sinks.migrate, "FIGURES_SCHEMA", schema)

    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(database_url)

    with psycopg.connect(database_url) as look:
        assert [(None,)] == look.execute("SELECT to_regclass('core.half')").fetchall()
        assert [(0,)] == look.execute("SELECT count(*) FROM core._yoyo_migration").fetchall()


@pytest.mark.services
def test_a_missing_database_is_made(database_url: str) -> None:
    """The first call makes it, the second finds it."""
    name = psycopg.conninfo.conninfo_to_dict(database_url)["dbname"]
    other = database_url.replace(f"/{name}", f"/{name}_new")
    try:
        assert ensure_database(other)
        assert not ensure_database(other)
    finally:
        with psycopg.connect(database_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name}_new WITH (FORCE)")


def test_a_server_that_is_away_is_said_to_be_away() -> None:
    """No driver error reaches the command line."""
    with pytest.raises(ServiceAwayError, match="running and reachable"):
        migrate("postgresql://127.0.0.1:1/none")


@pytest.mark.services
@pytest.mark.parametrize("view", CONTRACT)
def test_views_have_the_columns_of_the_contract(connection: Connection, view: str) -> None:
    """Each has at least them, in their order."""
    description = connection.execute(f"SELECT * FROM {view} LIMIT 0").description or []  # noqa: S608  # names of this file
    names = [column.name for column in description]

    wanted = CONTRACT[view].split()
    assert wanted == [name for name in names if name in wanted]


@pytest.mark.services
def test_flow_tables_have_every_figure(connection: Connection) -> None:
    """A figure added to the columns without a migration is noticed."""
    rows = connection.execute(
        "SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) "
        "FROM information_schema.columns WHERE table_schema = 'core' "
        "AND table_name ~ '^(flow|published_[hd])' AND data_type = 'bigint' GROUP BY table_name"
    ).fetchall()

    assert {table: list(FIGURES) for table, _ in rows} == dict(rows)
    assert len(rows) == 5


@pytest.mark.services
@pytest.mark.parametrize(
    ("function", "names"),
    [
        ("vehicle_class_name", VEHICLE_CLASSES),
        ("zero_emission_name", ZERO_EMISSIONS),
        ("source_name", SOURCES),
    ],
)
def test_codes_become_the_texts_of_the_vocabulary(
    connection: Connection, function: str, names: tuple[str, ...]
) -> None:
    """The functions of the views and the vocabulary cannot drift apart."""
    texts = [
        connection.execute(f"SELECT core.{function}(%s::smallint)", [code]).fetchall()[0][0]
        for code in range(len(names) + 1)
    ]

    assert [*names, None] == texts


@pytest.mark.services
def test_flow_tables_are_hypertables_where_timescaledb_is(connection: Connection) -> None:
    """A server that has the extension gets it used."""
    if not connection.execute("SELECT FROM pg_extension WHERE extname = 'timescaledb'").fetchall():
        pytest.skip("this server has no TimescaleDB")
    rows = connection.execute(
        "SELECT hypertable_name::text FROM timescaledb_information.hypertables"
    ).fetchall()

    assert {row[0] for row in rows} == {
        "flow_slot", "flow_hour", "flow_day", "published_hour", "published_day", "published_od"
    }  # fmt: skip


@pytest.mark.services
def test_every_table_and_column_is_described(connection: Connection) -> None:
    """The database explains itself to whoever opens it."""
    rows = connection.execute(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE a.attnum > 0 AND c.relnamespace = 'core'::regnamespace "
        "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT LIKE '%yoyo%' "
        "AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL"
    ).fetchall()

    assert [] == rows
