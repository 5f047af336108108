"""Running a role until it has taken everything, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
DRAINED_S = 120.0  # where no kernel was compiled before


def drain(role: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run a role until it is drained; return its exit code and what it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "duls", "run", role, "--until-drained"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=DRAINED_S,
        check=False,
    )
    return done.returncode, done.stderr
