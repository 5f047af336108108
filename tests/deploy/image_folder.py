"""The steps of a Dockerfile carried out in bare Debian folders, where there is no container engine."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.services.fetch import run

SUITE: Final = "trixie"  # what the image's base is, see the ARG of the Dockerfile
CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
RESOLVING: Final = (Path("/etc/resolv.conf"), Path("/etc/hosts"))
NOT_COPIED: Final = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc", "secrets*")


class Step(NamedTuple):
    """One instruction."""

    word: str
    rest: str


class Image(NamedTuple):
    """A finished stage."""

    root: Path
    variables: dict[str, str]
    user: str
    folder: str
    entrypoint: list[str]

    def run(self, command: Sequence[str], variables: Mapping[str, str] | None = None) -> "Done":
        """Run a command in it, as a container would."""
        return chroot(
            self.root, command, self.user, {**self.variables, **(variables or {})}, folder=self.folder
        )


Done = subprocess.CompletedProcess[str]


def steps(dockerfile: Path) -> Iterator[Step]:
    """Yield the instructions of a file."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield Step(word.upper(), rest.strip())


def bare_debian(folder: Path) -> Path:
    """Make a folder that holds what the base image does: Debian's required packages and apt."""
    root = folder / "base"
    run(["mmdebstrap", "--variant=minbase", SUITE, str(root)])
    return root


class Builder:
    """Builds the stages of a Dockerfile below *folder*, from *context*."""

    def __init__(self, context: Path, folder: Path) -> None:
        self._context = context
        self._folder = folder
        self._base = bare_debian(folder)
        self._stages: dict[str, Image] = {}

    def build(self, dockerfile: Path) -> Image:
        """Carry out every step; return the last stage."""
        image = Image(Path(), {}, "0:0", "/", [])
        for step in steps(dockerfile):
            if step.word == "FROM":
                name = step.rest.partition(" AS ")[2] or "last"
                image = self._stages[name] = self._begin(name)
            elif step.word != "ARG":
                image = self._carry_out(step, image)
        return image

    def _begin(self, name: str) -> Image:
        """Begin a stage with the base, made to reach package registries as this machine does."""
        root = self._folder / name
        subprocess.run(["cp", "-a", self._base, root], check=True)
        for path in RESOLVING:
            shutil.copy(path, root / path.relative_to("/"))
        return Image(root, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, "0:0", "/", [])

    def _carry_out(self, step: Step, image: Image) -> Image:
        """Carry out one instruction; return the stage after it."""
        match step.word:
            case "RUN":
                self._run(step.rest, image)
            case "COPY":
                self._copy(shlex.split(step.rest), image.root)
            case "WORKDIR":
                (image.root / step.rest.removeprefix("/")).mkdir(parents=True, exist_ok=True)
                return image._replace(folder=step.rest)
            case "ENV":
                named = dict(pair.split("=", 1) for pair in shlex.split(step.rest))
                return image._replace(variables={**image.variables, **named})
            case "USER":
                return image._replace(user=step.rest)
            case "ENTRYPOINT":
                return image._replace(entrypoint=json.loads(step.rest))
            case "CMD":
                pass
            case _:
                message = f"a step that this test does not know: {step.word}"
                raise AssertionError(message)
        return image

    def _run(self, line: str, image: Image) -> None:
        """Run a line of shell."""
        ours = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        ours |= {"PIP_CERT": "/tmp/certificates", "DEBIAN_FRONTEND": "noninteractive"}  # noqa: S108  # within the folder
        shutil.copy(CERTIFICATES, image.root / "tmp" / "certificates")
        done = chroot(
            image.root, ["/bin/sh", "-c", line], "0:0", {**image.variables, **ours}, folder=image.folder
        )
        (image.root / "tmp" / "certificates").unlink()
        assert 0 == done.returncode, f"{line}\n{done.stdout[-2_000:]}\n{done.stderr[-4_000:]}"

    def _copy(self, words: list[str], root: Path) -> None:
        """Copy files of the context, or of another stage."""
        origin = self._context
        if words[0].startswith("--from="):
            origin = self._stages[words.pop(0).removeprefix("--from=")].root
        *sources, place = words
        for source in sources:
            path, target = origin / source.removeprefix("/"), root / place.removeprefix("/")
            if path.is_dir():
                shutil.copytree(
                    path,
                    target,
                    symlinks=True,
                    dirs_exist_ok=True,
                    ignore=NOT_COPIED if origin == self._context else None,
                )
            else:
                target = target / path.name if place.endswith("/") else target
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, target)


def chroot(
    root: Path, command: Sequence[str], user: str, variables: Mapping[str, str], *, folder: str
) -> Done:
    """Run a command with *root* as its root."""
    enter = ["chroot", f"--userspec={user}", str(root), "/usr/bin/env", f"--chdir={folder}", "-i"]
    named = [f"{name}={value}" for name, value in variables.items()]
    return subprocess.run([*enter, *named, *command], capture_output=True, text=True, check=False)
