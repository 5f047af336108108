"""The synthetic city sends what it counts, the same for the same seed."""

import json
import math
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING

from duls.app import simulate as application
from duls.app.demo_city import CROWD, crowd_option
from duls.app.registry import load_camera_file, load_zone_file
from duls.app.simulate import END_US, FIRST_US, CrowdPlan, SimulationPlan, simulate, write_city
from duls.app.stopping import StopFlag
from duls.cli.city import _crowd
from duls.cli.program import run
from duls.config import Settings, load_settings
from duls.errors import ConfigError, InvalidInputError
from processors.units import US_PER_S
from streams.topic_reader import make_reader, messages_to_end
from streams.topics import DETECTIONS_TOPIC, POSITIONS_TOPIC

START_US = 1_795_420_800_000_000  # Monday 2026-11-23, 09:00 in Amsterdam
PLAN = SimulationPlan(vehicles=300, start_us=START_US, length_s=120.0, speed=0.0)


def values(settings: Settings, topic: str) -> list[bytes]:
    """Return everything that a topic holds, sorted."""
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client)
    starts = dict.fromkeys(range(settings.kafka.partitions), OFFSET_BEGINNING)
    read = sorted(message.value() or b"" for message in messages_to_end(reader, topic, starts))
    reader.close()
    return read


def test_what_is_sent_is_what_is_counted(installed: Settings) -> None:
    """Positions and detections arrive, each in its topic."""
    report = simulate(installed, PLAN, StopFlag(), [].append)

    positions = values(installed, POSITIONS_TOPIC)
    assert 0 < report.positions == len(positions)
    assert report.detections == len(values(installed, DETECTIONS_TOPIC))
    assert report.records == report.positions + report.detections
    assert {"vehicle", "time", "lat", "lon"} <= json.loads(positions[0]).keys()


def test_the_same_seed_sends_the_same_city_packed_or_not(installed: Settings) -> None:
    """Only the number of records differs."""
    simulate(installed, PLAN, StopFlag(), [].append)
    single = values(installed, POSITIONS_TOPIC)

    packed = simulate(installed, PLAN._replace(pack=50), StopFlag(), [].append)

    arrays = [value for value in values(installed, POSITIONS_TOPIC) if value.startswith(b"[")]
    assert sorted(map(json.loads, single), key=str) == sorted(
        (position for array in arrays for position in json.loads(array)), key=str
    )
    assert packed.records < packed.positions


def test_a_rate_is_about_kept(installed: Settings) -> None:
    """The interval follows from the vehicles that drive at the beginning."""
    report = simulate(installed, PLAN._replace(rate=40.0), StopFlag(), [].append)

    assert report.positions == pytest.approx(40.0 * 120.0, rel=0.25)


def test_a_crowd_comes_on_top_of_the_city(installed: Settings) -> None:
    """Played times and windows change nothing of it; what the city sends stays as it is."""
    crowd = CrowdPlan("markten", vehicles=6, after_s=30.0, fill_s=6.0, hold_s=20.0)
    alone = simulate(installed, PLAN._replace(city_time="09:00"), StopFlag(), [].append)

    report = simulate(installed, PLAN._replace(city_time="09:00", crowd=crowd), StopFlag(), [].append)

    # each is there for 26 s, sends every ten, and once more as it leaves
    assert alone.positions + 6 * 4 == report.positions
    with pytest.raises(ConfigError, match="the city has no zone 'none'"):
        simulate(installed, PLAN._replace(crowd=crowd._replace(zone_id="none")), StopFlag(), [].append)


@pytest.mark.parametrize(
    "text", ["markten", ":3:1:1:1", "markten:0:1:1:1", "markten:3:1:1", "markten:3:1:-1:1", "a:b:1:1:1"]
)
def test_a_crowd_that_makes_no_sense_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With an example."""
    assert 2 == run(["simulate", "--crowd", text])

    assert "--crowd must be such as markten:20:60:30:120" in capsys.readouterr().err


def test_the_crowd_of_the_demo_is_what_the_option_takes() -> None:
    """Its zone is in every city; every ten minutes."""
    assert "markten:24:45:30:120:600" == crowd_option(CROWD)
    assert CROWD == _crowd(crowd_option(CROWD))


def test_a_weekday_can_be_played_as_now(installed: Settings) -> None:
    """At night there is little to see; the times that are sent are those of the plan."""
    night_us = START_US - 6 * 3_600_000_000

    played = simulate(installed, PLAN._replace(start_us=night_us, city_time="09:00"), StopFlag(), [].append)

    assert played.positions > 100
    first = min(json.loads(value)["time"] for value in values(installed, POSITIONS_TOPIC))
    assert first.startswith("2026-11-23T02:00:0")


def test_asking_to_stop_ends_a_live_simulation(installed: Settings) -> None:
    """It ends with the window that it is in."""
    stop = StopFlag()
    stop.set()

    report = simulate(installed, SimulationPlan(vehicles=100), stop, [].append)

    assert report.records == 0


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (SimulationPlan(speed=0.0), "needs an end"),
        (PLAN._replace(city_time="noon"), "--city-time must be a local time such as 08:30, got 'noon'"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(
    installed: Settings, plan: SimulationPlan, sentence: str
) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigError, match=sentence):
        simulate(installed, plan, StopFlag(), [].append)


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (PLAN._replace(length_s=math.inf), "--length-s must be a finite number, got inf"),
        (PLAN._replace(interval_s=math.nan), "--interval-s must be a finite number, got nan"),
        (PLAN._replace(interval_s=1e300), "--interval-s must be at most 86400, got 1e"),
        (PLAN._replace(length_s=1e300), "must lie in the years 1971 to 2099"),
        (PLAN._replace(start_us=FIRST_US - 1), "must lie in the years 1971 to 2099"),
        (PLAN._replace(start_us=END_US - 119_999_999), "must lie in the years 1971 to 2099"),
        (PLAN._replace(start_us=253_402_250_400_000_000), "must lie in the years 1971 to 2099"),
        (PLAN._replace(start_us=END_US, length_s=None, speed=1.0), "must lie in the years 1971 to 2099"),
    ],
)
def test_a_plan_without_bounds_is_refused(
    plan: SimulationPlan, sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Before a broker is asked for."""
    monkeypatch.setattr(application, "_producer", lambda _settings: pytest.fail("a broker is asked for"))

    with pytest.raises(ConfigError, match=sentence):
        simulate(load_settings({}, tmp_path), plan, StopFlag(), [].append)


@pytest.mark.parametrize(
    "plan",
    [
        PLAN._replace(start_us=FIRST_US, interval_s=86_400.0),
        PLAN._replace(start_us=END_US - 120 * US_PER_S),
        PLAN._replace(start_us=END_US - 1, length_s=None, speed=1e9),
    ],
)
def test_a_plan_at_its_bounds_is_sent(
    plan: SimulationPlan, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The table of local midnights covers the days on both sides."""
    sent: list[object] = []
    monkeypatch.setattr(application, "_producer", lambda _settings: None)
    monkeypatch.setattr(application, "_send", lambda _producer, messages: sent.extend(messages))

    report = simulate(load_settings({}, tmp_path), plan, StopFlag(), [].append)

    assert report.records == len(sent)


def test_topics_are_never_made_by_sending(settings: Settings) -> None:
    """Without `duls migrate` there is nothing to send to."""
    with pytest.raises(ConfigError, match="run `duls migrate`"):
        simulate(settings, PLAN, StopFlag(), [].append)


def test_the_files_of_the_city_can_be_loaded(installed: Settings, tmp_path: Path) -> None:
    """Nothing in them is repaired or refused."""
    zones, cameras = write_city(PLAN, tmp_path / "city")

    loaded = (load_zone_file(installed, zones), load_camera_file(installed, cameras))

    assert [[], []] == [report.features for report in loaded]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A file is in the way."""
    (tmp_path / "city").write_text("", encoding="utf-8")

    with pytest.raises(InvalidInputError, match=r"cannot write into .*city"):
        write_city(PLAN, tmp_path / "city")
