"""Peers that count with our code do so with that of today, and one that cannot be installed leaves the others."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import peer_environment


def test_kernels_of_other_sources_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would be used, in silence or not, after a change of the sources."""
    monkeypatch.setattr(peer_environment, "KERNELS", tmp_path)
    (tmp_path / "older" / "processors").mkdir(parents=True)

    variables = peer_environment.peer_variables.__wrapped__()

    mine = Path(variables["NUMBA_CACHE_DIR"])
    assert tmp_path == mine.parent
    mine.mkdir()
    assert variables == peer_environment.peer_variables.__wrapped__()
    assert [mine] == list(tmp_path.iterdir())


def test_a_peer_that_cannot_be_installed_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is installed once, and one that failed is tried anew."""
    monkeypatch.setattr(peer_environment, "FOLDER", tmp_path)
    monkeypatch.setattr(peer_environment.venv, "create", lambda _folder, **_options: None)
    asked = []

    def pip(command: list[str], **_options: Any) -> subprocess.CompletedProcess[bytes]:
        asked.append(command[-1])
        return subprocess.CompletedProcess(command, int(command[-1] == "absent"))

    monkeypatch.setattr(peer_environment.subprocess, "run", pip)
    install = peer_environment.peer_python.__wrapped__
    python = str(tmp_path / "bin" / "python")

    found = [install((name,)) for name in ("first", "absent", "second", "first", "absent")]

    assert [python, None, python, python, None] == found
    assert ["first", "absent", "second", "absent"] == asked
    monkeypatch.setattr(sys, "version", "another")
    assert python == install(("first",))
    assert ["first"] == asked[4:]
