"""Overload alerts: rules that can hold, a process that watches, and channels that take what is told."""

from collections.abc import Iterator
from typing import Final

import httpx

from duls.app.alert_world import stored_rules
from duls.app.bounded_http import ask
from duls.app.doctor.findings import Finding, duration, note, ok, wrong
from duls.app.rules import watched_zones
from duls.config import Settings
from processors.overload.rule_document import check_zones
from processors.overload.rules import RuleSet
from sinks import doctor
from sinks.connection import Connection
from sinks.overload_deliveries import ALERTMANAGER_CHANNEL, TOPIC_CHANNEL
from sinks.overload_rules import newest_rules

WAITS_S: Final = 60.0
SHOWN: Final = 3  # rules that cannot fire, named one by one
STATUS_PATH: Final = "/api/v2/status"
RULES: Final = "alert rules"
START: Final = "start `duls run alert`, and see what its log says"


def look_at_alerts(connection: Connection, settings: Settings) -> list[Finding]:
    """Look at everything between the rules and the people who are told."""
    rules = stored_rules(connection)
    found = [*_rules(connection, rules)]
    if rules.rules:
        found += _watching(connection, settings.alert.lease_s)
    found += [*_channels(connection), *_actions(connection)]
    if settings.alert.alertmanager_url:
        found.append(_alertmanager(settings.alert.alertmanager_url))
    return found


def _rules(connection: Connection, rules: RuleSet) -> Iterator[Finding]:
    """Look at whether there are rules, and whether each can ever fire."""
    if rules.version == 0:
        if newest_rules(connection) is None:
            yield note(RULES, "there are none, so no zone is ever too full")
        else:
            yield wrong(
                RULES, "the stored rules cannot be read by this version", "run `duls rules load FILE`"
            )
        return
    problems = check_zones(rules, watched_zones(connection))
    if not problems:
        yield ok(RULES, f"{len(rules.rules)} in force as version {rules.version}")
        return
    shown = "; ".join(str(problem) for problem in problems[:SHOWN])
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    fix = "correct the rules with `duls rules load FILE`, or load the zones that they mean"
    yield wrong(RULES, f"{len(problems)} can never fire as they are: {shown}{more}", fix)


def _watching(connection: Connection, lease_s: float) -> Iterator[Finding]:
    """Look at whether somebody watches every zone."""
    shards, unwatched, workers = doctor.alert_shares(connection, lease_s)
    if unwatched:
        who = "no process watches" if not workers else f"{workers} processes watch, but nobody watches"
        yield wrong("alert", f"{who} {unwatched} of {shards} shares of the zones", START)
    else:
        yield ok("alert", f"{workers} processes watch all {shards} shares of the zones")


def _channels(connection: Connection) -> Iterator[Finding]:
    """Look at what waits to be told; the address of a webhook may hold a secret, so it is not shown."""
    for channel, count, oldest_s, error in doctor.alert_backlog(connection):
        if oldest_s < WAITS_S:
            continue
        name = channel if channel in {TOPIC_CHANNEL, ALERTMANAGER_CHANNEL} else "a webhook"
        why = f"; the last answer: {error}" if error else ""
        sentence = f"{count} tellings wait for {name}, for {duration(oldest_s)}{why}"
        yield wrong("alert outbox", sentence, f"see whether {name} takes what it is sent; {START}")


def _actions(connection: Connection) -> Iterator[Finding]:
    """Look at what operators did that nobody handled."""
    count, oldest_s = doctor.waiting_actions(connection)
    if count and oldest_s > WAITS_S:
        yield wrong("alert actions", f"{count} actions of operators wait, for {duration(oldest_s)}", START)


def _alertmanager(url: str) -> Finding:
    """Look at whether Alertmanager answers."""
    link, fix = "alertmanager", "start it, or correct DULS_ALERT_ALERTMANAGER_URL"
    try:
        answer = ask("GET", url.rstrip("/") + STATUS_PATH)
    except (httpx.TransportError, httpx.InvalidURL) as error:
        return wrong(link, f"it does not answer ({type(error).__name__})", fix)
    if not answer.is_success:
        return wrong(link, f"it refuses with {answer.status_code}", fix)
    return ok(link, "it answers")
