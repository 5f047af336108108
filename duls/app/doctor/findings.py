"""What the doctor finds: one sentence and one fix for each link of the chain."""

from enum import Enum
from typing import Final, NamedTuple

from duls.errors import EXIT_OK, EXIT_SERVICE_AWAY, EXIT_USAGE

EXIT_FINDINGS: Final = 1


class Grade(Enum):
    """How bad a finding is; the value is the word that people see."""

    OK = "ok"
    NOTE = "note"  # worth knowing, nothing to do
    WRONG = "wrong"
    SETTING = "setting"  # a setting contradicts what is there
    AWAY = "away"  # a needed service does not answer


class Finding(NamedTuple):
    """One link: what was looked at, what was found, and what to do about it."""

    grade: Grade
    link: str
    sentence: str
    fix: str = ""


_EXIT_CODES: Final = {
    Grade.AWAY: EXIT_SERVICE_AWAY,
    Grade.SETTING: EXIT_USAGE,
    Grade.WRONG: EXIT_FINDINGS,
}
"""The gravest first: without a service the rest could not be looked at."""


def exit_code(findings: list[Finding]) -> int:
    """Return the exit code of an examination: that of its gravest finding."""
    grades = {finding.grade for finding in findings}
    return next((code for grade, code in _EXIT_CODES.items() if grade in grades), EXIT_OK)


def ok(link: str, sentence: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(Grade.OK, link, sentence)


def note(link: str, sentence: str) -> Finding:
    """Return something worth knowing."""
    return Finding(Grade.NOTE, link, sentence)


def wrong(link: str, sentence: str, fix: str) -> Finding:
    """Return something that is wrong, and its remedy."""
    return Finding(Grade.WRONG, link, sentence, fix)


def duration(seconds: float) -> str:
    """Return a length of time as people say it."""
    for unit, length_s in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if abs(seconds) >= 2 * length_s:
            return f"{seconds / length_s:.0f} {unit}"
    return f"{seconds:.1f} s"
