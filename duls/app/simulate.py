"""`duls simulate`: a synthetic city to Kafka, at a pace, from a seed."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Final, NamedTuple

from confluent_kafka import Producer

from duls.app.stopping import StopFlag
from duls.config import Settings
from duls.errors import ConfigError, InvalidInputError
from duls.local_midnights import ZONE, local_midnights
from processors.simulation.city import SimulatedCity
from processors.simulation.city_files import cameras_csv, zones_geojson
from processors.simulation.crowd import Crowd, crowd_positions, merged
from processors.simulation.detections import detections
from processors.simulation.positions import positions
from processors.units import US_PER_S
from processors.zone_label import label_point
from sinks.flush_parts import OutboxMessage
from streams.clients import make_admin, make_gapless_producer
from streams.encode_detections import encode_detections
from streams.encode_positions import encode_positions
from streams.outbox_sender import OutboxSender
from streams.topics import DETECTIONS_TOPIC, POSITIONS_TOPIC, describe_topic

LIVE_WINDOW_S: Final = 0.2
HISTORY_WINDOW_S: Final = 10.0
MESSAGES_AT_ONCE: Final = 20_000  # well below the queue of the producer
GIVE_UP_S: Final = 60.0
TELL_S: Final = 10.0  # between two lines about progress
SHORTEST_INTERVAL_S: Final = 0.05
LONGEST_INTERVAL_S: Final = 86_400.0
FIRST_US: Final = int(datetime(1971, 1, 1, tzinfo=UTC).timestamp()) * US_PER_S
END_US: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * US_PER_S
"""First event time, and that after the last: vehicles are planned by the table of local midnights."""
WEEKDAYS: Final = 5  # Monday to Friday

Progress = Callable[[str], None]


class CrowdPlan(NamedTuple):
    """An overload by script: vans that come to a zone, stay and leave."""

    zone_id: str
    vehicles: int
    after_s: float  # from the start of the simulation on
    fill_s: float  # until all are there, and again until all have left
    hold_s: float  # how long all are there
    every_s: float | None = None  # again after so long; None: once


class SimulationPlan(NamedTuple):
    """What to simulate and how fast."""

    seed: int = 7
    vehicles: int = 5_000
    interval_s: float = 10.0  # between two positions of a driving vehicle
    rate: float | None = None  # about so many positions per second of event time, instead of an interval
    start_us: int | None = None  # first event time, microseconds since 1970 UTC; now when None
    length_s: float | None = None  # of event time; without end when None
    speed: float = 1.0  # event time per time of this machine; 0 is as fast as the broker takes it
    pack: int = 1  # positions per record
    city_time: str | None = None  # local HH:MM of a weekday that is played as the start
    crowd: CrowdPlan | None = None  # an overload on top of it all


class SimulationReport(NamedTuple):
    """What was sent."""

    positions: int
    detections: int
    records: int
    seconds: float


class _Window(NamedTuple):
    """What is sent in one stretch of event time."""

    end_us: int
    positions: int
    detections: int
    messages: list[OutboxMessage]


def build_city(plan: SimulationPlan) -> SimulatedCity:
    """Return the city of a plan."""
    return SimulatedCity.build(plan.seed, vehicles=plan.vehicles, midnights_us=local_midnights())


def write_city(plan: SimulationPlan, folder: Path) -> list[Path]:
    """Write the zones and cameras of the city into *folder*, as files that can be loaded; return their paths.

    Raises:
        InvalidInputError: the folder cannot be written to.
    """
    city = build_city(plan)
    files = {folder / "zones.geojson": zones_geojson(city), folder / "cameras.csv": cameras_csv(city)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            path.write_bytes(content)
    except OSError as error:
        message = f"cannot write into {folder}: {error.strerror}"
        raise InvalidInputError(message) from error
    return list(files)


def simulate(
    settings: Settings, plan: SimulationPlan, stop: StopFlag, progress: Progress
) -> SimulationReport:
    """Send what the vehicles of the city send, until the end of the plan or until asked to stop.

    Raises:
        ConfigError: the raw topics do not exist, history without an end was asked for, or a number or the
            time of the plan is out of bounds.
        ServiceAwayError: the broker does not take the records.
    """
    if plan.speed == 0 and plan.length_s is None:
        message = "a simulation at speed 0 needs an end: say how long with --length-s"
        raise ConfigError(message)
    _refuse_out_of_bounds(plan)
    producer = _producer(settings)
    city = build_city(plan)
    _warm_up(city)
    begin_s = told_s = time.time()
    start_us = int(begin_s) * US_PER_S if plan.start_us is None else plan.start_us
    report = SimulationReport(0, 0, 0, 0.0)
    for window in _windows(city, plan, start_us):
        if _wait(begin_s, (window.end_us - start_us) / US_PER_S, plan.speed, stop):
            break
        _send(producer, window.messages)
        report = _added(report, window, time.time() - begin_s)
        if time.time() - told_s >= TELL_S:
            told_s = time.time()
            progress(f"{report.positions} positions and {report.detections} detections sent")
    return report


def _refuse_out_of_bounds(plan: SimulationPlan) -> None:
    """Refuse numbers without an end, and times that no vehicle has a plan for."""
    numbers = {
        "--interval-s": plan.interval_s,
        "--rate": plan.rate,
        "--length-s": plan.length_s,
        "--speed": plan.speed,
    }
    for option, number in numbers.items():
        if number is not None and not math.isfinite(number):
            message = f"{option} must be a finite number, got {number}"
            raise ConfigError(message)
    if plan.interval_s > LONGEST_INTERVAL_S:
        message = f"--interval-s must be at most {LONGEST_INTERVAL_S:.0f}, got {plan.interval_s:g}"
        raise ConfigError(message)
    start_us = int(time.time()) * US_PER_S if plan.start_us is None else plan.start_us
    if not (FIRST_US <= start_us < END_US and _end_us(plan, start_us) <= END_US):
        message = "a simulation must lie in the years 1971 to 2099: change --start or --length-s"
        raise ConfigError(message)


def _end_us(plan: SimulationPlan, start_us: int) -> int:
    """Return the first event time that is not sent; "without end" is until no vehicle has a plan."""
    return END_US if plan.length_s is None else start_us + round(plan.length_s * US_PER_S)


def _producer(settings: Settings) -> Producer:
    """Return the producer, after a look whether there is anything to send to."""
    kafka = settings.kafka
    admin = make_admin(kafka.bootstrap_servers, kafka.client)
    for topic in (POSITIONS_TOPIC, DETECTIONS_TOPIC):
        describe_topic(admin, topic)
    return make_gapless_producer(kafka.bootstrap_servers, kafka.client)


def _warm_up(city: SimulatedCity) -> None:
    """Compile the kernels, so that a simulation of now does not begin late."""
    for rows in positions(city, 0, 1_000, 1.0):
        encode_positions(rows)
    for seen in detections(city, 0, 1_000):
        encode_detections(seen, city.cameras)


def _windows(city: SimulatedCity, plan: SimulationPlan, start_us: int) -> Iterator[_Window]:
    """Yield what is sent, one window of event time after another."""
    window_s = LIVE_WINDOW_S if plan.speed else HISTORY_WINDOW_S
    end_us = _end_us(plan, start_us)
    played_us = 0 if plan.city_time is None else start_us - _city_time_us(plan.city_time, start_us)
    interval_s = (
        plan.interval_s if plan.rate is None else _interval_of_rate(city, start_us - played_us, plan.rate)
    )
    crowd = None if plan.crowd is None else _crowd(city, plan.crowd, start_us)
    sent = positions(city, start_us - played_us, end_us - played_us, interval_s, window_s=window_s)
    seen = detections(city, start_us - played_us, end_us - played_us, window_s=window_s)
    for number, (moving, passing) in enumerate(zip(sent, seen, strict=True), start=1):
        rows = moving._replace(event_us=moving.event_us + played_us)
        window_end_us = min(start_us + round(number * window_s * US_PER_S), end_us)
        if crowd is not None:
            low_us = start_us + round((number - 1) * window_s * US_PER_S)
            there = crowd_positions(crowd, low_us, window_end_us, round(interval_s * 1_000) * 1_000)
            rows = merged(rows, there)
        passages = passing._replace(event_us=passing.event_us + played_us)
        records = _packed(encode_positions(rows), plan.pack)
        messages = [OutboxMessage(POSITIONS_TOPIC, None, value) for value in records]
        messages += [
            OutboxMessage(DETECTIONS_TOPIC, None, value)
            for value in encode_detections(passages, city.cameras)
        ]
        yield _Window(window_end_us, rows.vehicle.size, passages.vehicle.size, messages)


def _crowd(city: SimulatedCity, plan: CrowdPlan, start_us: int) -> Crowd:
    """Return a crowd in the middle of its zone.

    Raises:
        ConfigError: the city has no such zone.
    """
    zone = next((zone for zone in city.zones if zone.zone_id == plan.zone_id), None)
    if zone is None:
        message = f"the city has no zone {plan.zone_id!r}: --write-city writes those that there are"
        raise ConfigError(message)
    lon, lat = label_point(zone.polygons)
    begin_us, fill_us, hold_us, every_us = (
        round(length_s * 1_000) * 1_000
        for length_s in (plan.after_s, plan.fill_s, plan.hold_s, plan.every_s or 0.0)
    )
    return Crowd(
        lon, lat, plan.vehicles, city.vehicles, start_us + begin_us, fill_us, hold_us, every_us or None
    )


def _city_time_us(clock: str, now_us: int) -> int:
    """Return the last time before *now_us* at which the local clock of a weekday showed *clock*."""
    now = datetime.fromtimestamp(now_us // US_PER_S, UTC).astimezone(ZONE)
    try:
        given = time_of_day.fromisoformat(clock)
    except ValueError as error:
        message = f"--city-time must be a local time such as 08:30, got {clock!r}"
        raise ConfigError(message) from error
    moment = now.replace(hour=given.hour, minute=given.minute, second=0)
    while moment > now or moment.weekday() >= WEEKDAYS:
        moment -= timedelta(days=1)
    return round(moment.timestamp()) * US_PER_S


def _interval_of_rate(city: SimulatedCity, at_us: int, rate: float) -> float:
    """Return the interval with which the vehicles that drive at a moment send *rate* positions a second."""
    driving = sum(rows.vehicle.size for rows in positions(city, at_us, at_us + US_PER_S, 1.0))
    return max(SHORTEST_INTERVAL_S, driving / rate)


def _packed(values: Sequence[bytes], pack: int) -> Sequence[bytes]:
    """Return records of *pack* values each, as JSON arrays when there is more than one."""
    if pack == 1:
        return values
    return [b"[" + b",".join(values[start : start + pack]) + b"]" for start in range(0, len(values), pack)]


def _wait(begin_s: float, event_s: float, speed: float, stop: StopFlag) -> bool:
    """Wait until an event time has come; tell whether stopping was asked for."""
    due_s = begin_s + event_s / speed - time.time() if speed else 0.0
    return stop.wait(due_s) if due_s > 0 else stop.is_set()


def _send(producer: Producer, messages: Sequence[OutboxMessage]) -> None:
    """Send records and wait until the broker has them."""
    end_s = time.monotonic() + GIVE_UP_S
    sender = OutboxSender(producer, should_give_up=lambda: time.monotonic() > end_s)
    for start in range(0, len(messages), MESSAGES_AT_ONCE):
        sender.send(messages[start : start + MESSAGES_AT_ONCE])


def _added(report: SimulationReport, window: _Window, seconds: float) -> SimulationReport:
    """Return the report with a window that was sent."""
    return SimulationReport(
        report.positions + window.positions,
        report.detections + window.detections,
        report.records + len(window.messages),
        seconds,
    )
