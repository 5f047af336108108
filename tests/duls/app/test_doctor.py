"""The doctor finds what is broken, says it in one sentence with a fix, and gives nothing away."""

import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import psycopg
import pytest

from duls.app.doctor import Finding, Grade, examine, exit_code
from duls.app.doctor.client import look_at_client
from duls.app.doctor.clocks import check_database_clock
from duls.app.doctor.findings import duration
from duls.app.doctor.keys import look_at_keys
from duls.app.migrate import run_migrate
from duls.app.simulate import SimulationPlan, simulate
from duls.app.stopping import StopFlag
from duls.config import Settings, load_settings
from streams.client_library import KNOWN_RELEASES
from tests.faults.alert_world import Pager

HOUR_S = 3_600.0


def bad(settings: Settings, now: Callable[[], float] = time.time) -> dict[str, str]:
    """Return the sentences of an examination that are neither well nor a note, by link."""
    findings = examine(settings, now)
    return {f.link: f.sentence for f in findings if f.grade not in (Grade.OK, Grade.NOTE)}


def change(settings: Settings, statement: str, url: str | None = None) -> None:
    """Change the database behind everybody's back."""
    with psycopg.connect(url or settings.database_url) as connection:
        connection.execute(statement.encode())


def test_an_installation_without_processes_is_otherwise_well(loaded: Settings) -> None:
    """Nobody runs it yet, and that is all there is to say."""
    assert {
        "intake": "no process runs intake",
        "aggregate": "no process runs aggregate",
    } == bad(loaded)


def test_every_bad_finding_has_a_fix(loaded: Settings) -> None:
    """People are told what to do."""
    findings = examine(loaded, time.time)

    assert [] == [f for f in findings if (f.fix == "") != (f.grade in (Grade.OK, Grade.NOTE))]
    assert all("\n" not in f.sentence + f.fix for f in findings)


def test_before_migrating_the_doctor_says_to_migrate(settings: Settings, environment: dict[str, str]) -> None:
    """Topics and database are both missing."""
    found = bad(settings)

    assert "does not exist" in found["topics"]
    assert "does not exist" in found["database"]
    assert environment["DULS_DATABASE_URL"].split(":")[2].split("@")[0] not in str(found)


@pytest.mark.usefixtures("loaded")
def test_a_broker_that_is_away_leaves_the_rest_to_be_examined(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The database is still looked at, and the exit code is that of a service away."""
    client = '{"socket.timeout.ms": 300, "log_level": 0}'
    away = {**environment, "DULS_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "DULS_KAFKA_CLIENT": client}

    findings = examine(load_settings(away, tmp_path), time.time)

    assert Grade.AWAY == next(f.grade for f in findings if f.link == "broker")
    assert any(f.link == "visits" for f in findings)
    assert 69 == exit_code(findings)


def test_a_broken_law_of_visits_is_found(loaded: Settings) -> None:
    """Somebody wrote into the tables."""
    change(loaded, "INSERT INTO core.open_visit (partition, open_visits) VALUES (0, 3)")

    assert "the law of visits is broken: 0 visits opened, 0 closed, 3 open" == bad(loaded)["visits"]


def test_lost_records_are_found(loaded: Settings) -> None:
    """They are counted, for a day."""
    change(
        loaded,
        "INSERT INTO core.data_gap (source_topic_id, source_partition, from_offset, to_offset) "
        "VALUES (gen_random_uuid(), 0, 10, 15)",
    )

    assert bad(loaded)["gaps"].startswith("5 raw records were gone before they were read")


def test_unregistered_cameras_are_found(loaded: Settings) -> None:
    """The busiest one is named."""
    change(
        loaded,
        "INSERT INTO core.camera_rejection (camera_id, detections, last_event_time) "
        "VALUES ('6f1f9d2c-3c1e-4a53-9e0f-5a1d2b3c4d5e', 12, now())",
    )

    assert bad(loaded)["cameras"].startswith(
        "12 detections came from 1 unregistered cameras, most from 6f1f9d2c"
    )


def test_messages_that_wait_are_found(loaded: Settings) -> None:
    """The outbox is emptied by aggregate."""
    change(
        loaded,
        "INSERT INTO core.outbox (topic, header_names, header_values, created_at) "
        "VALUES ('t', '{}', '{}', now() - interval '10 minutes')",
    )

    assert "1 messages wait in the outbox, for 10 minutes" == bad(loaded)["outbox"]


def put_rules_in_force(settings: Settings, rules: str) -> None:
    """Store rules."""
    change(
        settings,
        "INSERT INTO core.alert_rule_version (version, document, changes, stored_by) "  # noqa: S608  # of this file
        f"VALUES (1, '{{\"rules\": [{rules}]}}', '{{}}', 'test')",
    )


def test_rules_without_a_process_and_rules_that_never_fire_are_found(loaded: Settings) -> None:
    """Nobody watches the zones, and one of the rules is about a zone that there is not."""
    put_rules_in_force(loaded, '{"id": "a", "zone": "nowhere", "capacity": 3}')

    found = bad(loaded)
    assert "no process watches 16 of 16 shares of the zones" == found["alert"]
    assert found["alert rules"].startswith("1 can never fire as they are: rule a")
    change(loaded, "UPDATE core.alert_rule_version SET document = '{\"rules\": [{}]}'")
    assert "the stored rules cannot be read by this version" == bad(loaded)["alert rules"]


def test_alerts_that_nobody_takes_are_found(loaded: Settings) -> None:
    """The outbox says why; the address of a webhook is not shown."""
    change(
        loaded,
        "INSERT INTO core.alert_delivery (shard, channel, zone_no, alert_id, event, payload, created_at, last_error) "
        "SELECT 0, channel, (SELECT min(zone_no) FROM core.zone), 'a', 'raised', '{}', now() - interval '10 minutes', "
        "'the answer is 400' FROM unnest(ARRAY['alertmanager', 'https://pager/s3cret']) AS channel",
    )
    change(
        loaded,
        "INSERT INTO core.alert_action (action_id, kind, zone_no, done_by, done_at, document, received_at) "
        "SELECT gen_random_uuid(), 'resolve', min(zone_no), 'an', now(), '{}', now() - interval '3 minutes' "
        "FROM core.zone",
    )

    sentences = [finding.sentence for finding in examine(loaded, time.time)]
    for name in ("alertmanager", "a webhook"):
        assert f"1 tellings wait for {name}, for 10 minutes; the last answer: the answer is 400" in sentences
    assert "s3cret" not in str(sentences)
    assert "1 actions of operators wait, for 3 minutes" == bad(loaded)["alert actions"]


@pytest.mark.usefixtures("loaded")
def test_an_alertmanager_that_is_away_or_refuses_is_found(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """With what it said."""
    nowhere = {**environment, "DULS_ALERT_ALERTMANAGER_URL": "http://127.0.0.1:1"}
    assert "it does not answer (ConnectError)" == bad(load_settings(nowhere, tmp_path))["alertmanager"]
    with Pager().running() as pager:  # it knows no GET
        there = {**environment, "DULS_ALERT_ALERTMANAGER_URL": pager.url}
        assert "it refuses with 501" == bad(load_settings(there, tmp_path))["alertmanager"]


def test_offsets_of_another_topic_are_found(loaded: Settings) -> None:
    """The observation topic was made anew, or the database comes from elsewhere."""
    change(
        loaded,
        "INSERT INTO core.observation_offset (topic_id, partition, next_offset, epoch) "
        "VALUES (gen_random_uuid(), 0, 5, 1)",
    )

    found = [f.sentence for f in examine(loaded, time.time) if f.link == "aggregate"]
    assert any("speak of another topic" in sentence for sentence in found)


def test_a_raw_topic_that_was_made_anew_is_found(loaded: Settings) -> None:
    """Intake refuses it, and says so only where somebody reads its log."""
    change(
        loaded,
        "INSERT INTO keys.day_row (day, wrapped_key, partitions, sources, made_at, destroy_after) "
        "VALUES ('2026-01-05', NULL, 2, jsonb_build_object('duls.fms.position.v1', gen_random_uuid()), now(), now())",
        loaded.keys_url,
    )

    (finding,) = (
        found for found in examine(loaded, time.time) if found.grade == Grade.WRONG and found.link == "topics"
    )
    assert "topic duls.fms.position.v1 is another one than days began with" == finding.sentence
    assert "`duls topics renew duls.fms.position.v1`" in finding.fix


def test_overdue_keys_are_found(loaded: Settings) -> None:
    """A key that should be destroyed is a promise that is not kept."""
    change(
        loaded,
        "INSERT INTO keys.day_row (day, wrapped_key, partitions, sources, made_at, destroy_after) "
        "VALUES ('2026-01-05', '\\x00', 1, '{}', now() - interval '20 days', now() - interval '1 day')",
        loaded.keys_url,
    )

    assert "the keys of 2026-01-05 should be destroyed" == bad(loaded)["keys"]

    change(
        loaded,
        "INSERT INTO keys.month_row (month, wrapped_key, made_at, destroy_after) "
        "VALUES ('2026-01-01', '\\x00', now() - interval '20 days', now() - interval '1 day')",
        loaded.keys_url,
    )
    found = [finding.sentence for finding in look_at_keys(loaded, {}) if finding.grade != Grade.OK]
    assert [
        "the keys of 2026-01-05 should be destroyed",
        "the keys of 2026-01-01 should be destroyed",
        "month keys are kept though privacy.month_key is off",
    ] == found


def test_an_open_master_key_is_a_wrong_setting(loaded: Settings) -> None:
    """Others must not read it; the exit code is that of settings when nothing is graver."""
    loaded.master_key_file.chmod(0o644)

    findings = examine(loaded, time.time)

    assert Grade.SETTING == next(f.grade for f in findings if f.link == "keys")
    assert 2 == exit_code(findings)


@pytest.mark.usefixtures("loaded")
def test_changed_settings_are_found(environment: dict[str, str], tmp_path: Path) -> None:
    """The log was told of other ones."""
    changed = load_settings({**environment, "DULS_REORDER_S": "9", "DULS_PARTITIONS": "3"}, tmp_path)

    found = bad(changed)

    assert "reorder_s differ" in found["settings"]
    assert found["topics"] == "topic duls.observation.v1 has 2 partitions, the settings say 3"


def test_records_that_are_too_old_are_found(loaded: Settings) -> None:
    """Raw records carry plates, so they must go in time."""
    plan = SimulationPlan(vehicles=300, speed=0.0, length_s=60.0, city_time="09:00")
    simulate(loaded, plan, StopFlag(), [].append)

    findings = examine(loaded, lambda: time.time() + 2 * HOUR_S)

    old = [f.sentence for f in findings if f.link == "retention" and f.grade is Grade.WRONG]
    assert any("oldest readable record of duls.fms.position.v1 is 2 hours old" in line for line in old)


@pytest.mark.parametrize(
    ("source", "final_hours", "since"), [("fms", 6, "2026-11-14 05:00"), ("anpr", 24, "2026-11-14 23:00")]
)
def test_a_day_that_is_final_for_an_hour_and_not_published_is_found(
    loaded: Settings, source: str, final_hours: int, since: str
) -> None:
    """By source and day, since when, and what to do; within the hour there is nothing to say."""
    number = ("fms", "anpr").index(source)
    change(
        loaded,
        "INSERT INTO core.flow_day (zone_no, day, vehicle_class, zero_emission, source, observations, vehicles, "  # noqa: S608  # numbers of this file
        "entries, exits, appearances, disappearances, dwell_us, visits, visit_us, stops, stop_us, distance_um, "
        f"through, late) SELECT min(zone_no), '2026-11-13', 3, 1, {number}{', 0' * 14} FROM core.zone",
    )
    day_end = "timestamptz '2026-11-14 00:00 Europe/Amsterdam'"
    clock = f"{day_end} + interval '{final_hours + 1} hours'"
    change(loaded, f"INSERT INTO core.feed_clock VALUES (0, {number}, {clock}, {clock}, {clock})")  # noqa: S608  # of this file

    assert "publication" not in bad(loaded)
    change(loaded, "UPDATE core.feed_clock SET stream_time = stream_time + interval '6 seconds'")

    found = next(f for f in examine(loaded, time.time) if f.link == "publication")
    assert Grade.WRONG == found.grade
    start = f"1 local day of {source} final but not published, the oldest 2026-11-13, final since {since} UTC"
    assert found.sentence.startswith(start)
    assert "duls publish" in found.fix
    change(
        loaded,
        f"INSERT INTO core.publication VALUES ({number}, '2026-11-13', now(), 1, 1, 10, 3, 0, 0, 0, 0, 0, 0)",  # noqa: S608  # a number of this file
    )
    assert "publication" not in bad(loaded)


@pytest.mark.parametrize(
    ("database_s", "grade"), [(100.5, Grade.OK), (102.9, Grade.OK), (103.2, Grade.WRONG), (97.0, Grade.WRONG)]
)
def test_clocks_may_differ_by_two_seconds(database_s: float, grade: Grade) -> None:
    """What passes between question and answer is no difference."""
    finding = check_database_clock(round(database_s * 1e6), 100.0, 101.0)

    assert grade == finding.grade


def test_a_kafka_client_that_nobody_looked_into_is_found() -> None:
    """It works, slower and less reliably, and nothing else would say so."""
    finding = look_at_client(None)

    assert finding.grade is Grade.WRONG
    assert version("confluent-kafka") in finding.sentence
    assert KNOWN_RELEASES[0] in finding.fix


def test_the_gravest_finding_decides_the_exit_code() -> None:
    """All is well only when nothing is bad."""
    grades = {
        (Grade.OK, Grade.NOTE): 0,
        (Grade.OK, Grade.WRONG): 1,
        (Grade.WRONG, Grade.SETTING): 2,
        (Grade.SETTING, Grade.AWAY): 69,
    }

    assert grades == {
        pair: exit_code([Finding(grade, "link", "sentence") for grade in pair]) for pair in grades
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (119.0, "119.0 s"), (120.0, "2 minutes"), (7_200.0, "2 hours"), (2e5, "2 days")],
)
def test_lengths_of_time_are_readable(seconds: float, text: str) -> None:
    """Nobody counts seconds of a day."""
    assert text == duration(seconds)


def test_a_repeat_of_migrate_does_not_disturb_the_doctor(loaded: Settings) -> None:
    """What is announced again is known already."""
    run_migrate(loaded, [].append)

    assert {"intake", "aggregate"} == bad(loaded).keys()
