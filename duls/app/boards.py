"""`duls grafana`: boards to a running Grafana, and the zones for its map."""

from pathlib import Path
from typing import Any, Final

from duls.config import Settings
from duls.config.sections import GrafanaSettings
from duls.errors import ConfigError, InvalidInputError
from grafana.committed import committed_boards
from grafana.data_sources import Database, Login, operator_source, planner_source, prometheus_source
from grafana.provisioning import FOLDER_TITLES
from grafana.pushing import Folder, Pushed, api_of, push
from grafana.words import Language
from sinks.connection import open_connection
from sinks.queries import query

ADDRESS: Final = "DULS_GRAFANA_URL must be the address of Grafana, such as https://grafana.example"


def push_boards(settings: Settings, language: Language | None) -> Pushed:
    """Push the boards of a language, and the data sources whose logins are set.

    Raises:
        ConfigError: a setting is missing, or Grafana refuses.
        ServiceAwayError: Grafana does not answer.
    """
    grafana = settings.grafana
    chosen = language or grafana.language
    if not grafana.url.startswith(("http://", "https://")):
        raise ConfigError(ADDRESS)
    token = grafana.token.get_secret_value()
    if not token:
        message = "DULS_GRAFANA_TOKEN is not set: make a token for a service account with the role Admin"
        raise ConfigError(message)
    return push(
        api_of(grafana.url, token),
        grafana.url,
        chosen,
        folder=Folder(f"duls-{chosen}", FOLDER_TITLES[chosen]),
        boards=committed_boards(chosen),
        data_sources=data_sources_of(grafana),
    )


def data_sources_of(grafana: GrafanaSettings) -> list[dict[str, Any]]:
    """Return the data sources that the settings are enough for; the others must be in Grafana already.

    Raises:
        ConfigError: a login is set, but not where its database is, or not its password.
    """
    database = Database(grafana.database, grafana.database_name, grafana.ssl_mode)
    sources = []
    for kind, source in (("operator", operator_source), ("planner", planner_source)):
        user = str(getattr(grafana, f"{kind}_user"))
        password = str(getattr(grafana, f"{kind}_password").get_secret_value())
        if not user:
            continue
        if not (password and grafana.database):
            message = (
                f"grafana.{kind}_user is set, so grafana.{kind}_password and grafana.database must be too: "
                "the data source needs all three"
            )
            raise ConfigError(message)
        sources.append(source(database, Login(user, password)))
    if grafana.prometheus_url:
        sources.append(prometheus_source(grafana.prometheus_url))
    return sources


def write_zones(settings: Settings, path: Path) -> int:
    """Write the zones as the map of the City Support Center reads them; return how many there are.

    Raises:
        InvalidInputError: the file cannot be written.
        ServiceAwayError: the database does not answer.
    """
    with open_connection(settings.database_url, application_name="duls grafana") as connection:
        row = connection.execute(query("board", "zone_collection")).fetchone()
    count, text = row if row is not None else (0, "")
    if not count:
        message = "there are no zones yet: `duls zones load FILE` first"
        raise ConfigError(message)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        raise InvalidInputError(message) from error
    return int(count)
