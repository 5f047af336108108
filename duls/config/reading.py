"""Reading the settings: the file, then the variables over it; what is unknown or wrong is one sentence."""

import json
import os
import tomllib
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from duls.config.names import CONFIG_VARIABLE, PREFIX, Key, all_keys, hint, is_foreign, sections
from duls.config.paths import at_home
from duls.config.section import Section
from duls.config.settings import Settings
from duls.errors import ConfigError

DEFAULT_FILE: Final = "duls.toml"  # in the working directory; used when it is there

Tables = dict[str, dict[str, Any]]


class Need(Enum):
    """A setting without which some commands cannot work."""

    KAFKA = ("kafka", "bootstrap_servers")
    DATABASE = ("database", "url")


def load_settings(
    environment: Mapping[str, str] | None = None, folder: Path | None = None, *, needs: tuple[Need, ...] = ()
) -> Settings:
    """Read the settings once.

    Args:
        environment: variables; those of this process when left out.
        folder: where `duls.toml` is looked for when DULS_CONFIG names no file; else the working directory.
        needs: settings that must be given.

    Raises:
        ConfigError: a name is unknown, a value is wrong, or a needed setting is not given; no value of a
            secret is ever in the message.
    """
    variables = os.environ if environment is None else environment
    path = _file(variables, folder or Path())
    from_file, from_variables = _tables_of_file(path), _tables_of_variables(variables)
    try:
        settings = Settings.model_validate(_merged(from_file, from_variables))
    except ValidationError as error:
        raise ConfigError(_sentence(error, path, from_variables)) from None
    for need in needs:
        _require(settings, _key(*need.value))
    return settings


def _file(variables: Mapping[str, str], folder: Path) -> Path | None:
    """Return the settings file: the named one, else the usual one if it is there."""
    if named := variables.get(CONFIG_VARIABLE):
        return at_home(Path(named), CONFIG_VARIABLE)
    usual = folder / DEFAULT_FILE
    try:
        return usual if usual.exists() else None
    except OSError as error:
        raise _unreadable(usual, error) from error


def _tables_of_file(path: Path | None) -> Tables:
    """Return the tables of the settings file, all of their names known."""
    if path is None:
        return {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unreadable(path, error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # the parser's own words may quote a line with a password
        message = f"the settings file {path} is not valid TOML: check it with a TOML linter"
        raise ConfigError(message) from None
    known = sections()
    for section, table in content.items():
        _check_section(section, table, known, path)
    return content


def _unreadable(path: Path, error: OSError) -> ConfigError:
    """Say that the settings file cannot be read, and why."""
    return ConfigError(f"the settings file {path} cannot be read: {error.strerror}")


def _check_section(section: str, table: object, known: Mapping[str, type[Section]], path: Path) -> None:
    """Refuse an unknown section, or an unknown key in it."""
    if section not in known:
        whole = {key.name: key.toml for key in all_keys()}
        hinted = f"did you mean {whole[section]}?" if section in whole else hint(section, known)
        message = f"{path} has the unknown section or key {section!r}: {hinted}"
        raise ConfigError(message)
    if not isinstance(table, dict):
        message = f"{path} has {section!r} as a value: it must be a table, [{section}]"
        raise ConfigError(message)
    for name in table:
        if name not in known[section].model_fields:
            message = f"{path} has the unknown key {section}.{name}: {_hint_key(section, name)}"
            raise ConfigError(message)


def _hint_key(section: str, name: str) -> str:
    """Return the end of a sentence about an unknown key: it may stand in another section."""
    elsewhere = [key.toml for key in all_keys() if key.name == name]
    if elsewhere:
        return f"did you mean {elsewhere[0]}?"
    return hint(f"{section}.{name}", [key.toml for key in all_keys() if key.section == section])


def _tables_of_variables(variables: Mapping[str, str]) -> Tables:
    """Return the settings of the environment as tables, all of their names known; empty means not given."""
    by_variable = {key.variable: key for key in all_keys()}
    tables: Tables = {}
    for variable, text in variables.items():
        if not variable.startswith(PREFIX) or is_foreign(variable):
            continue
        key = by_variable.get(variable)
        if key is None:
            message = f"the environment has the unknown variable {variable}: {hint(variable, by_variable)}"
            raise ConfigError(message)
        if text:
            tables.setdefault(key.section, {})[key.name] = _value(key, text)
    return tables


def _value(key: Key, text: str) -> object:
    """Return the value of a variable: text, or for a table the object that its JSON spells."""
    if key.toml != "kafka.client":
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        message = f'{key.variable} must be a JSON object, such as {{"security.protocol": "SASL_SSL"}}'
        raise ConfigError(message)
    return value


def _merged(file: Tables, variables: Tables) -> Tables:
    """Return both, key by key; a variable wins over the file."""
    return {
        name: {**file.get(name, {}), **variables.get(name, {})} for name in file.keys() | variables.keys()
    }


def _sentence(error: ValidationError, path: Path | None, from_variables: Tables) -> str:
    """Say of the first wrong value where it stands and what it must be, but not the value."""
    errors = error.errors(include_input=False, include_url=False)
    section, name, *inside = (str(part) for part in errors[0]["loc"])
    key = _key(section, name)
    is_variable = path is None or name in from_variables.get(section, {})
    where = key.variable if is_variable else f"{key.toml} in {path}"
    if key.toml == "kafka.client" and inside:
        where, reason = f"{inside[0]} of {where}", "must be text, a number, true or false"
    else:
        reason = errors[0]["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    others = len({wrong["loc"][:2] for wrong in errors}) - 1
    return f"{where} {reason}" + (f" ({others} more settings are wrong)" if others else "")


def _require(settings: Settings, key: Key) -> None:
    """Refuse a needed setting that was not given."""
    value = getattr(getattr(settings, key.section), key.name)
    if not (value.get_secret_value() if hasattr(value, "get_secret_value") else value):
        message = f"{key.toml} is not set: put it into the settings file or the variable {key.variable}"
        raise ConfigError(message)


def _key(section: str, name: str) -> Key:
    """Return the setting of a name."""
    return next(key for key in all_keys() if (key.section, key.name) == (section, name))
