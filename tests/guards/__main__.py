"""Break every guard in a copy of the tree and see its tests fail: `python -m tests.guards [NUMBER…]`.

The tests pass on the copy first, so that a failure is the work of the change. Ends with 1 when a guard is not missed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.guards.table import ROOT, Guard, guards

FOLDERS: Final = ("duls", "streams", "processors", "sinks", "grafana", "tests", "deploy", "docs")
FILES: Final = ("pyproject.toml", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Makefile")
MOST_S: Final = 600


def copy_tree(target: Path) -> None:
    """Copy what tests need, without what was compiled: the copy compiles what it changes."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(ROOT / file, target / file)


def passes(tree: Path, tests: list[str]) -> bool:
    """Tell whether tests pass in a tree; tests that hang do not."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--timeout=120", *tests]
    try:
        ended = subprocess.run(
            command,
            cwd=tree,
            env=os.environ | {"PYTHONPATH": str(tree)},
            capture_output=True,
            timeout=MOST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    if ended.returncode not in {0, 1, 2}:  # 2: a test was interrupted
        raise RuntimeError(ended.stdout.decode()[-2000:] + ended.stderr.decode()[-2000:])
    return ended.returncode == 0


def is_missed(tree: Path, guard: Guard) -> bool:
    """Tell whether the tests of a guard fail without it."""
    file = tree / guard.file
    source = file.read_text("utf-8")
    try:
        file.write_text(guard.broken_source(source), "utf-8")
        return not passes(tree, guard.tests)
    finally:
        file.write_text(source, "utf-8")


def main() -> int:
    """Try the guards asked for, all when none is named."""
    asked = {int(number) for number in sys.argv[1:]}
    chosen = [guard for guard in guards() if not asked or guard.number in asked]
    lonely = []
    with tempfile.TemporaryDirectory(prefix="duls-guards-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        whole = sorted({test for guard in chosen for test in guard.tests})
        if not passes(tree, whole):
            sys.stdout.write("the tests of guards fail without any change: nothing can be said\n")
            return 1
        for guard in chosen:
            missed = is_missed(tree, guard)
            lonely += [] if missed else [guard]
            word = "a test fails without it" if missed else "NO TEST FAILS WITHOUT IT"
            sys.stdout.write(f"{guard.number:3}  {guard.says}: {word}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{len(chosen) - len(lonely)} of {len(chosen)} guards have a test that fails without them\n"
    )
    return 1 if lonely else 0


if __name__ == "__main__":
    sys.exit(main())
