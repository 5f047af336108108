"""What there is to set, for the generated documentation."""

import typing
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import SecretStr

from duls.config.names import Key, all_keys

TYPE_NAMES: Final = {
    int: "integer",
    float: "number",
    bool: "true or false",
    str: "text",
    SecretStr: "text",
    Path: "path",
}


class Setting(NamedTuple):
    """One line of the reference."""

    toml: str
    variable: str
    values: str  # type, bounds or choices
    default: str  # empty: none
    description: str


def settings_reference() -> list[Setting]:
    """Return every setting, in the order of the sections."""
    return [
        Setting(key.toml, key.variable, _values(key), _default(key), key.field.description or "")
        for key in all_keys()
    ]


def _values(key: Key) -> str:
    """Say what a setting may be."""
    annotation = key.field.annotation
    if typing.get_origin(annotation) is typing.Literal:
        return ", ".join(str(choice) for choice in typing.get_args(annotation))
    if typing.get_origin(annotation) is dict:
        return "table"
    plain = next((kind for kind in (annotation, *typing.get_args(annotation)) if kind in TYPE_NAMES), str)
    low, high = _bound(key, "ge"), _bound(key, "le")
    bounds = f", {low:,} to {high:,}" if low is not None and high is not None else ""
    return TYPE_NAMES[typing.cast("type", plain)] + bounds


def _bound(key: Key, name: str) -> float | None:
    """Return a bound of a number, if it has one."""
    found: list[Any] = [getattr(part, name) for part in key.field.metadata if hasattr(part, name)]
    return found[0] if found else None


def _default(key: Key) -> str:
    """Return the default as it would be written."""
    if key.field.default_factory is not None or key.field.default is None:
        return ""
    default = key.field.default
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, bool):
        return str(default).lower()
    return str(default)
