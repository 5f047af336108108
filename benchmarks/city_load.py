"""An open-loop load: positions of a city at *now*, each sent when its time has come, whoever keeps up or not.

Run as a process: `python -m benchmarks.city_load SERVERS KIND VEHICLES INTERVAL_S START DURATION_S`, KIND "city" or
"fleet" (of which every vehicle reports), START in seconds since 1970. It prints how many it sent and how far
it ever was behind its schedule.
"""

import subprocess
import sys
import time
from typing import IO, Final, NamedTuple

import msgspec
from confluent_kafka import Producer

from benchmarks.city_records import build_city, encoded, morning_us
from benchmarks.fleet import fleet
from benchmarks.processes import start
from benchmarks.raw_topic import PARTITIONS
from processors.simulation.positions import positions
from processors.units import US_PER_S
from streams.topics import POSITIONS_TOPIC

WINDOW_S: Final = 0.05
PRODUCER: Final[dict[str, str | int]] = {
    "linger.ms": 5,
    "compression.type": "lz4",
    "queue.buffering.max.messages": 500_000,
}


class Sent(msgspec.Struct, frozen=True):
    """What became of a load."""

    records: int
    behind_max_s: float  # longest time between the end of a window and its last record handed to the client


class LoadPlan(NamedTuple):
    """What to send."""

    kind: str  # "city" or "fleet"
    vehicles: int
    interval_s: float  # between two positions of a vehicle
    start_s: float  # seconds since 1970 UTC
    duration_s: float


def start_load(bootstrap_servers: str, plan: LoadPlan, output: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a load as a process of its own."""
    return start(["benchmarks.city_load", bootstrap_servers, *map(str, plan)], {}, output)


def end_load(load: subprocess.Popen[bytes], output: IO[bytes]) -> Sent:
    """Wait for a load and return what became of it.

    Raises:
        RuntimeError: It did not send everything.
    """
    code = load.wait(60.0)
    output.seek(0)
    told = output.read()
    if code:
        message = f"the load ended with {code}: {told.decode(errors='replace')[-2_000:]}"
        raise RuntimeError(message)
    return msgspec.json.decode(told.splitlines()[-1], type=Sent)


def run(bootstrap_servers: str, plan: LoadPlan) -> Sent:
    """Send a morning of the city, its start moved to that of the plan."""
    kind, vehicles, interval_s, start_s, duration_s = plan
    producer = Producer({**PRODUCER, "bootstrap.servers": bootstrap_servers})
    first_us = morning_us()
    shift_us = round(start_s * US_PER_S) - first_us
    records, behind_max_s = 0, 0.0
    last_us = first_us + round(duration_s * US_PER_S)
    if kind == "fleet":
        windows = fleet(build_city(1), vehicles, first_us, last_us, interval_s, window_s=WINDOW_S)
    else:
        windows = positions(build_city(vehicles), first_us, last_us, interval_s, window_s=WINDOW_S)
    for number, rows in enumerate(windows, start=1):
        due_s = start_s + number * WINDOW_S
        chunks = list(encoded(rows._replace(event_us=rows.event_us + shift_us)))
        time.sleep(max(0.0, due_s - time.time()))
        for chunk in chunks:
            for value, vehicle in zip(chunk.values, chunk.vehicle, strict=True):
                producer.produce(POSITIONS_TOPIC, value, partition=vehicle % PARTITIONS)
            records += len(chunk.values)
        producer.poll(0)
        behind_max_s = max(behind_max_s, time.time() - due_s)
    producer.flush(30.0)
    return Sent(records, behind_max_s)


def main() -> None:
    """Send, and say what was sent."""
    servers, kind, vehicles, interval_s, start_s, duration_s = sys.argv[1:]
    plan = LoadPlan(kind, int(vehicles), float(interval_s), float(start_s), float(duration_s))
    sent = run(servers, plan)
    sys.stdout.write(msgspec.json.encode(sent).decode() + "\n")


if __name__ == "__main__":
    main()
