"""Get the parts of the real services once, and keep them outside the tree.

Apache Kafka comes as jars through Maven, TimescaleDB, Prometheus and Alertmanager as a Debian folder through
mmdebstrap. A part is built beside its place and renamed when complete; a lock keeps two runs from building the same
part.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

KAFKA_VERSION = "4.1.0"
SLF4J_VERSION = "1.7.36"  # the binding must have the major version of the slf4j-api that Kafka brings
DEBIAN_SUITE = "trixie"  # PostgreSQL 17 and TimescaleDB 2.19, Apache edition
DEBIAN_PACKAGES = "postgresql-17-timescaledb,prometheus,prometheus-alertmanager"
ERROR_TAIL_CHARS = 1500  # of a failed command's output, quoted
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>duls</groupId><artifactId>kafka-parts</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>{SLF4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""


class FetchError(Exception):
    """A part of a service cannot be had here; the message says why."""


def cache_folder() -> Path:
    """Choose where parts are kept: DULS_CACHE, else duls in XDG_CACHE_HOME, else ~/.cache/duls."""
    if chosen := os.environ.get("DULS_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "duls"


def kafka_folder() -> Path:
    """Name the folder of Kafka's jars, there or not."""
    return cache_folder() / f"kafka-{KAFKA_VERSION}"


def timescale_folder() -> Path:
    """Name the Debian folder of TimescaleDB, Prometheus and Alertmanager, there or not; it tells of its packages."""
    packages = hashlib.sha256(DEBIAN_PACKAGES.encode()).hexdigest()[:8]
    return cache_folder() / f"timescale-{DEBIAN_SUITE}-{packages}"


def kafka_obstacle() -> str | None:
    """Say why Kafka cannot run here; None when it can, or may once fetched."""
    if shutil.which("java") is None:
        return "Apache Kafka needs java (17 or newer)"
    if not kafka_folder().exists() and shutil.which("mvn") is None:
        return "fetching Apache Kafka needs mvn"
    return None


def timescale_obstacle() -> str | None:
    """Say why TimescaleDB cannot run here; None when it can, or may once fetched."""
    if os.geteuid() != 0:
        return "TimescaleDB in its Debian folder needs root"
    if not timescale_folder().exists() and not (shutil.which("mmdebstrap") or shutil.which("apt-get")):
        return "fetching TimescaleDB needs mmdebstrap"
    return None


def fetch_kafka() -> Path:
    """Return the folder of Kafka's jars, after getting them when they are missing.

    Raises:
        FetchError: when they cannot be had.
    """
    return fetched(kafka_folder(), kafka_obstacle(), _build_kafka)


def fetch_timescale() -> Path:
    """Return the Debian folder with TimescaleDB, after making it when it is missing.

    Raises:
        FetchError: when it cannot be had.
    """
    return fetched(timescale_folder(), timescale_obstacle(), _build_timescale)


def debian_program(name: str) -> str:
    """Return the path of a program of the Debian folder that runs without entering it, such as promtool or amtool.

    Raises:
        FetchError: when the folder cannot be had.
    """
    return str(fetch_timescale() / "usr" / "bin" / name)


def fetched(place: Path, obstacle: str | None, build: Callable[[Path], None]) -> Path:
    """Return *place*, built at most once however many runs ask for it."""
    if obstacle is not None:
        raise FetchError(obstacle)
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.with_name(f"{place.name}.lock")):
        if not place.exists():
            unfinished = Path(tempfile.mkdtemp(prefix=f"{place.name}.", dir=place.parent))
            try:
                build(unfinished)
                unfinished.rename(place)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
    return place


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file *path*; the system frees it when its holder dies."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _build_kafka(folder: Path) -> None:
    """Put Kafka's jars, its runtime dependencies and a log binding into *folder*."""
    with tempfile.TemporaryDirectory() as project:
        Path(project, "pom.xml").write_text(POM, encoding="utf-8")
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
        run(["mvn", "-q", "-B", "-f", f"{project}/pom.xml", *goal])


def _build_timescale(folder: Path) -> None:
    """Make *folder* a small Debian with PostgreSQL 17, TimescaleDB, Prometheus and Alertmanager."""
    if shutil.which("mmdebstrap") is None:
        run(["apt-get", "update"])
        run(["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"])
    folder.chmod(0o755)  # the users inside must be able to walk their root
    run(["mmdebstrap", "--variant=apt", f"--include={DEBIAN_PACKAGES}", DEBIAN_SUITE, str(folder)])


def run(command: list[str]) -> None:
    """Run *command* in silence.

    Raises:
        FetchError: when it fails, with the end of what it wrote.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = (done.stdout + done.stderr)[-ERROR_TAIL_CHARS:]
        message = f"{command[0]} failed with status {done.returncode}: {tail}"
        raise FetchError(message)
