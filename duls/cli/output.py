"""What commands print: lines and tables for people, JSON for machines."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from duls.config import Need, Settings, load_settings
from duls.logs import set_up_logging

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]

KAFKA = (Need.KAFKA,)
DATABASE = (Need.DATABASE,)
KAFKA_AND_DATABASE = (Need.KAFKA, Need.DATABASE)


def settings_for(needs: tuple[Need, ...]) -> Settings:
    """Read the settings and begin to log as they say."""
    settings = load_settings(needs=needs)
    set_up_logging(level=settings.log.level, form=settings.log.format)
    return settings


def say(line: str) -> None:
    """Print one line for people."""
    typer.echo(line)


def progress_to(*, quiet: bool) -> Callable[[str], None]:
    """Return what takes lines about finished steps; machines want only the end."""
    return (lambda _line: None) if quiet else say


def print_json(report: object) -> None:
    """Print a report as one JSON object."""
    typer.echo(json.dumps(plain(report), ensure_ascii=False, indent=2))


def plain(value: object) -> Any:
    """Return a value as JSON knows it: a named tuple becomes an object."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    if isinstance(value, Path | UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table without a frame; long cells wrap."""
    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    # not a terminal: no wrapping, so that lines can be searched
    width = None if sys.stdout.isatty() else 500
    Console(width=width, highlight=False, markup=False, file=cast("Any", sys.stdout)).print(table)
