"""Marks on time series from an SQL query, for which the SDK has no builder."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import AnnotationQuery

from grafana.kit import Kit, SqlQuery


class _SqlAnnotationQuery(AnnotationQuery):
    """An annotation whose marks an SQL query answers, as columns time, timeEnd, title and text."""

    def __init__(self, name: str, query: SqlQuery, colour: str) -> None:
        super().__init__(name=name, datasource=query.source, enable=True, icon_color=colour)
        self._query = query

    def to_json(self) -> dict[str, object]:
        """Return the annotation as Grafana stores it."""
        return {**super().to_json(), "target": self._query}


class SqlAnnotation(Builder[AnnotationQuery]):
    """Builds marks from a named query; their name is `annotations.<query>` of the catalogue."""

    def __init__(self, kit: Kit, query: str, colour: str) -> None:
        sql = SqlQuery(kit.source, kit.queries[query], "table", "Anno")
        self._query = _SqlAnnotationQuery(kit.words(f"annotations.{query}"), sql, colour)

    def build(self) -> AnnotationQuery:
        """Return the annotation."""
        return self._query
