"""The image: every step of its Dockerfile in bare Debian folders, and what it holds at the end. Under `make soak`."""

import os
import shutil
import stat
from pathlib import Path

import pytest

from duls.version import VERSION
from tests.deploy.files import DEPLOY, ROOT
from tests.deploy.image_folder import Builder, Image, steps

DOCKERFILE = DEPLOY / "image" / "Dockerfile"
OWNER_UID = 10_001
WRITABLE = {"tmp", "var/tmp", "var/lib/duls", "run/lock", "dev"}

soak = pytest.mark.skipif(not os.environ.get("DULS_TEST_SOAK"), reason="takes minutes; runs in `make soak`")


def test_every_step_is_one_that_is_understood() -> None:
    """Two stages; the second has neither pip nor a compiler, and ends as another user than root."""
    words = [step.word for step in steps(DOCKERFILE)]
    last = list(steps(DOCKERFILE))[len(words) - words[::-1].index("FROM") :]

    assert 2 == words.count("FROM")
    assert not any("pip" in step.rest for step in last if step.word == "RUN")
    assert f"{OWNER_UID}:{OWNER_UID}" == next(step.rest for step in last if step.word == "USER")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Give the image."""
    if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
        pytest.skip("building the image needs root and mmdebstrap")
    folder = tmp_path_factory.mktemp("image")
    folder.parent.chmod(0o755)
    folder.chmod(0o755)
    return Builder(ROOT, folder).build(DOCKERFILE)


@soak
@pytest.mark.timeout(1_500)
def test_the_program_starts_with_the_kernels_of_the_image(image: Image) -> None:
    """As its user; nothing is compiled again, and what is wrong is one sentence."""
    assert f"{VERSION}\n" == image.run([*image.entrypoint, "--version"]).stdout
    kernels = image.root / "tmp" / "kernels"
    before = {path.relative_to(kernels): path.stat().st_mtime_ns for path in kernels.rglob("*.nb*")}

    warmed = image.run(["/opt/duls/bin/python", "-m", "duls.app.warm_up"])
    wrong = image.run([*image.entrypoint, "run", "intake"])

    assert 0 == warmed.returncode, warmed.stderr
    after = {path.relative_to(kernels): path.stat().st_mtime_ns for path in kernels.rglob("*.nb*")}
    assert len(before) > 100
    assert before == after
    assert (2, 1) == (wrong.returncode, len(wrong.stderr.splitlines())), wrong.stderr


@soak
@pytest.mark.timeout(1_500)
def test_its_user_can_write_next_to_nothing(image: Image) -> None:
    """So a read-only file system takes nothing from it."""
    found = {str(path.relative_to(image.root)) for path in image.root.rglob("*") if is_open(path)}
    outside = {
        name for name in found if not any(name == own or name.startswith(f"{own}/") for own in WRITABLE)
    }

    assert set() == outside


def is_open(path: Path) -> bool:
    """Tell whether the image's user, or everybody, may write here."""
    status = path.lstat()
    return not stat.S_ISLNK(status.st_mode) and (
        status.st_uid == OWNER_UID or bool(status.st_mode & stat.S_IWOTH)
    )
