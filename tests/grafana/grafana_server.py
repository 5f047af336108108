"""A small server that takes requests as the HTTP API of Grafana 11 documents them, and refuses all others.

Documented are: bearer tokens, folders by uid, data sources by uid, `POST /api/dashboards/db` with `overwrite`, and
playlists whose items name boards by uid.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
Answer = tuple[int, Any]

TOKEN = "glsa_test_3f9c"  # noqa: S105  # of this server
UID = re.compile(r"[a-zA-Z0-9_-]{1,40}")


class GrafanaState:
    """What the server holds."""

    def __init__(self) -> None:
        self.folders: dict[str, Json] = {}
        self.data_sources: dict[str, Json] = {}
        self.boards: dict[str, Json] = {}  # uid → the whole body that was posted
        self.playlists: dict[str, Json] = {}
        self.requests: list[str] = []
        self.forced: Answer | None = None  # what every request is answered with, once set

    def answer(self, method: str, target: str, body: Json | None) -> Answer:
        """Return the status and the document for a request of a known token."""
        parts = urlsplit(target)
        self.requests.append(f"{method} {parts.path}")
        match [method, *parts.path.removeprefix("/grafana").strip("/").split("/")]:
            case ["GET", "api", "folders", uid]:
                return _one(self.folders, uid, "folder not found")
            case ["POST", "api", "folders"]:
                return self._new_folder(_given(body, "title", "uid"))
            case ["GET", "api", "datasources", "uid", uid]:
                return _one(self.data_sources, uid, "Data source not found")
            case ["POST", "api", "datasources"]:
                return self._new_source(_given(body, "name", "type", "access"))
            case ["PUT", "api", "datasources", "uid", uid]:
                return self._changed_source(uid, _given(body, "name", "type", "access"))
            case ["POST", "api", "dashboards", "db"]:
                return self._new_board(_given(body, "dashboard", "folderUid", "overwrite"))
            case ["GET", "api", "playlists"]:
                wanted = parse_qs(parts.query).get("query", [""])[0]
                return 200, [
                    _head(playlist) for playlist in self.playlists.values() if wanted in playlist["name"]
                ]
            case ["POST", "api", "playlists"]:
                return self._put_playlist(f"play{len(self.playlists)}", body)
            case ["PUT", "api", "playlists", uid] if uid in self.playlists:
                return self._put_playlist(uid, body)
        return 404, {"message": "Not found"}

    def _new_folder(self, body: Json) -> Answer:
        if not UID.fullmatch(body["uid"]) or body["uid"] in self.folders:
            return 412, {"message": "a folder with that uid exists, or the uid is not valid"}
        self.folders[body["uid"]] = {
            "id": len(self.folders) + 1,
            **body,
            "url": f"/dashboards/f/{body['uid']}",
        }
        return 200, self.folders[body["uid"]]

    def _new_source(self, body: Json) -> Answer:
        if any(source["name"] == body["name"] for source in self.data_sources.values()):
            return 409, {"message": "data source with the same name already exists"}
        self.data_sources[body["uid"]] = body
        return 200, {
            "datasource": _without_secrets(body),
            "message": "Datasource added",
            "name": body["name"],
        }

    def _changed_source(self, uid: str, body: Json) -> Answer:
        if uid not in self.data_sources:
            return 404, {"message": "Data source not found"}
        self.data_sources[uid] = body
        return 200, {
            "datasource": _without_secrets(body),
            "message": "Datasource updated",
            "name": body["name"],
        }

    def _new_board(self, body: Json) -> Answer:
        board = body["dashboard"]
        if board.get("id") is not None or not board.get("title") or not UID.fullmatch(board.get("uid", "")):
            return 400, {"message": "bad dashboard", "status": "bad-request"}
        if body["folderUid"] not in self.folders:
            return 400, {"message": "folder not found", "status": "not-found"}
        if board["uid"] in self.boards and not body["overwrite"]:
            return 412, {
                "message": "The dashboard has been changed by someone else",
                "status": "version-mismatch",
            }
        self.boards[board["uid"]] = body
        path = f"/d/{board['uid']}/{board['title'].lower().replace(' ', '-')}"
        return 200, {"id": 1, "uid": board["uid"], "url": path, "status": "success", "version": 1}

    def _put_playlist(self, uid: str, body: Json | None) -> Answer:
        given = _given(body, "name", "interval", "items")
        for item in given["items"]:
            if item["type"] != "dashboard_by_uid" or item["value"] not in self.boards or not item["order"]:
                return 400, {"message": f"bad item {item}"}
        self.playlists[uid] = {"uid": uid, **given}
        return 200, _head(self.playlists[uid])


@contextmanager
def running() -> Iterator[tuple[str, GrafanaState]]:
    """Serve on a free port of this machine, under a path as behind a proxy; give the address and the state."""
    state = GrafanaState()

    class Handler(BaseHTTPRequestHandler):
        """Checks what all requests have, and lets the state answer."""

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            if state.forced is not None:
                status, document = state.forced
            elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                status, document = 401, {"message": "Invalid API key"}
            elif body is not None and "application/json" not in self.headers.get("Content-Type", ""):
                status, document = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"message": "not JSON"}
            else:
                status, document = state.answer(self.command, self.path, body)
            is_text = isinstance(document, str)
            payload = document.encode() if is_text else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if is_text else "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815  # names of the standard library

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # name of the standard library
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/grafana", state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _given(body: Json | None, *names: str) -> Json:
    """Return a body that has all the fields which the API documents as required."""
    if body is None or any(name not in body for name in names):
        message = f"the body lacks one of {names}"
        raise ValueError(message)
    return body


def _one(known: dict[str, Json], uid: str, missing: str) -> Answer:
    """Return one of the known, or that there is none."""
    return (200, _without_secrets(known[uid])) if uid in known else (404, {"message": missing})


def _without_secrets(document: Json) -> Json:
    """Return what Grafana shows of a data source."""
    return {name: value for name, value in document.items() if name != "secureJsonData"}


def _head(playlist: Json) -> Json:
    """Return a playlist without its items."""
    return {name: playlist[name] for name in ("uid", "name", "interval")}
