"""The files of the page, read from the package: small, compressed once, and asked for again by their tag."""

import gzip
import hashlib
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

FOLDER: Final = "static"
TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "mjs": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
}
TAG_CHARS: Final = 20


class Asset:
    """One file of the page."""

    def __init__(self, name: str, content: bytes) -> None:
        self.content = content
        self.media_type = TYPES[name.rpartition(".")[2]]
        self.tag = f'"{hashlib.sha256(content).hexdigest()[:TAG_CHARS]}"'

    @cached_property
    def packed(self) -> bytes | None:
        """The content compressed; None where that gains nothing."""
        packed = gzip.compress(self.content, 9, mtime=0)
        return packed if len(packed) < 0.9 * len(self.content) else None

    def answer(self, request: Request, headers: dict[str, str] | None = None) -> Response:
        """Return the file, or word that the client has it already."""
        kept = {"ETag": self.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **(headers or {})}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=kept)
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                self.packed, headers=kept | {"Content-Encoding": "gzip"}, media_type=self.media_type
            )
        return Response(self.content, headers=kept, media_type=self.media_type)


def read_assets() -> dict[str, Asset]:
    """Return every file of the page by its path below the folder."""
    root = resources.files("duls.api").joinpath(FOLDER)
    return {path: Asset(path, file.read_bytes()) for path, file in _files(root, "")}


class _Found(NamedTuple):
    """A file and its path."""

    path: str
    file: Traversable


def _files(folder: Traversable, prefix: str) -> list[_Found]:
    """Return the files of a folder and those below it."""
    found: list[_Found] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        found += _files(entry, f"{path}/") if entry.is_dir() else [_Found(path, entry)]
    return found
