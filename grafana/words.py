"""Every word that a board shows, in Dutch and English, from one catalogue: `messages.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Final, Literal

Language = Literal["nl", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("nl", "en")  # the default first


class Words:
    """The catalogue in one language."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language: Final = language
        self._texts = texts

    def __call__(self, key: str) -> str:
        """Return the text of a dotted key, as in `panels.worst_zones.title`."""
        return self._texts[key]

    def group(self, prefix: str) -> dict[str, str]:
        """Return the texts whose keys stand directly under a dotted prefix, by the rest of their key."""
        start = f"{prefix}."
        found = {key[len(start) :]: text for key, text in self._texts.items() if key.startswith(start)}
        return {rest: text for rest, text in found.items() if "." not in rest}


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Return every key with its text by language."""
    return dict(
        _entries(tomllib.loads(resources.files("grafana").joinpath("messages.toml").read_text("utf-8")))
    )


def words_of(language: Language) -> Words:
    """Return the catalogue in a language."""
    return Words(language, {key: texts[language] for key, texts in catalogue().items()})


def _entries(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Yield dotted keys and texts of a table and those inside it."""
    for name, value in table.items():
        if not isinstance(value, Mapping):
            message = f"messages.toml: {prefix}{name} has no language"
            raise TypeError(message)
        if set(value) == set(LANGUAGES):
            yield f"{prefix}{name}", {language: str(value[language]) for language in LANGUAGES}
        else:
            yield from _entries(value, f"{prefix}{name}.")
