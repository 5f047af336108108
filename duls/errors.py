"""The one tree of errors.

    DulsError
    ├── ConfigError          wrong usage or settings                          exit 2
    ├── ServiceAwayError     a needed broker or database does not answer      exit 69
    │   ├── BusyError        more is asked of the database at once than it is allowed
    │   └── SlowQueryError   a query takes longer than it may
    ├── RefusedError         going on would corrupt figures                   exit 70
    │   ├── FencedError      another process owns the partition now
    │   ├── TopicChangedError a topic is not the one that offsets speak of
    │   └── ReplayError      replayed state differs from the stored cursors
    ├── InvalidInputError    a file given to a command cannot be used at all  exit 2
    │   └── RulesRefusedError a document is no rule set
    └── UnusableFileError    a file that spares work cannot be used: the work is done again

Bad *records* are never raised: they are rows with a reason, counted and dead-lettered.
"""

from collections.abc import Sequence

EXIT_OK = 0
EXIT_USAGE = 2
EXIT_SERVICE_AWAY = 69
EXIT_DEFECT = 70

PROBLEMS_SHOWN = 20  # of a document that is refused


class DulsError(Exception):
    """Base of every error that DULS raises on purpose; carries the exit code of a command."""

    exit_code = EXIT_DEFECT


class ConfigError(DulsError):
    """A setting or an argument is wrong; the message says which, where and what is allowed."""

    exit_code = EXIT_USAGE


class InvalidInputError(DulsError):
    """A file given to a command cannot be used at all."""

    exit_code = EXIT_USAGE


class RulesRefusedError(InvalidInputError):
    """A document is no rule set; every problem is told."""

    def __init__(self, what: str, problems: Sequence[object]) -> None:
        self.problems = problems
        shown = "; ".join(str(problem) for problem in problems[:PROBLEMS_SHOWN])
        more = f"; and {len(problems) - PROBLEMS_SHOWN} more" if len(problems) > PROBLEMS_SHOWN else ""
        super().__init__(f"{what} holds no usable rules, nothing was changed: {shown}{more}")


class ServiceAwayError(DulsError):
    """A broker or a database that is needed does not answer."""

    exit_code = EXIT_SERVICE_AWAY


class BusyError(ServiceAwayError):
    """More is asked of the database at once than it is allowed: come again."""


class SlowQueryError(ServiceAwayError):
    """A query of the API takes longer than it may: ask for less."""


class RefusedError(DulsError):
    """Going on would make figures wrong, so the process stops and says why."""


class FencedError(RefusedError):
    """Another process owns the partition now: drop everything and rejoin."""


class TopicChangedError(RefusedError):
    """A topic is not the one that the stored offsets and cursors speak of."""


class ReplayError(RefusedError):
    """The state replayed after a restart differs from the cursors in the database."""


class UnusableFileError(DulsError):
    """A file that spares work cannot be used; its reader does the work again, and no command ends by it."""
