"""Build the wheel, install it apart from the checkout, and see that it is whole: `python tests/wheel_check.py`."""

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("duls", "streams", "processors", "sinks", "grafana")

IMPORT_ALL = """
import importlib, pathlib, sys
site = pathlib.Path(sys.argv[1])
names = sorted(
    ".".join(path.relative_to(site).with_suffix("").parts).removesuffix(".__init__")
    for package in sys.argv[2:]
    for path in (site / package).rglob("*.py")
    if path.name != "__main__.py"
)
for name in names:
    module = importlib.import_module(name)
    if not module.__file__.startswith(str(site)):
        sys.exit(f"{name} comes from {module.__file__}, not from the wheel")
print(f"imported {len(names)} modules of the wheel")
"""


def main() -> None:
    """Exit with an error where a module does not import or a file of the checkout is missing in the wheel."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = folder / "site"
        _run([sys.executable, "-m", "build", "--wheel", "--outdir", name, str(ROOT)], quiet=True)
        (wheel,) = folder.glob("*.whl")
        install = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--target",
            str(site),
            str(wheel),
        ]
        _run(install)
        missing = [str(path) for path in _shipped_files() if not (site / path).exists()]
        if missing:
            sys.exit(f"the wheel lacks {', '.join(missing)}")
        # the interpreter that .venv was made from: it does not see the editable install
        python = os.path.realpath(sys.executable)
        path = os.pathsep.join([str(site), sysconfig.get_paths()["purelib"]])
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": name}
        _run([python, "-c", IMPORT_ALL, str(site), *PACKAGES], folder=folder, environment=environment)
        _run([python, "-m", "duls", "--version"], folder=folder, environment=environment)


def _shipped_files() -> list[Path]:
    """Return the modules, SQL files, type markers and web files of the packages, relative to the root."""
    return [
        path.relative_to(ROOT)
        for package in PACKAGES
        for pattern in ("*.py", "*.sql", "py.typed", "static/**/*")
        for path in (ROOT / package).rglob(pattern)
        if path.is_file()
    ]


def _run(
    command: list[str], *, folder: Path = ROOT, environment: dict[str, str] | None = None, quiet: bool = False
) -> None:
    """Run a command and exit with its output when it fails."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=quiet, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command[:4])} failed: {done.stdout or ''}{done.stderr or ''}")


if __name__ == "__main__":
    main()
