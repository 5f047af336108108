"""What a measurement was made on: a figure without its machine is no figure."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import msgspec

PACKAGES: Final = (
    "confluent-kafka",
    "numba",
    "numpy",
    "msgspec",
    "orjson",
    "pyarrow",
    "polars",
    "faust-streaming",
    "aiokafka",
)
GIB: Final = 1024**3


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine of a run, and how busy it was before."""

    processor: str
    cores: int
    memory_gib: int
    system: str
    python: str
    packages: dict[str, str]
    load_before: float  # processes that wanted a core, mean over the last minute

    def name(self) -> str:
        """Return one line that names the machine."""
        return (
            f"{self.cores} cores {self.processor}, {self.memory_gib} GiB, {self.system}, Python {self.python}"
        )


def this_machine() -> Machine:
    """Return the machine that this process runs on."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        packages={name: found for name in PACKAGES if (found := _version_of(name))},
        load_before=round(os.getloadavg()[0], 2),
    )


def _processor() -> str:
    """Return the name of the processor."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def _version_of(package: str) -> str:
    """Return the version of an installed package, nothing where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
