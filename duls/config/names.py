"""Names of settings: the key in the file, the variable in the environment, and the nearest known one."""

import difflib
from collections.abc import Iterable
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic.fields import FieldInfo

from duls.config.section import Section
from duls.config.settings import Settings

PREFIX: Final = "DULS_"
CONFIG_VARIABLE: Final = "DULS_CONFIG"
FOREIGN_PREFIXES: Final = ("DULS_TEST_", "DULS_FAILPOINT")
"""Variables of tests, which settings have nothing to do with."""
FOREIGN_NAMES: Final = frozenset({CONFIG_VARIABLE, "DULS_CACHE"})

SHORT_VARIABLES: Final = MappingProxyType(
    {
        ("kafka", "partitions"): "DULS_PARTITIONS",
        ("kafka", "trust_create_time"): "DULS_TRUST_CREATE_TIME",
        ("database", "keys_url"): "DULS_KEYS_URL",
        ("database", "master_key_file"): "DULS_MASTER_KEY_FILE",
        ("database", "retention_slot_h"): "DULS_RETENTION_SLOT_H",
        ("aggregate", "flush_ms"): "DULS_FLUSH_MS",
        ("aggregate", "snapshot_replay_s"): "DULS_SNAPSHOT_REPLAY_S",
    }
)
"""Variables that leave out their section; so do all of the section `figures`."""


class Key(NamedTuple):
    """One setting: its section, its name in it, and what is declared of it."""

    section: str
    name: str
    field: FieldInfo

    @property
    def toml(self) -> str:
        """Return the name in the settings file, `section.name`."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """Return the name of the environment variable."""
        if self.section == "figures":
            return f"{PREFIX}{self.name.upper()}"
        return SHORT_VARIABLES.get((self.section, self.name), f"{PREFIX}{self.section}_{self.name}".upper())


def all_keys() -> list[Key]:
    """Return every setting, in the order of declaration."""
    return [
        Key(section, name, field)
        for section, model in sections().items()
        for name, field in model.model_fields.items()
    ]


def sections() -> dict[str, type[Section]]:
    """Return the sections by name."""
    models = {name: field.annotation for name, field in Settings.model_fields.items()}
    return {
        name: model
        for name, model in models.items()
        if isinstance(model, type) and issubclass(model, Section)
    }


def is_foreign(variable: str) -> bool:
    """Tell whether a variable starts as ours do but is no setting."""
    return variable in FOREIGN_NAMES or variable.startswith(FOREIGN_PREFIXES)


def hint(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown *name*: the nearest known one, else all of them."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
