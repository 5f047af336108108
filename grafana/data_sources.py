"""The data sources of the boards: fixed ids, and what Grafana is told of them. Needs no SDK.

The role of a data source is the boundary: whoever sees a board can send it any SQL. So there is one for operators,
whose login is a member of `duls_operator`, and one for planners, a member of `duls_planner`.
"""

from typing import Any, Final, NamedTuple

POSTGRESQL: Final = "grafana-postgresql-datasource"
PROMETHEUS: Final = "prometheus"

OPERATOR_UID: Final = "duls-operator"
PLANNER_UID: Final = "duls-planner"
PROMETHEUS_UID: Final = "duls-prometheus"

MAX_CONNECTIONS: Final = 10  # half of what a read role may open


class Login(NamedTuple):
    """A login role of the database."""

    user: str
    password: str


class Database(NamedTuple):
    """Where the figures are, as Grafana reaches them."""

    address: str  # host:port
    name: str
    ssl_mode: str


def postgresql_source(
    uid: str, name: str, database: Database, login: Login, *, timescale: bool
) -> dict[str, Any]:
    """Return a PostgreSQL data source as Grafana's HTTP API takes it."""
    return {
        "uid": uid,
        "name": name,
        "type": POSTGRESQL,
        "access": "proxy",
        "url": database.address,
        "user": login.user,
        "isDefault": False,
        "jsonData": {
            "database": database.name,
            "sslmode": database.ssl_mode,
            "postgresVersion": 1500,  # the newest that Grafana tells apart
            "timescaledb": timescale,
            "timeInterval": "1s",
            "maxOpenConns": MAX_CONNECTIONS,
            "maxIdleConns": 2,
            "connMaxLifetime": 3600,
        },
        "secureJsonData": {"password": login.password},
    }


def operator_source(database: Database, login: Login, *, timescale: bool = True) -> dict[str, Any]:
    """Return the data source of the operators' boards."""
    return postgresql_source(OPERATOR_UID, "DULS operator", database, login, timescale=timescale)


def planner_source(database: Database, login: Login, *, timescale: bool = True) -> dict[str, Any]:
    """Return the data source of the planners' boards."""
    return postgresql_source(PLANNER_UID, "DULS planner", database, login, timescale=timescale)


def prometheus_source(url: str) -> dict[str, Any]:
    """Return the data source of what DULS measures of itself."""
    return {
        "uid": PROMETHEUS_UID,
        "name": "DULS Prometheus",
        "type": PROMETHEUS,
        "access": "proxy",
        "url": url,
        "isDefault": False,
        "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
    }
