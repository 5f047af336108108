"""A role whose stages are timed: `python -m benchmarks.staged_role ROLE FILE`, with the settings of a role.

Runs `duls run ROLE --until-drained` in this process, with a clock around the functions that are its stages, and writes
what each used to a file. A stage within another counts for itself only. What other threads use, those of the Kafka
client, is the processor time of the process less that of the thread which runs the stages. The clock runs from the
moment that the role joins its group.
"""

import functools
import importlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from duls.cli import main as duls

OTHER_THREADS: Final = "Kafka client threads"
REST: Final = "the rest of the loop"


class Stage(NamedTuple):
    """A function that is a stage, or a part of one."""

    name: str
    module: str
    function: str  # in that module, or a method of a class in it


STAGES: Final = {
    "intake": (
        Stage("messages to columns", "streams.batch_reader", "BatchReader.read"),
        Stage("messages to columns", "duls.pipelines.intake", "batch_of"),
        Stage("join and scan", "streams.decode.positions", "_decode_chunk"),
        Stage("Arrow streams to rows", "streams.decode.positions", "positions_of_arrows"),
        Stage("join and scan", "streams.decode.positions", "in_a_row"),
        Stage("registers and references", "duls.pipelines.enrichment", "KnownVehicles.complete"),
        Stage("admission", "duls.pipelines.intake", "admit"),
        Stage("pseudonyms", "processors.pseudonyms", "PseudonymCache.pseudonyms"),
        Stage("pseudonyms", "processors.carrier_pseudonyms", "CarrierPseudonyms.of"),
        Stage("narrow rows by partition", "duls.pipelines.intake", "narrowed"),
        Stage("narrow rows by partition", "duls.pipelines.intake", "by_destination"),
        Stage("rows to Arrow messages", "duls.pipelines.intake", "encode_parts"),
        Stage("hand to the producer", "streams.observation_sender", "ObservationSender.send_rows"),
        Stage("progress, ticks and commits", "duls.pipelines.intake", "Intake.report_progress"),
        Stage("progress, ticks and commits", "duls.pipelines.intake", "Intake.commit"),
        Stage("progress, ticks and commits", "streams.observation_sender", "ObservationSender.serve"),
    ),
    "aggregate": (
        Stage("Arrow messages to columns", "duls.pipelines.message_taker", "decode_messages"),
        Stage("find zones", "processors.positions", "lookup"),
        Stage(
            "order, vehicles and cells",
            "processors.observation_partition",
            "ObservationPartition.add_positions",
        ),
        Stage("stream time", "processors.observation_partition", "ObservationPartition.progress"),
        Stage("flush", "duls.pipelines.aggregate", "Aggregate.flush"),
        Stage("flush", "duls.pipelines.aggregate", "Aggregate._store_moved"),
        Stage("live counts", "duls.pipelines.partial_sender", "PartialSender.send_due"),
    ),
}
JOINS: Final = {
    "intake": ("duls.pipelines.intake", "Intake.subscribe"),
    "aggregate": ("duls.pipelines.aggregate", "Aggregate.subscribe"),
}


class Used(msgspec.Struct):
    """What a role used between its first rows and its last."""

    stages_s: dict[str, float]
    other_threads_s: float
    total_s: float


class StageClock:
    """Processor time of the calling thread by stage, and of the process between the start and the last stage."""

    def __init__(self) -> None:
        self.stages_s: dict[str, float] = {}
        self._inner_s: list[float] = []
        self._began = self._last = (0.0, 0.0)
        self._thread = 0

    def start(self) -> None:
        """Begin anew, in the thread that runs the stages."""
        self.stages_s.clear()
        self._thread = threading.get_ident()
        self._began = self._last = (time.process_time(), time.thread_time())

    def runs_here(self) -> bool:
        """Tell whether this is the thread that is timed: clients are closed in one of their own."""
        return self._thread == threading.get_ident()

    def enter(self) -> float:
        """Begin a stage and return when that was."""
        self._inner_s.append(0.0)
        return time.thread_time()

    def leave(self, name: str, began_s: float) -> None:
        """End the stage that was begun last."""
        now_s = time.thread_time()
        spent_s = now_s - began_s
        self.stages_s[name] = self.stages_s.get(name, 0.0) + spent_s - self._inner_s.pop()
        if self._inner_s:
            self._inner_s[-1] += spent_s
        self._last = (time.process_time(), now_s)

    def used(self) -> Used:
        """Return what was used."""
        total_s, thread_s = (last - began for last, began in zip(self._last, self._began, strict=True))
        stages_s = {**self.stages_s, REST: thread_s - sum(self.stages_s.values())}
        return Used(stages_s, total_s - thread_s, total_s)


def watch(clock: StageClock, stage: Stage) -> None:
    """Put the clock around a function; what it yields, if it is a generator, is made within the stage."""
    owner, name = _place_of(stage.module, stage.function)
    setattr(owner, name, _timed(clock, stage.name, getattr(owner, name)))


def start_at(clock: StageClock, module: str, function: str) -> None:
    """Start the clock when a function is called."""
    owner, name = _place_of(module, function)
    called = getattr(owner, name)

    @functools.wraps(called)
    def starting(*arguments: Any) -> Any:
        clock.start()
        return called(*arguments)

    setattr(owner, name, starting)


def _place_of(module: str, function: str) -> tuple[Any, str]:
    """Return what a function is an attribute of, and its name there."""
    owner: Any = importlib.import_module(module)
    *path, name = function.split(".")
    for part in path:
        owner = getattr(owner, part)
    return owner, name


def _timed(clock: StageClock, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function in the clock."""

    @functools.wraps(function)
    def timed(*arguments: Any, **named: Any) -> Any:
        if not clock.runs_here():
            return function(*arguments, **named)
        began_s = clock.enter()
        try:
            result = function(*arguments, **named)
            return list(result) if isinstance(result, Iterator) else result
        finally:
            clock.leave(name, began_s)

    return timed


def main() -> None:
    """Run the role and write what its stages used."""
    role, path = sys.argv[1:]
    clock = StageClock()
    for stage in STAGES[role]:
        watch(clock, stage)
    start_at(clock, *JOINS[role])
    sys.argv = ["duls", "run", role, "--until-drained"]
    try:
        duls()
    finally:
        Path(path).write_bytes(msgspec.json.encode(clock.used()))


if __name__ == "__main__":
    main()
