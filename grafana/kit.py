"""What every panel of a board is made with: words, queries, and where the answers come from."""

from collections.abc import Mapping
from dataclasses import dataclass

from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from grafana.data_sources import OPERATOR_UID, PLANNER_UID, POSTGRESQL, PROMETHEUS, PROMETHEUS_UID
from grafana.queries import queries_of
from grafana.words import Language, Words, words_of


@dataclass(frozen=True)
class Kit:
    """Words of one language, and the queries and the data source of one board."""

    words: Words
    source: DataSourceRef
    queries: Mapping[str, str]

    def target(self, query: str, *, form: str = "table") -> Builder[variants.Dataquery]:
        """Return a named query as the target of a panel; *form* is `table` or `time_series`."""
        return SqlTarget(self.source, self.queries[query], form)


def operator_kit(language: Language) -> Kit:
    """Return what operators' boards are made with."""
    return Kit(words_of(language), DataSourceRef(POSTGRESQL, OPERATOR_UID), queries_of("operator"))


def planner_kit(language: Language) -> Kit:
    """Return what planners' boards are made with."""
    return Kit(words_of(language), DataSourceRef(POSTGRESQL, PLANNER_UID), queries_of("planner"))


def prometheus_ref() -> DataSourceRef:
    """Return the data source of what DULS measures of itself."""
    return DataSourceRef(PROMETHEUS, PROMETHEUS_UID)


class SqlQuery(variants.Dataquery):
    """A query of Grafana's PostgreSQL data source, for which the SDK has no builder."""

    def __init__(self, source: DataSourceRef, sql: str, form: str, ref_id: str) -> None:
        self.source = source
        self.sql = sql
        self.form = form
        self.ref_id = ref_id

    def to_json(self) -> dict[str, object]:
        """Return the query as Grafana stores it."""
        return {
            "datasource": self.source,
            "editorMode": "code",
            "format": self.form,
            "rawQuery": True,
            "rawSql": self.sql,
            "refId": self.ref_id,
        }


class SqlTarget(Builder[variants.Dataquery]):
    """Builds a `SqlQuery`."""

    def __init__(self, source: DataSourceRef, sql: str, form: str = "table", ref_id: str = "A") -> None:
        self._query = SqlQuery(source, sql, form, ref_id)

    def build(self) -> SqlQuery:
        """Return the query."""
        return self._query
