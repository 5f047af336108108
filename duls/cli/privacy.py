"""`duls privacy report`, in Dutch and English."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from duls.cli.output import KAFKA_AND_DATABASE, Json, print_json, print_table, say, settings_for

if TYPE_CHECKING:
    from duls.app.privacy import Kept, Keys, Report

Language = Literal["nl", "en"]

TEXTS: Final[dict[str, dict[Language, str]]] = {
    "title": {
        "nl": "Privacyrapport van DULS, {at} (UTC)",
        "en": "Privacy report of DULS, {at} (UTC)",
    },
    "what": {"nl": "wat", "en": "what"},
    "where": {"nl": "waar", "en": "where"},
    "since": {"nl": "oudste nu", "en": "oldest now"},
    "until": {"nl": "weg uiterlijk", "en": "gone by"},
    "kept": {"nl": "bewaard", "en": "kept"},
    "readers": {"nl": "wie kan lezen", "en": "who may read"},
    "none": {"nl": "niets aanwezig", "en": "there is none"},
    "replaced": {"nl": "tot vervanging", "en": "until replaced"},
    "hours_kept": {"nl": "{hours:g} uur", "en": "{hours:g} hours"},
    "days_kept": {"nl": "{days:g} dagen", "en": "{days:g} days"},
    "owner": {"nl": "alleen de eigenaar", "en": "the owner only"},
    "raw": {"nl": "ruwe berichten, met kentekens", "en": "raw messages, with plates"},
    "observations": {
        "nl": "waarnemingen: dagpseudoniem, plaats en tijd",
        "en": "observations: pseudonym of the day, place and time",
    },
    "dead_letters": {
        "nl": "afgekeurde berichten: plaats en reden, nooit de inhoud",
        "en": "rejected messages: where and why, never the content",
    },
    "snapshots": {
        "nl": "stand van voertuigen van vandaag, onder pseudoniem",
        "en": "state of today's vehicles, by pseudonym",
    },
    "references": {
        "nl": "verwijzingen van leveranciers: klasse en emissie, gehasht met sleutel",
        "en": "references of suppliers: class and emission, by keyed hash",
    },
    "carriers": {
        "nl": "voertuigen per vervoerderspseudoniem, tot publicatie van de dag",
        "en": "vehicles by pseudonym of their carrier, until the day is published",
    },
    "visitors": {
        "nl": "op welke dagen van de maand voertuigen kwamen, onder maandpseudoniem, tot publicatie van de maand",
        "en": "on which days of the month vehicles came, by pseudonym of the month, until the month is published",
    },
    "slots": {"nl": "aantallen per zone en tijdvak", "en": "counts by zone and slot"},
    "hours": {"nl": "aantallen per zone en uur", "en": "counts by zone and hour"},
    "days": {"nl": "aantallen per zone en dag", "en": "counts by zone and day"},
    "cameras": {"nl": "aantallen per camera en uur", "en": "counts by camera and hour"},
    "history": {"nl": "gepubliceerde historie, k-veilig", "en": "published history, k-safe"},
    "alerts": {"nl": "meldingen van drukte", "en": "overload alerts"},
    "access_log": {"nl": "wie wat heeft opgevraagd", "en": "who asked for what"},
    "keys": {
        "nl": "Dagsleutels: {kept} aanwezig, {destroyed} vernietigd, {overdue} te laat.",
        "en": "Day keys: {kept} kept, {destroyed} destroyed, {overdue} overdue.",
    },
    "keys_next": {
        "nl": "De oudste is van {day}; de eerstvolgende vernietiging is op {at} (UTC).",
        "en": "The oldest is of {day}; the next destruction is at {at} (UTC).",
    },
    "month_on": {
        "nl": "De maandsleutel staat aan (privacy.month_key): gedetecteerde voertuigen zijn een maand lang herkenbaar.",
        "en": "The month key is on (privacy.month_key): detected vehicles can be recognised for a month.",
    },
    "month_off": {
        "nl": "De maandsleutel staat uit: geen voertuig is langer dan een dag herkenbaar.",
        "en": "The month key is off: no vehicle can be recognised for longer than a day.",
    },
    "month_keys": {
        "nl": "Maandsleutels: {kept} aanwezig, {destroyed} vernietigd, {overdue} te laat.",
        "en": "Month keys: {kept} kept, {destroyed} destroyed, {overdue} overdue.",
    },
    "published": {
        "nl": "Gepubliceerd van {feed}: {days} dagen, van {first} tot en met {last}.",
        "en": "Published of {feed}: {days} days, from {first} to {last}.",
    },
    "rule": {
        "nl": "Een gepubliceerde cel telt ten minste {k} voertuigen",
        "en": "A published cell has at least {k} vehicles",
    },
    "carrier_rule": {
        "nl": ", en bij posities {carriers} vervoerders waarvan geen meer dan de helft heeft.",
        "en": ", and of positions {carriers} carriers, none with more than half.",
    },
    "no_carrier_rule": {
        "nl": "; de stad heeft de regel voor vervoerders uitgezet.",
        "en": "; the city has switched the carrier rule off.",
    },
    "promise": {
        "nl": "Is de sleutel van een dag vernietigd, dan is geen pseudoniem van die dag nog te koppelen "
        "aan een kenteken of aan een andere dag.",
        "en": "Once the key of a day is destroyed, no pseudonym of it can be linked to a plate or to another day.",
    },
}
"""Every text of the report."""


def privacy() -> typer.Typer:
    """Return the commands of `duls privacy`."""
    group = typer.Typer(help="What is kept of people.", no_args_is_help=True)
    group.callback()(_group)
    group.command("report")(_report)
    return group


def _group() -> None:
    """Say what is kept of people."""


def _report(
    *,
    language: Annotated[Language, typer.Option(help="Language of the report.")] = "nl",
    as_json: Json = False,
) -> None:
    """Say what is kept of people, since when, until when, and who may read it: for the data protection officer."""
    from duls.app.privacy import privacy_report

    report = privacy_report(settings_for(KAFKA_AND_DATABASE), time.time)
    if as_json:
        print_json(report)
        return
    say(_text("title", language, at=_instant(report.made_us)))
    headings = [_text(name, language) for name in ("what", "where", "since", "kept", "until", "readers")]
    print_table(headings, [_row(kept, language) for kept in report.kept])
    for line in _lines(report, language):
        say(line)


def _text(name: str, language: Language, **values: object) -> str:
    """Return a text of the catalogue."""
    return TEXTS[name][language].format(**values)


def _row(kept: "Kept", language: Language) -> tuple[str, ...]:
    """Return one kind of data as a row."""
    return (
        _text(kept.what, language),
        ", ".join(kept.where),
        _text("none", language) if kept.since_us is None else _instant(kept.since_us),
        _length(kept.kept_s, language),
        "-" if kept.until_us is None else _instant(kept.until_us),
        ", ".join(kept.readers) or _text("owner", language),
    )


def _lines(report: "Report", language: Language) -> list[str]:
    """Return what is said below the table."""
    lines = [_text("keys", language, **report.keys._asdict()), *_next_destruction(report.keys, language)]
    lines.append(_text("month_on" if report.has_month_key else "month_off", language))
    if report.has_month_key or report.month_keys.kept:
        lines.append(_text("month_keys", language, **report.month_keys._asdict()))
        lines += _next_destruction(report.month_keys, language)
    for published in report.published:
        values = {**published._asdict(), "feed": published.source.name.lower()}
        lines.append(_text("published", language, **values))
    rule = "carrier_rule" if report.carriers else "no_carrier_rule"
    lines.append(_text("rule", language, k=report.k) + _text(rule, language, carriers=report.carriers))
    return [*lines, _text("promise", language)]


def _next_destruction(keys: "Keys", language: Language) -> list[str]:
    """Return when the next key goes, where there is one."""
    if keys.oldest_day is None or keys.next_destruction_us is None:
        return []
    day = date(1970, 1, 1) + timedelta(days=keys.oldest_day)
    return [_text("keys_next", language, day=day, at=_instant(keys.next_destruction_us))]


def _length(seconds: float | None, language: Language) -> str:
    """Return how long something is kept, in words."""
    if seconds is None:
        return _text("replaced", language)
    hours = seconds / 3_600
    return (
        _text("hours_kept", language, hours=hours)
        if hours <= 48
        else _text("days_kept", language, days=hours / 24)
    )


def _instant(time_us: int) -> str:
    """Return an instant in UTC, to the minute."""
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
