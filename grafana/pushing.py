"""Bring boards, data sources and a playlist to a running Grafana through its HTTP API. Needs no SDK of boards.

Everything has a fixed id, so pushing again changes what is there and adds nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaClientError, GrafanaException
from niquests.exceptions import RequestException

from duls.errors import ConfigError, ServiceAwayError
from grafana.board_ids import CITY, SUPPORT, uid_of
from grafana.words import Language

TIMEOUT_S: Final = 10.0
NOT_FOUND: Final = 404
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403

PLAYLIST_INTERVAL: Final = "1m"
PLAYLIST_NAMES: Final = {"nl": "DULS wandscherm", "en": "DULS wall screen"}
MESSAGE: Final = "duls grafana push"

Json = dict[str, Any]


class Pushed(NamedTuple):
    """What a Grafana has now."""

    folder: str
    boards: list[str]  # address of each
    data_sources: list[str]  # id of each that was pushed
    playlist: str  # its address


class Folder(NamedTuple):
    """The folder that boards are put into."""

    uid: str
    title: str


def api_of(url: str, token: str) -> GrafanaApi:
    """Return the API of the Grafana at *url*, which may have a path, for the holder of *token*."""
    path_ends = url if url.endswith("/") else f"{url}/"
    api: GrafanaApi = GrafanaApi.from_url(path_ends, credential=token, timeout=TIMEOUT_S)
    return api


def push(
    api: GrafanaApi,
    url: str,
    language: Language,
    *,
    folder: Folder,
    boards: Sequence[Json],
    data_sources: Sequence[Json],
) -> Pushed:
    """Bring everything to Grafana: first data sources, which boards ask, then the folder that they are put into.

    Raises:
        ConfigError: Grafana does not accept the token, or what is pushed.
        ServiceAwayError: Grafana does not answer, or not as Grafana.
    """
    with _said_plainly(url):
        for source in data_sources:
            _put_data_source(api, source)
        _put_folder(api, folder)
        paths = [_put_board(api, board, folder.uid) for board in boards]
        playlist = _put_playlist(api, language, {str(board["uid"]): str(board["title"]) for board in boards})
    root = url.rstrip("/")
    return Pushed(
        folder.title,
        [f"{root}{path}" for path in paths],
        [str(source["uid"]) for source in data_sources],
        f"{root}/playlists/play/{playlist}?kiosk=true",
    )


def _put_data_source(api: GrafanaApi, source: Json) -> None:
    """Make a data source, or change it to be as given."""
    if _found(lambda: api.datasource.get_datasource_by_uid(source["uid"])):
        api.datasource.update_datasource_by_uid(source["uid"], source)
    else:
        api.datasource.create_datasource(source)


def _put_folder(api: GrafanaApi, folder: Folder) -> None:
    """Make the folder, unless it is there."""
    if not _found(lambda: api.folder.get_folder(folder.uid)):
        api.folder.create_folder(folder.title, uid=folder.uid)


def _put_board(api: GrafanaApi, board: Json, folder_uid: str) -> str:
    """Make a board, or put it in the place of the one with its id; return its path."""
    body = {
        "dashboard": {**board, "id": None},
        "folderUid": folder_uid,
        "overwrite": True,
        "message": MESSAGE,
    }
    answer: Json = api.dashboard.update_dashboard(body)
    return str(answer["url"])


def _put_playlist(api: GrafanaApi, language: Language, titles: Mapping[str, str]) -> str:
    """Make the playlist of a wall screen, or change it; return its id. The client has no words for playlists."""
    name = PLAYLIST_NAMES[language]
    shown = [uid_of(board, language) for board in (SUPPORT, CITY)]
    items = [
        {"type": "dashboard_by_uid", "value": uid, "order": place, "title": titles[uid]}
        for place, uid in enumerate(shown, start=1)
    ]
    body = {"name": name, "interval": PLAYLIST_INTERVAL, "items": items}
    known: list[Json] = api.client.GET("/playlists", params={"query": name})
    same = [playlist for playlist in known if playlist["name"] == name]
    answer: Json = (
        api.client.PUT(f"/playlists/{same[0]['uid']}", json=body)
        if same
        else api.client.POST("/playlists", json=body)
    )
    return str(answer["uid"])


def _found(ask: Callable[[], object]) -> bool:
    """Tell whether Grafana has what is asked for."""
    try:
        ask()
    except GrafanaClientError as error:
        if error.status_code != NOT_FOUND:
            raise
        return False
    return True


@contextmanager
def _said_plainly(url: str) -> Iterator[None]:
    """Turn what Grafana and its client say into one sentence of ours; the token is in none."""
    try:
        yield
    except GrafanaClientError as error:
        raise ConfigError(_refusal(url, error)) from error
    except GrafanaException as error:
        message = f"Grafana at {url} failed: {_first_line(error.message)}; its log says more"
        raise ServiceAwayError(message) from error
    except (RequestException, TypeError, KeyError) as error:
        # no answer, or one that is not what Grafana's API says
        message = (
            f"{url} does not answer as Grafana's API does ({type(error).__name__}): check DULS_GRAFANA_URL"
        )
        raise ServiceAwayError(message) from error


def _refusal(url: str, error: GrafanaClientError) -> str:
    """Say why Grafana refused, and what to do."""
    if error.status_code == UNAUTHORIZED:
        return f"Grafana at {url} does not know the token: make one for a service account, DULS_GRAFANA_TOKEN"
    if error.status_code == FORBIDDEN:
        return f"Grafana at {url} lets this token not do that: its service account needs the role Admin"
    return f"Grafana at {url} refused: {_first_line(error.message)}"


def _first_line(text: str) -> str:
    """Return the first line of a message, not too long."""
    return text.strip().splitlines()[0][:200] if text.strip() else "without a word"
