"""An environment of their own for peers whose requirements conflict with ours, or that only a benchmark needs."""

import shutil
import subprocess
import sys
import venv
from functools import cache
from pathlib import Path
from typing import Final

from duls.app.kernel_cache import digest_of

FOLDER: Final = Path(__file__).parent.parent / ".venv-peers"
STREAMS: Final = (
    "quixstreams==3.28.1",
    "bytewax==0.21.1",
    # what our decoder and our zone lookup need there
    "numba>=0.61",
    "numpy>=2.1",
    "msgspec>=0.19",
    "pyarrow>=18",
    "shapely>=2.0",
    "tzdata>=2025.1",
)
INSTALL_S: Final = 600.0
KERNELS: Final = FOLDER / "kernels"


@cache
def peer_variables() -> dict[str, str]:
    """Return variables of processes there, which keep kernels of their own, compiled from the present sources.

    Two versions of the compiler would go on replacing each other's kernels, and of other sources none may be used.
    """
    mine = KERNELS / digest_of()
    for other in KERNELS.glob("*"):
        if other != mine:
            shutil.rmtree(other)
    return {"NUMBA_CACHE_DIR": str(mine)}


@cache
def peer_python(requirements: tuple[str, ...] = STREAMS) -> str | None:
    """Return the Python of the environment with some packages in it, which are installed at first.

    What peers need is installed for each by itself, so that one which cannot be had leaves the others.

    Returns:
        Nothing where the packages cannot be installed.
    """
    python = FOLDER / "bin" / "python"
    done = FOLDER / "done"
    version = " ".join(sys.version.split())
    lines = done.read_text(encoding="utf-8").splitlines() if done.exists() else []
    if lines[:1] != [version]:
        venv.create(FOLDER, clear=True, with_pip=True)
        lines = [version]
    wanted = " ".join(requirements)
    if wanted not in lines:
        command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements]
        if subprocess.run(command, timeout=INSTALL_S, check=False).returncode:
            return None
        lines.append(wanted)
    done.write_text("\n".join(lines), encoding="utf-8")
    return str(python)
