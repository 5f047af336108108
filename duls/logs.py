"""Logging to standard error, for people or as JSON lines; never a plate, a vehicle or a secret."""

import logging
import re
import sys
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TextIO

import structlog

LEVELS: Final[Mapping[str, int]] = MappingProxyType(
    {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
)


REPEAT_S: Final = 60.0

log = structlog.get_logger()


class RepeatFilter(logging.Filter):
    """Lets a message pass once in REPEAT_S: a client whose broker is away says the same twenty times a second.

    Messages that differ in numbers only are the same one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._passed_s: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to write a record, by the time when it was made."""
        message = re.sub(r"\d+", "", record.getMessage())
        if record.created < self._passed_s.get(message, float("-inf")) + REPEAT_S:
            return False
        self._passed_s = {
            known: at for known, at in self._passed_s.items() if record.created < at + REPEAT_S
        } | {message: record.created}
        return True


def set_up_logging(*, level: str, form: Literal["console", "json"], stream: TextIO | None = None) -> None:
    """Send what is logged to *stream*, standard error when left out.

    Args:
        level: least level logged.
        form: `console` for people, `json` for machines.
        stream: where to write.
    """
    target = stream or sys.stderr
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=target.isatty(),
            # frames show no variables: those may be plates or passwords
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    exceptions = [structlog.processors.format_exc_info] if form == "json" else []
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *exceptions,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(target),
        # loggers of modules are made when they are imported, before this is called
        cache_logger_on_first_use=False,
    )
    # libraries log through the standard library; their warnings are worth seeing
    handler = logging.StreamHandler(target)
    handler.addFilter(RepeatFilter())
    logging.basicConfig(handlers=[handler], level=max(LEVELS[level], logging.WARNING), force=True)


def tell_defect(error: Exception) -> None:
    """Log where an error was raised, and its words, which may quote data, only for those who look for defects."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    log.error("a defect", error=type(error).__name__, place=place, function=frame.name)
    log.debug("a defect", exc_info=error)
