"""The units of systemd: understood without a word, hardened, with settings that exist and a user that is made."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from duls.app.roles import ROLES
from duls.config import Need, load_settings, settings_reference
from tests.deploy.files import DEPLOY, ROOT

FOLDER = DEPLOY / "systemd"
STANDARD = Path("/usr/lib/systemd/system")
SERVICES = ["duls@intake.service", "duls-migrate.service", "duls-backup.service"]
MOST_EXPOSED = 15  # tenths; systemd calls up to 19 "OK", and a unit without hardening 96


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that looks like the root of a machine on which DULS is installed."""
    if not shutil.which("systemd-analyze"):
        if os.environ.get("CI") == "true":
            pytest.fail("systemd-analyze is not installed")
        pytest.skip("systemd-analyze is not installed")
    made = tmp_path_factory.mktemp("root")
    shutil.copytree(STANDARD, made / STANDARD.relative_to("/"), symlinks=True)
    for folder, pattern in (
        ("etc/systemd/system", "*.service"),
        ("etc/systemd/system", "*.t*"),
        ("usr/lib/sysusers.d", "sysusers.conf"),
        ("usr/lib/tmpfiles.d", "tmpfiles.conf"),
    ):
        (made / folder).mkdir(parents=True, exist_ok=True)
        for path in FOLDER.glob(pattern):
            shutil.copy(path, made / folder)
    for program in programs():
        path = made / program.removeprefix("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    return made


def programs() -> set[str]:
    """Return the programs that the units start."""
    texts = [path.read_text(encoding="utf-8") for path in FOLDER.glob("*.service")]
    return {found for text in texts for found in re.findall(r"^ExecStart=(\S+)", text, re.MULTILINE)}


def said(*command: str) -> str:
    """Run a command that must end well; return all that it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_understands_every_line(root: Path) -> None:
    """It says nothing at all; a word that it does not know would be told and passed over."""
    units = [*SERVICES, *(f"duls@{role}.service" for role in ROLES), "duls.target", "duls-backup.timer"]

    assert "" == said("systemd-analyze", "verify", f"--root={root}", "--man=no", *units)


def test_a_wrong_word_would_be_told(root: Path, tmp_path: Path) -> None:
    """The test before can fail."""
    copied = tmp_path / "root"
    shutil.copytree(root, copied, symlinks=True)
    unit = copied / "etc/systemd/system/duls-migrate.service"
    unit.write_text(unit.read_text().replace("Restart=", "Restrat="))

    assert "Restrat" in said("systemd-analyze", "verify", f"--root={copied}", "--man=no", unit.name)


@pytest.mark.parametrize("unit", SERVICES)
def test_every_service_is_hardened(root: Path, unit: str) -> None:
    """By what systemd itself thinks of how much a service could do."""
    limit = f"--threshold={MOST_EXPOSED}"

    assert "Overall exposure level" in said(
        "systemd-analyze", "security", "--offline=yes", f"--root={root}", limit, unit
    )


def test_the_user_and_its_folders_are_made(root: Path) -> None:
    """Settings hold a password, so others do not read their folder."""
    said("systemd-sysusers", f"--root={root}", "sysusers.conf")
    said("systemd-tmpfiles", f"--root={root}", "--create", "tmpfiles.conf")

    users = (root / "etc/passwd").read_text()
    assert re.search(r"^duls:x:\d+:\d+:DULS:/var/lib/duls:/usr/sbin/nologin$", users, re.MULTILINE)
    assert 0o750 == stat.S_IMODE((root / "etc/duls").stat().st_mode)
    assert 0o700 == stat.S_IMODE((root / "var/backups/duls").stat().st_mode)


def test_settings_are_read_from_the_example() -> None:
    """As a unit would set them; every variable of every file is a setting."""
    lines = (FOLDER / "duls.env").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    known = {setting.variable for setting in settings_reference()}
    used = {
        name
        for path in FOLDER.iterdir()
        for name in re.findall(r"\bDULS_\w+(?==)", path.read_text(encoding="utf-8"))
    }

    settings = load_settings(given, FOLDER, needs=(Need.KAFKA, Need.DATABASE))

    assert ("127.0.0.1", 8080) == settings.http_address
    assert used <= known
    assert set(given) < used


def test_what_the_units_start_is_there() -> None:
    """Programs of the installed package, and scripts of this tree where the guide puts them."""
    scripts = {name.removeprefix("/opt/duls/") for name in programs()}

    assert "bin/duls" in scripts
    assert all((ROOT / name).exists() for name in scripts - {"bin/duls"})
