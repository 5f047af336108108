"""What Grafana reads when it starts: data sources and folders of boards."""

from typing import Any

import yaml

from grafana.build import files
from grafana.data_sources import OPERATOR_UID, PLANNER_UID, POSTGRESQL, PROMETHEUS_UID
from grafana.words import LANGUAGES


def provisioned(name: str) -> dict[str, Any]:
    """Return a file that Grafana reads when it starts."""
    document: dict[str, Any] = yaml.safe_load(files()[f"provisioning/{name}/duls.yaml"])
    return document


def test_data_sources_are_provisioned_with_fixed_ids_and_without_secrets() -> None:
    """Logins and passwords come from the environment of Grafana, one login for each role."""
    sources = {source["uid"]: source for source in provisioned("datasources")["datasources"]}

    assert {OPERATOR_UID, PLANNER_UID, PROMETHEUS_UID} == set(sources)
    for uid, login in ((OPERATOR_UID, "OPERATOR"), (PLANNER_UID, "PLANNER")):
        assert POSTGRESQL == sources[uid]["type"]
        assert f"$DULS_GRAFANA_{login}_USER" == sources[uid]["user"]
        assert {"password": f"$DULS_GRAFANA_{login}_PASSWORD"} == sources[uid]["secureJsonData"]
        assert "1s" == sources[uid]["jsonData"]["timeInterval"]


def test_boards_of_each_language_are_provisioned_from_a_folder_of_their_own() -> None:
    """And nobody changes them in the browser, where the next start would undo it."""
    providers = provisioned("dashboards")["providers"]

    assert [f"/etc/grafana/boards/{language}" for language in LANGUAGES] == [
        provider["options"]["path"] for provider in providers
    ]
    assert [False, False] == [provider["allowUiUpdates"] for provider in providers]
    assert 2 == len({provider["folderUid"] for provider in providers})
