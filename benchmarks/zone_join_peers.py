"""The peers of B1 that are processes of their own: each is installed, asked and compared by itself."""

import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Final, NamedTuple, Self

import msgspec
import numpy as np

from benchmarks.country import Country
from benchmarks.peer_environment import peer_python
from benchmarks.peer_joins import H3_RESOLUTION
from benchmarks.peers import PeerFailedError
from benchmarks.processes import ROOT
from benchmarks.report import say
from processors.columns import Float64Array, Int64Array

ANSWER_S: Final = 120.0
"""The longest time for what a peer builds or joins, on a busy machine."""

SAID: Final = 300
"""Characters of the end of what a peer said that are its reason to have failed."""

WKB: Final = ("numpy>=2.1", "pyarrow>=18", "shapely>=2.0")
"""What all need to read zones and points."""

Points = Mapping[str, tuple[Float64Array, Float64Array]]


class ZonePeer(NamedTuple):
    """A library, and what it takes to have it."""

    name: str
    title: str
    requirements: tuple[str, ...]
    is_exact: bool = True


PEERS: Final = (
    ZonePeer("geopandas", "geopandas `sjoin`", ("geopandas==1.2.0", *WKB)),
    ZonePeer("polars-st", "polars-st `sjoin`", ("polars-st==0.11.0", *WKB)),
    # its extension from the package index, in place of the server that duckdb itself would ask
    ZonePeer("duckdb", "duckdb spatial", ("duckdb==1.5.5", "duckdb-extension-spatial==1.5.5", *WKB)),
    ZonePeer(
        "h3",
        f"h3 cells, resolution {H3_RESOLUTION} (approximate)",
        ("h3ronpy==0.22.0", "polars==2.1.0", *WKB),
        is_exact=False,
    ),
)


class Figures(msgspec.Struct, frozen=True):
    """What one peer did."""

    is_exact: bool
    build_s: float
    rates: dict[str, list[float]]  # by kind of points, per CPU-second
    points: int  # that were compared
    differing: int  # of them, those for which it tells other zones than we do


class _Told(msgspec.Struct):
    """A line of a peer."""

    build_s: float = 0.0
    rate: float = 0.0


class PeerProcess:
    """A peer that has built its index and waits for points."""

    def __init__(self, peer: ZonePeer, folder: Path, python: str | None) -> None:
        if python is None:
            message = "not installable"
            raise PeerFailedError(message)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 read when the process has ended
        command = [python, "-m", "benchmarks.peer_joins", peer.name, str(folder)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_reason: object) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def build_s(self) -> float:
        """Wait until the index is built, and return the processor time of it.

        Raises:
            PeerFailedError: The process ended in place of that, or was too slow.
        """
        return self._told().build_s

    def rate(self, kind: str) -> float:
        """Return how many points of a kind are joined per CPU-second.

        Raises:
            PeerFailedError: The process ended in place of that, or was too slow.
        """
        assert self._process.stdin is not None, "it was started with a pipe"
        try:
            self._process.stdin.write(f"{kind}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise PeerFailedError(self._reason()) from error
        return self._told().rate

    def _told(self) -> _Told:
        """Return the next line of the process."""
        assert self._process.stdout is not None, "it was started with a pipe"
        watchdog = threading.Timer(ANSWER_S, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise PeerFailedError(self._reason())
        return msgspec.json.decode(line, type=_Told)

    def _reason(self) -> str:
        """Return how the process ended."""
        code = self._process.wait(ANSWER_S)
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        return f"ended with {code}: {said.rpartition(chr(10))[2][-SAID:]}"


class ZonePeers:
    """All peers with the zones of a country in them; one that fails is left out from then on."""

    def __init__(self, country: Country, points: Points, peers: Sequence[ZonePeer] = PEERS) -> None:
        self.failures: dict[str, str] = {}  # by title: why
        self._peers = {peer.title: peer for peer in peers}
        self._points = points
        self._processes: dict[str, PeerProcess] = {}
        self._build_s: dict[str, float] = {}
        self._rates: dict[str, dict[str, list[float]]] = {}
        with ExitStack() as stack:
            self._folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duls-bench-")))
            write_world(self._folder, country, points)
            for title in self._peers:
                self._start(title, stack)
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_reason: object) -> None:
        """End all."""
        self._stack.close()

    def _start(self, title: str, stack: ExitStack) -> None:
        """Start a peer, and let it join once: it loads code and sets up threads."""
        peer = self._peers[title]
        try:
            python = peer_python(peer.requirements)
            process = stack.enter_context(PeerProcess(peer, self._folder, python))
            self._build_s[title] = process.build_s()
            process.rate(next(iter(self._points)))
        except PeerFailedError as error:
            self._fail(title, error)
        else:
            self._processes[title] = process
            self._rates[title] = {kind: [] for kind in self._points}

    def measure(self, kind: str) -> None:
        """Let each join the points of a kind, one after the other."""
        for title, process in list(self._processes.items()):
            try:
                self._rates[title][kind].append(process.rate(kind))
            except PeerFailedError as error:
                self._fail(title, error)
                del self._processes[title]

    def _fail(self, title: str, error: PeerFailedError) -> None:
        """Say and keep why a peer is not in the table."""
        say(f"  {title}: {error}")
        self.failures[title] = str(error)

    def figures(self, ours: Mapping[str, Int64Array]) -> dict[str, Figures]:
        """Return what the peers that did not fail did, by title.

        Args:
            ours: Our containments by kind of points: point above bit 32, place of the zone below.
        """
        return {
            title: Figures(
                is_exact=self._peers[title].is_exact,
                build_s=self._build_s[title],
                rates=self._rates[title],
                points=sum(lon.size for lon, _ in self._points.values()),
                differing=sum(
                    differing(ours[kind], np.load(self._folder / f"{self._peers[title].name}-{kind}.npy"))
                    for kind in self._points
                ),
            )
            for title in self._processes
        }


def write_world(folder: Path, country: Country, points: Points) -> None:
    """Write zones and points as the processes of peers read them."""
    rings = [np.array(zone.polygons[0][0], np.float64) for zone in country.zones]
    sizes = np.array([len(ring) for ring in rings], np.int64)
    np.savez(folder / "zones.npz", vertices=np.concatenate(rings), sizes=sizes)
    for kind, columns in points.items():
        np.save(folder / f"{kind}.npy", np.stack(columns))


def differing(ours: Int64Array, theirs: Int64Array) -> int:
    """Return for how many points two sets of containments tell other zones; points stand above bit 32."""
    return int(np.unique(np.setxor1d(ours, theirs, assume_unique=True) >> 32).size)
