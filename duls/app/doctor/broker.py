"""The broker: does it answer, are its topics as they should be, how old is what can still be read, who reads."""

from collections.abc import Mapping
from typing import Final

from confluent_kafka import Consumer

from duls.app.doctor.clocks import Clock, check_broker_clock
from duls.app.doctor.findings import Finding, Grade, duration, ok, wrong
from duls.config import Settings
from duls.errors import ConfigError, ServiceAwayError
from processors.units import US_PER_S
from streams.clients import make_admin
from streams.groups import members_of
from streams.topic_reader import bounds, committed_offsets, make_reader, oldest_times_us
from streams.topics import (
    APPEND_TIME,
    DETECTIONS_TOPIC,
    POSITIONS_TOPIC,
    TopicInfo,
    TopicSpec,
    check_times,
    describe_topics,
    topic_specs,
)

RAW_TOPICS: Final = (POSITIONS_TOPIC, DETECTIONS_TOPIC)
SWEEP_S: Final = 600.0  # Kafka looks for old segments every five minutes, and deletes them a minute later
MS_PER_S: Final = 1_000
MIGRATE: Final = "run `duls migrate`"

Topics = Mapping[str, TopicInfo]


def look_at_topics(settings: Settings) -> tuple[list[Finding], dict[str, TopicInfo]]:
    """Look at the broker and its topics; return what was found, and the topics that are there."""
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    specs = topic_specs(settings.kafka.retention_ms)
    try:
        told = describe_topics(admin, [spec.name for spec in specs])
    except ServiceAwayError as error:
        fix = "start it, or correct DULS_KAFKA_BOOTSTRAP_SERVERS and the table [kafka.client]"
        return [Finding(Grade.AWAY, "broker", str(error), fix)], {}
    findings = [finding for spec in specs for finding in _topic(settings, spec, told[spec.name])]
    if not findings:
        findings = [ok("topics", f"all {len(specs)} topics are as the contract says")]
    topics = {name: info for name, info in told.items() if info is not None}
    return [ok("broker", "the broker answers"), *findings], topics


def look_at_records(settings: Settings, topics: Topics, now: Clock) -> list[Finding]:
    """Look at the broker's clock, and at the oldest raw record that can still be read: it carries a plate."""
    clock = check_broker_clock(settings, now) if DETECTIONS_TOPIC in topics else None
    findings = [] if clock is None else [clock]
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client)
    try:
        for name in RAW_TOPICS:
            if name in topics:
                oldest_us = oldest_times_us(reader, name, topics[name].partitions)
                findings.append(_age(topics[name], oldest_us, now()))
    finally:
        reader.close()
    return findings


def look_at_readers(settings: Settings, topics: Topics, groups: Mapping[str, str]) -> list[Finding]:
    """Look at who reads, and how far behind intake is.

    Args:
        settings: of this process.
        topics: those that are there.
        groups: consumer group of each role.
    """
    admin = make_admin(settings.kafka.bootstrap_servers, settings.kafka.client)
    findings = []
    for role, group in groups.items():
        members = members_of(admin, group)
        if members:
            findings.append(ok(role, f"{role} runs in {members} processes"))
        else:
            findings.append(wrong(role, f"no process runs {role}", f"start `duls run {role}`"))
    reader = make_reader(settings.kafka.bootstrap_servers, settings.kafka.client, groups["intake"])
    try:
        behind = sum(_behind(reader, topics[name]) for name in RAW_TOPICS if name in topics)
    finally:
        reader.close()
    return [*findings, ok("intake", f"intake is {behind} records behind the end of the raw topics")]


def _topic(settings: Settings, spec: TopicSpec, info: TopicInfo | None) -> list[Finding]:
    """Return what is wrong with one topic."""
    if info is None:
        return [wrong("topics", f"topic {spec.name} does not exist", MIGRATE)]
    findings = []
    if spec.settings.get("message.timestamp.type") == APPEND_TIME:
        try:
            check_times(info, trust_create_time=settings.kafka.trust_create_time)
        except ConfigError as error:
            findings.append(Finding(Grade.SETTING, "topics", *_halves(error)))
    if spec.is_counted and info.partitions != settings.kafka.partitions:
        sentence = f"topic {spec.name} has {info.partitions} partitions, the settings say "
        fix = (
            MIGRATE
            if info.partitions < settings.kafka.partitions
            else f"set DULS_PARTITIONS={info.partitions}"
        )
        findings.append(Finding(Grade.SETTING, "topics", f"{sentence}{settings.kafka.partitions}", fix))
    for name in ("retention.ms", "segment.ms", "max.message.bytes"):
        wanted = spec.settings.get(name)
        if wanted is not None and info.setting(name) != wanted:
            sentence = f"topic {spec.name} has {name}={info.setting(name)} where {wanted} is wanted"
            findings.append(wrong("topics", sentence, MIGRATE))
    return findings


def _halves(error: ConfigError) -> tuple[str, str]:
    """Return what is wrong and what to do, of an error that says both."""
    sentence, _, fix = str(error).partition(": ")
    return sentence, fix


def _age(info: TopicInfo, oldest_us: Mapping[int, int], now_s: float) -> Finding:
    """Return whether records go when they must."""
    link = "retention"
    if not oldest_us:
        return ok(link, f"topic {info.name} holds no record")
    age_s = now_s - min(oldest_us.values()) / US_PER_S
    allowed_s = (info.retention_ms + info.segment_ms) / MS_PER_S + SWEEP_S
    sentence = f"the oldest readable record of {info.name} is {duration(age_s)} old"
    if age_s <= allowed_s:
        return ok(link, sentence)
    fix = "look at the broker's log cleaner (log.retention.check.interval.ms); raw records carry plates"
    return wrong(link, f"{sentence}, where {duration(allowed_s)} is the most", fix)


def _behind(reader: Consumer, info: TopicInfo) -> int:
    """Return how many records of a topic the group of the reader has not committed yet."""
    done = committed_offsets(reader, info.name, info.partitions)
    found = bounds(reader, info.name, info.partitions)
    return sum(max(0, end - max(done.get(number, 0), oldest)) for number, (oldest, end) in found.items())
