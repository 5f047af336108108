"""Reading plain data field by field: what is wrong is noted with its place, and reading goes on."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

MAX_TEXT: Final = 500


class RuleProblem(NamedTuple):
    """One thing that is wrong, for the person who wrote the rules."""

    rule: str | None  # id of the rule (`#3` where it has none), None for the document itself
    field: str | None  # such as `windows[0].from`
    message: str  # what is wrong and what is allowed

    def __str__(self) -> str:
        """Return the problem as one sentence."""
        place = ", ".join(
            part for part in (self.rule and f"rule {self.rule}", self.field and f"field {self.field}") if part
        )
        return f"{place}: {self.message}" if place else self.message


class Fields:
    """A table of a document; every reader returns something usable, whether it noted a problem or not."""

    def __init__(
        self, raw: object, problems: list[RuleProblem], *, rule: str | None, path: str, known: Collection[str]
    ) -> None:
        """Note it where *raw* is no table, or has fields that are not *known*."""
        self.problems = problems
        self.rule = rule
        self._path = path
        self._raw: Mapping[object, object] = raw if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            self._note(path.rstrip("."), f"must be a table with {', '.join(known)}, not {raw!r}")
        for name in self._raw:
            if name not in known:
                self._note(self._place(str(name)), f"is not a field; known are {', '.join(known)}")

    def has(self, name: str) -> bool:
        """Tell whether a field is there."""
        return name in self._raw

    def raw(self, name: str) -> object:
        """Return a field as it is, None where it is absent."""
        return self._raw.get(name)

    def note(self, name: str, message: str) -> None:
        """Note a problem of a field."""
        self._note(self._place(name), message)

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a text that is not blank and can be stored."""
        value = self._raw.get(name, default)
        if value is None or (isinstance(value, str) and is_storable(value) and len(value) <= MAX_TEXT):
            return value
        self.note(name, f"must be text of 1 to {MAX_TEXT} characters, not {value!r}")
        return default

    def choice(self, name: str, options: Iterable[str], default: str | None = None) -> str | None:
        """Return one of a few words."""
        words = tuple(options)
        value = self._raw.get(name, default)
        if value is None or value in words:
            return None if value is None else str(value)
        self.note(name, f"must be one of {', '.join(words)}, not {value!r}")
        return default

    def whole(self, name: str, low: int, high: int, default: int) -> int:
        """Return a whole number; one written with a point (40.0) is taken too."""
        value = self._raw.get(name, default)
        number = whole_number(value)
        if number is not None and low <= number <= high:
            return number
        self.note(name, f"must be a whole number from {low} to {high}, not {value!r}")
        return default

    def tables(self, name: str, known: Collection[str]) -> Iterator["Fields"]:
        """Yield the tables of a list, nothing where it is absent."""
        value = self._raw.get(name, ())
        if not isinstance(value, list | tuple):
            self.note(name, f"must be a list of tables, not {value!r}")
            return
        for place, raw in enumerate(value):
            path = f"{self._place(name)}[{place}]."
            yield Fields(raw, self.problems, rule=self.rule, path=path, known=known)

    def table(self, name: str, known: Collection[str]) -> "Fields":
        """Return a table, an empty one where it is absent."""
        raw = self._raw.get(name, {})
        return Fields(raw, self.problems, rule=self.rule, path=f"{self._place(name)}.", known=known)

    def _place(self, name: str) -> str:
        """Return where a field is."""
        return f"{self._path}{name}"

    def _note(self, place: str, message: str) -> None:
        """Note a problem."""
        self.problems.append(RuleProblem(self.rule, place or None, message))


def whole_number(value: object) -> int | None:
    """Return a whole number, None where the value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if isinstance(value, int) or value.is_integer() else None


def is_storable(text: str) -> bool:
    """Tell whether a text is not blank and can stand in a database: no NUL, no half of a surrogate pair."""
    return bool(text.strip()) and "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
