"""A peer: bytewax counting positions by zone and slot, run in the environment of the peers; one worker.

Form WINDOWS is `count_window` by zone over tumbling windows of an event clock, behind the input operator of Kafka and a
map of orjson, as https://docs.bytewax.io/stable/guide/concepts/windowing.html and
https://docs.bytewax.io/stable/guide/concepts/kafka.html show; without a recovery store. Such a window tells its count
when it closes, here ten minutes after it began. So form LIVE counts by `stateful_map`, as its documentation shows for a
running count, and sends each new one by the output operator of Kafka. Form PLAIN is `map` and `inspect` over single
records with a dictionary, form BATCHES `flat_map_batch` over batches of ten thousand.
"""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Final

from benchmarks.peer_forms import COUNTS_TOPIC, LATENESS_S, LIVE, PLAIN, SLOT_S, WINDOWS, end
from benchmarks.plain_zones import PlainCounts, PlainZones
from benchmarks.zone_slot_counts import make_counts

BATCH: Final = 10_000
CONSUMER: Final = {
    "fetch.queue.backoff.ms": "5",
    "queued.min.messages": "100000",
    "group.id": f"bench-bytewax-{os.getpid()}",
}
"""As ours: the default of a second stalls a fast consumer."""


def in_batches(flow: Any, servers: str, topic: str, records: int, form: str) -> None:
    """Count batches of bytes."""
    operators, kafka = import_module("bytewax.operators"), import_module("bytewax.connectors.kafka")
    counts = make_counts(form)

    def add(messages: list[Any]) -> list[Any]:
        counts.add([message.value for message in messages])
        if counts.records >= records:
            end(counts.cells())
        return []

    source = kafka.KafkaSource(
        brokers=[servers], topics=[topic], tail=True, batch_size=BATCH, add_config=CONSUMER
    )
    counted = operators.flat_map_batch("count", operators.input("positions", flow, source), add)
    operators.inspect("nothing", counted)


def decoded(flow: Any, servers: str, topic: str, *, tail: bool = False) -> Any:
    """Return the stream of decoded records, which ends with the topic unless it waits for more."""
    operators, loads = import_module("bytewax.operators"), import_module("orjson").loads
    messages = import_module("bytewax.connectors.kafka.operators").input(
        "positions", flow, brokers=[servers], topics=[topic], tail=tail, add_config=CONSUMER
    )
    operators.inspect("errors", messages.errs).then(operators.raises, "failures")
    return operators.map("decode", messages.oks, lambda message: loads(message.value))


def one_by_one(flow: Any, servers: str, topic: str, records: int) -> None:
    """Count single records in a dictionary."""
    operators = import_module("bytewax.operators")
    counts = PlainCounts()

    def add(_step: str, position: Mapping[str, Any]) -> None:
        counts.add(position)
        if counts.records >= records:
            end(counts.cells)

    operators.inspect("count", decoded(flow, servers, topic), add)


def in_windows(flow: Any, servers: str, topic: str, positions_in_zones: int) -> None:
    """Count single records in windows by zone; they are told when the topic is at its end."""
    operators, windowing = import_module("bytewax.operators"), import_module("bytewax.operators.windowing")
    zones = PlainZones()
    cells: dict[tuple[int, int], int] = {}

    def visits(position: Mapping[str, Any]) -> list[tuple[str, datetime]]:
        time = datetime.fromisoformat(position["time"])
        return [(str(zone), time) for zone in zones.around(position)]

    def note(_step: str, counted: tuple[str, tuple[int, int]]) -> None:
        zone, (slot, count) = counted
        cells[int(zone), slot] = count
        if sum(cells.values()) >= positions_in_zones:
            end(cells)

    counted = windowing.count_window(
        "count",
        operators.flat_map("zones", decoded(flow, servers, topic), visits),
        windowing.EventClock(lambda visit: visit[1], timedelta(seconds=LATENESS_S)),
        windowing.TumblingWindower(timedelta(seconds=SLOT_S), datetime(1970, 1, 1, tzinfo=UTC)),
        key=lambda visit: visit[0],
    )
    operators.inspect("told", counted.down, note)


def live(flow: Any, servers: str, topic: str) -> None:
    """Count single records by zone and slot in keyed state, and send each new count."""
    operators = import_module("bytewax.operators")
    kafka = import_module("bytewax.connectors.kafka")
    zones = PlainZones.with_markers()

    def visits(position: Mapping[str, Any]) -> list[tuple[str, int]]:
        slot = int(datetime.fromisoformat(position["time"]).timestamp()) // SLOT_S
        return [(str(zone), slot) for zone in zones.around(position)]

    def add(counts: dict[int, int] | None, slot: int) -> tuple[dict[int, int], int]:
        kept = {} if counts is None else counts
        kept[slot] = kept.get(slot, 0) + 1
        return kept, kept[slot]

    positions = decoded(flow, servers, topic, tail=True)
    counted = operators.stateful_map("count", operators.flat_map("zones", positions, visits), add)
    told = operators.map(
        "tell", counted, lambda each: kafka.KafkaSinkMessage(each[0].encode(), str(each[1]).encode())
    )
    import_module("bytewax.connectors.kafka.operators").output(
        "told", told, brokers=[servers], topic=COUNTS_TOPIC
    )


def main() -> None:
    """Run the flow."""
    servers, topic, records, form = sys.argv[1:]
    flow = import_module("bytewax.dataflow").Dataflow("counts")
    if form == WINDOWS:
        in_windows(flow, servers, topic, int(records))
    elif form == PLAIN:
        one_by_one(flow, servers, topic, int(records))
    elif form == LIVE:
        live(flow, servers, topic)
    else:
        in_batches(flow, servers, topic, int(records), form)
    import_module("bytewax.testing").run_main(flow)


if __name__ == "__main__":
    main()
