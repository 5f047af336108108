"""Files that Grafana reads when it starts: data sources with fixed ids, and where the boards lie.

JSON is YAML, so these need no library to be written or read.
"""

import json
from typing import Any, Final

from grafana.data_sources import Database, Login, operator_source, planner_source, prometheus_source
from grafana.words import LANGUAGES, Language

BOARDS_FOLDER: Final = "/etc/grafana/boards"
"""Where the folders `nl` and `en` of `grafana/built` are mounted."""

FOLDER_TITLES: Final = {"nl": "DULS", "en": "DULS (English)"}

HEAD: Final = "# made by python -m grafana.build; change the code, not this file\n"


def provisioning_files() -> dict[str, str]:
    """Return the files, by their path in this package."""
    return {
        "provisioning/datasources/duls.yaml": HEAD + SECRETS + _yaml(data_sources()),
        "provisioning/dashboards/duls.yaml": HEAD + _yaml(dashboard_providers()),
    }


SECRETS: Final = """\
# Grafana puts its own environment in: DULS_GRAFANA_DATABASE (host:port), DULS_GRAFANA_DATABASE_NAME,
# DULS_GRAFANA_SSL_MODE, DULS_GRAFANA_OPERATOR_USER and _PASSWORD, DULS_GRAFANA_PLANNER_USER and _PASSWORD,
# DULS_GRAFANA_PROMETHEUS_URL. The logins are members of duls_operator and of duls_planner.
"""


def data_sources() -> dict[str, Any]:
    """Return the data sources, their secrets left to the environment of Grafana."""
    database = Database("$DULS_GRAFANA_DATABASE", "$DULS_GRAFANA_DATABASE_NAME", "$DULS_GRAFANA_SSL_MODE")
    operator = Login("$DULS_GRAFANA_OPERATOR_USER", "$DULS_GRAFANA_OPERATOR_PASSWORD")
    planner = Login("$DULS_GRAFANA_PLANNER_USER", "$DULS_GRAFANA_PLANNER_PASSWORD")
    sources = [
        operator_source(database, operator),
        planner_source(database, planner),
        prometheus_source("$DULS_GRAFANA_PROMETHEUS_URL"),
    ]
    return {"apiVersion": 1, "datasources": [{**source, "editable": False} for source in sources]}


def dashboard_providers() -> dict[str, Any]:
    """Return where Grafana finds the boards of each language."""
    return {"apiVersion": 1, "providers": [_provider(language) for language in LANGUAGES]}


def _provider(language: Language) -> dict[str, Any]:
    """Return where the boards of one language are, in a folder of their own."""
    return {
        "name": f"duls-{language}",
        "type": "file",
        "folder": FOLDER_TITLES[language],
        "folderUid": f"duls-{language}",
        "allowUiUpdates": False,
        "disableDeletion": True,
        "updateIntervalSeconds": 60,
        "options": {"path": f"{BOARDS_FOLDER}/{language}"},
    }


def _yaml(document: dict[str, Any]) -> str:
    """Return a document as JSON, which is YAML too."""
    return json.dumps(document, indent=2) + "\n"
