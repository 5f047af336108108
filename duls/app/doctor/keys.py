"""The keys: the master key file, the keys database, whether expired keys were destroyed, and the topics of the days."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, timedelta
from typing import Final, TypeVar
from uuid import UUID

from duls.app.doctor.findings import Finding, Grade, ok, wrong
from duls.config import Settings
from duls.errors import ConfigError, ServiceAwayError
from sinks.keys import KeyAge, KeyStore
from sinks.master_key import MASTER_KEY_BYTES, read_master_key
from sinks.month_keys import MonthKeyStore
from sinks.patience import Patience
from streams.topics import TopicInfo, way_on

PATIENCE_S: Final = 5.0
LINK: Final = "keys"
TOPICS_LINK: Final = "topics"

Store = TypeVar("Store", KeyStore, MonthKeyStore)


def look_at_keys(settings: Settings, topics: Mapping[str, TopicInfo]) -> list[Finding]:
    """Look at the master key and the day keys; no key is read.

    Args:
        settings: of this process.
        topics: those that the broker has.
    """
    return [*_master_key(settings), *_kept_keys(settings, topics)]


def _master_key(settings: Settings) -> list[Finding]:
    """Look at the file of the master key."""
    try:
        read_master_key(settings.master_key_file)
    except ConfigError as error:
        sentence, _, fix = str(error).partition(": ")
        return [Finding(Grade.SETTING, LINK, sentence, fix or "put back the file that `duls migrate` made")]
    return [ok(LINK, f"the master key file {settings.master_key_file} is readable by its owner only")]


def _kept_keys(settings: Settings, topics: Mapping[str, TopicInfo]) -> list[Finding]:
    """Look at the ages of the keys of days, and of months where there are any, and at the topics of the days."""
    try:
        with closing(_store(KeyStore, settings)) as store:
            days, sources = store.ages(), store.sources()
        with closing(_store(MonthKeyStore, settings)) as store:
            months = store.ages()
    except ServiceAwayError as error:
        return [Finding(Grade.AWAY, LINK, str(error), "start it, or correct DULS_KEYS_URL")]
    findings = [_ages(days, "day"), *_made_anew(sources, topics)]
    if settings.privacy.month_key or months:
        findings.append(_ages(months, "month"))
    if not settings.privacy.month_key and any(age.has_key for age in months):
        findings.append(
            wrong(
                LINK, "month keys are kept though privacy.month_key is off", "start `duls run intake` again"
            )
        )
    return findings


def _store(kind: type[Store], settings: Settings) -> Store:
    """Return a store of keys, for what is told without the master key."""
    return kind(
        settings.keys_url,
        bytes(MASTER_KEY_BYTES),
        reader="duls doctor",
        random_bytes=secrets.token_bytes,
        patience=Patience(PATIENCE_S),
    )


def _made_anew(sources: list[tuple[str, UUID]], topics: Mapping[str, TopicInfo]) -> Iterator[Finding]:
    """Look for raw topics that are other ones than a day began with: intake refuses them."""
    for name in sorted(
        {name for name, topic_id in sources if name in topics and topics[name].topic_id != topic_id}
    ):
        yield wrong(TOPICS_LINK, f"topic {name} is another one than days began with", way_on(name))


def _ages(ages: list[KeyAge], what: str) -> Finding:
    """Return whether keys are destroyed when they must be."""
    overdue = [age for age in ages if age.has_key and age.is_overdue]
    if overdue:
        days = ", ".join(str(date(1970, 1, 1) + timedelta(days=age.day)) for age in overdue)
        return wrong(
            LINK, f"the keys of {days} should be destroyed", "start `duls run intake`, which does it"
        )
    kept = sum(age.has_key for age in ages)
    return ok(LINK, f"{kept} {what} keys are kept, {len(ages) - kept} are destroyed, none is overdue")
