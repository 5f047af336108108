"""The goals of all benchmarks: what each asks for, and where its figure stands in the JSON of the last measurement."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any, Final, NamedTuple

from benchmarks.loads import SHARES
from benchmarks.sink import BARE, OURS, SERVER, times_as_long


class Goal(NamedTuple):
    """A goal or none, where its figure stands, and how it reads; larger is better where `is_least`.

    A figure is nothing where the part was not measured or failed.
    """

    row: str
    text: str
    result: str
    figure: Callable[[Any], float | None]
    goal: float | None
    unit: str
    is_least: bool = True


def _field(*path: str) -> Callable[[Any], float | None]:
    """Return how to read a figure that stands at a path of names."""

    def read(result: Any) -> float | None:
        for name in path:
            result = result.get(name)
            if result is None:
                return None
        return float(result)

    return read


def _zone_rate(kind: str) -> Callable[[Any], float]:
    return lambda result: median(result["rates"][kind]["DULS"])


def _exact_peers(result: Any) -> list[Any]:
    """Return the peers of the zone join in processes of their own whose answers are meant to be exact."""
    return [peer for peer in result.get("peers", {}).values() if peer["is_exact"]]


def _beside_exact(kind: str) -> Callable[[Any], float]:
    """Return how to read our rate for points of a kind as a multiple of that of the fastest exact peer."""

    def times(result: Any) -> float:
        rates = result["rates"][kind]
        peers = [median(rate) for name, rate in rates.items() if name != "DULS"]
        peers += [median(peer["rates"][kind]) for peer in _exact_peers(result)]
        return float(median(rates["DULS"]) / max(peers))

    return times


def _other_mismatches(result: Any) -> float | None:
    """Return for how many points exact peers beside shapely tell other zones than we do."""
    peers = _exact_peers(result)
    return float(sum(peer["differing"] for peer in peers)) if peers else None


def _decode(format_: str) -> Callable[[Any], float]:
    return lambda result: float(_decode_rates(result, format_)["DULS"])


def _beside_fastest(format_: str) -> Callable[[Any], float]:
    """Return how to read our rate for a format as a multiple of that of the fastest peer."""

    def ratio(result: Any) -> float:
        rates = _decode_rates(result, format_)
        return float(rates["DULS"] / max(rate for name, rate in rates.items() if name != "DULS" and rate))

    return ratio


def _decode_rates(result: Any, format_: str) -> Any:
    return next(line for line in result["lines"] if line["format_"] == format_)["rates"]


def _read_share(result: Any) -> float | None:
    rates = result["rates"]
    if not (rates["read_and_decode"] and rates["consume_and_decode"]):
        return None
    return float(rates["read_and_decode"] / rates["consume_and_decode"])


def _pipeline_rate(result: Any, contestant: str) -> float | None:
    """Return the rate of a contestant; the first line of the pipeline is that of both roles together."""
    for line in result["lines"]:
        if line["contestant"] == contestant:
            return float(line["records"] / (line["cpu_s"] - line["start_cpu_s"]))
    return None


def _times(form: str, frameworks: Sequence[str]) -> Callable[[Any], float | None]:
    """Return how to read the rate of the pipeline as a multiple of that of the fastest of some peers in a form."""

    def times(result: Any) -> float | None:
        rates = [_pipeline_rate(result, f"{framework} {form}") for framework in frameworks]
        found = [rate for rate in rates if rate]
        pipeline = _pipeline_rate(result, "pipeline")
        return pipeline / max(found) if found and pipeline else None

    return times


def _percent(*path: str) -> Callable[[Any], float | None]:
    read = _field(*path)
    return lambda result: None if (found := read(result)) is None else 100 * found


def _sink(name: str, other: str) -> Callable[[Any], float]:
    return lambda result: times_as_long(result, "100%", name, other)


def _aggregate_rate(vehicles: int) -> Callable[[Any], float | None]:
    def rate(result: Any) -> float | None:
        return next((float(line["rate"]) for line in result["lines"] if line["vehicles"] == vehicles), None)

    return rate


def _bytes_per(kind: str, count: str) -> Callable[[Any], float]:
    """Return how to read the bytes of something of the largest fleet, per one of another."""

    def each(result: Any) -> float:
        memory = result["lines"][-1]["memory"]
        return float(memory[kind] / memory[count])

    return each


def _at_share(share: float, *path: str) -> Callable[[Any], float | None]:
    """Return how to read a figure of the load that is a share of the largest rate."""
    read = _field(*path)

    def figure(result: Any) -> float | None:
        return next((read(step) for step in result["steps"] if step["share"] == share), None)

    return figure


ALL_PEERS: Final = ("faust", "quix", "bytewax")

GOALS: Final = (
    Goal("B1", "points of a country, uniform", "zone_join", _zone_rate("uniform"), 50e6, "/s"),
    Goal("B1", "points of towns", "zone_join", _zone_rate("city-like"), 50e6, "/s"),
    Goal("B1", "mismatches with shapely", "zone_join", _field("mismatches"), 0, "", is_least=False),
    Goal("B1", "mismatches with other exact peers", "zone_join", _other_mismatches, 0, "", is_least=False),
    Goal("B1", "mismatches with the rule", "zone_join", _field("rule_mismatches"), 0, "", is_least=False),
    Goal("B1", "build", "zone_join", _field("build_s", "DULS"), 10.0, " s", is_least=False),
    Goal(
        "B1", "uniform, beside the fastest exact peer", "zone_join", _beside_exact("uniform"), None, " times"
    ),
    Goal(
        "B1", "towns, beside the fastest exact peer", "zone_join", _beside_exact("city-like"), None, " times"
    ),
    Goal("B2", "canonical JSON", "decode", _decode("canonical"), 4e6, "/s"),
    Goal("B2", "Open Trip Model", "decode", _decode("OTM inline"), 1e6, "/s"),
    Goal(
        "B2", "canonical JSON, beside the fastest peer", "decode", _beside_fastest("canonical"), 1, " times"
    ),
    Goal(
        "B2", "Open Trip Model, beside the fastest peer", "decode", _beside_fastest("OTM inline"), 1, " times"
    ),
    Goal("B2", "VESDI, beside the fastest peer", "decode", _beside_fastest("VESDI"), 1, " times"),
    Goal(
        "B2",
        "Arrow, beside the fastest peer",
        "decode",
        _beside_fastest("Arrow streams of 5,000"),
        1,
        " times",
    ),
    Goal("B3", "one per record, of bare consume and decode", "read", _read_share, 0.8, " times"),
    Goal("B3", "one per record (stretch)", "read", _field("rates", "read_and_decode"), 1.2e6, "/s"),
    Goal("B3", "JSON arrays of 100", "read", _field("packed", "JSON arrays of 100"), 3e6, "/s"),
    Goal("B3", "Arrow streams of 5,000", "read", _field("packed", "Arrow streams of 5,000"), 15e6, "/s"),
    Goal("B4", "one position per record", "pipeline", lambda r: _pipeline_rate(r, "pipeline"), 0.5e6, "/s"),
    Goal("B4", "JSON arrays of 100", "pipeline", _field("packed", "JSON arrays of 100", "both"), 1.5e6, "/s"),
    Goal(
        "B4",
        "Arrow streams of 5,000",
        "pipeline",
        _field("packed", "Arrow streams of 5,000", "both"),
        4e6,
        "/s",
    ),
    Goal("B4", "beside Faust, plain code", "pipeline", _times("plain", ["faust"]), 100, " times"),
    Goal("B4", "beside Faust, its windows", "pipeline", _times("windows", ["faust"]), 100, " times"),
    Goal("B4", "beside Faust, tuned by us", "pipeline", _times("batches", ["faust"]), None, " times"),
    Goal("B4", "beside the best peer, plain code", "pipeline", _times("plain", ALL_PEERS), 12, " times"),
    Goal("B4", "beside the best peer, its windows", "pipeline", _times("windows", ALL_PEERS), 12, " times"),
    Goal("B4", "beside the best peer, tuned by us", "pipeline", _times("batches", ALL_PEERS), None, " times"),
    Goal(
        "B5",
        "position to `zone_now`, p99",
        "latency",
        _field("summary", "zone_now", "p99_s"),
        1.0,
        " s",
        is_least=False,
    ),
    Goal(
        "B5",
        "the same, at a flush of 100 ms, p99",
        "latency-100",
        _field("summary", "zone_now", "p99_s"),
        0.15,
        " s",
        is_least=False,
    ),
    Goal(
        "B5",
        "position to flow row, p99",
        "latency",
        _field("summary", "zone_flow", "p99_s"),
        7.0,
        " s",
        is_least=False,
    ),
    *(
        Goal(
            "B5",
            f"position to `zone_now` at {share:.0%} of the largest rate, p99",
            "loads",
            _at_share(share, "zone_now", "p99_s"),
            1.0,
            " s",
            is_least=False,
        )
        for share in SHARES
    ),
    Goal(
        "B5",
        f"position to flow row at {max(SHARES):.0%} of the largest rate, p99",
        "loads",
        _at_share(max(SHARES), "zone_flow", "p99_s"),
        7.0,
        " s",
        is_least=False,
    ),
    Goal(
        "B5", "position to alert, p99", "alert_latency", _field("delay", "p99_s"), 0.5, " s", is_least=False
    ),
    Goal(
        "B5",
        "1.2 M vehicles: memory of aggregate",
        "fleet",
        _field("summary", "memory", "aggregate", "max_mib"),
        1024,
        " MiB",
        is_least=False,
    ),
    Goal(
        "B5",
        "1.2 M vehicles: lag, p99",
        "fleet",
        _field("summary", "lag", "p99_s"),
        2.0,
        " s",
        is_least=False,
    ),
    Goal("B5", "idle load of intake", "idle", _percent("idle", "intake"), 2.0, " %", is_least=False),
    Goal("B5", "idle load of aggregate", "idle", _percent("idle", "aggregate"), 2.0, " %", is_least=False),
    Goal("B6", "of the server-side rate, all updates", "sink", _sink(SERVER, OURS), 0.9, " times"),
    Goal("B6", "what exactly once costs", "sink", _sink(OURS, BARE), 1.02, " times", is_least=False),
    Goal("B7", "observations, 40,000 vehicles", "aggregate", _aggregate_rate(40_000), 10e6, "/s"),
    Goal("B7", "observations, 1.2 M vehicles", "aggregate", _aggregate_rate(1_200_000), 10e6, "/s"),
    Goal(
        "B7",
        "bytes per vehicle, the most vehicles",
        "aggregate",
        _bytes_per("vehicle_bytes", "vehicles"),
        200,
        " B",
        is_least=False,
    ),
    Goal(
        "B7",
        "bytes per zone visited today",
        "aggregate",
        _bytes_per("visited_bytes", "visited"),
        16,
        " B",
        is_least=False,
    ),
)
