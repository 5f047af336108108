"""The description of /v1 for /openapi.json, made from the columns of its tables."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.models import Example
from pydantic import BaseModel

from duls.api.answers import COMPLETE_THROUGH, GENERATED_AT, MEDIA_TYPES
from duls.api.parameters import Format, View
from duls.api.problems import PROBLEM_TYPE
from duls.api.tables import Column, Columns, Kind, example_row, row_schema

Responses = dict[int | str, dict[str, Any]]

PROBLEM: Final = "Problem"
PROBLEM_SCHEMA: Final[Mapping[str, Any]] = {
    "title": PROBLEM,
    "description": "What went wrong (RFC 9457).",
    "type": "object",
    "properties": {
        "type": {"type": "string", "examples": ["urn:duls:problem:wrong-parameter"]},
        "title": {"type": "string", "examples": ["Unprocessable Entity"]},
        "status": {"type": "integer", "examples": [422]},
        "detail": {"type": "string", "examples": ["a parameter cannot be used; errors says which and why"]},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"parameter": {"type": "string"}, "reason": {"type": "string"}},
                "required": ["parameter", "reason"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
    "additionalProperties": False,
}
PROBLEMS: Final[Mapping[int, str]] = {
    HTTPStatus.UNAUTHORIZED: "A token is needed, or it is not taken",
    HTTPStatus.FORBIDDEN: "The token has not the scope",
    HTTPStatus.NOT_FOUND: "There is no such thing, or not in the municipalities of the token",
    HTTPStatus.CONFLICT: "It cannot be, as things are now; the type says why",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A parameter cannot be used, or too much is asked for",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database is away or busy: try again after Retry-After",
    HTTPStatus.GATEWAY_TIMEOUT: "The query takes too long: ask for less",
}
READING: Final = tuple(
    status for status in PROBLEMS if status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}
)
VIEW: Final = Column(
    "view", Kind.TEXT, "Whose figures these are.", "history", choices=tuple(view.value for view in View)
)
K: Final = Column(
    "k",
    Kind.INTEGER,
    "Least number of vehicles in a published cell; null for live figures.",
    10,
    nullable=True,
)
NEXT: Final = Column(
    "next", Kind.TEXT, "Cursor of the next page; null at the end.", "WyJ6MSIsImthZGUiXQ", nullable=True
)
MEMBERS: Final = (GENERATED_AT, COMPLETE_THROUGH, VIEW, K, NEXT)
CRS_ACCURACY: Final = Column(
    "crs_accuracy_m", Kind.NUMBER, "How far coordinates may be off by their transformation, metres.", 0.0
)
LINK: Final = {"description": "The next page, rel=next", "schema": {"type": "string"}}
AGE_HEADERS: Final = {
    "Link": LINK,
    "Duls-Generated-At": {"description": "When the answer was made", "schema": {"type": "string"}},
    "Duls-Complete-Through": {"description": "Up to when it is complete", "schema": {"type": "string"}},
}


def problems(*statuses: int) -> Responses:
    """Return the description of the problems of a route; all that reading has when none are named."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": f"#/components/schemas/{PROBLEM}"}}}
    return {
        int(status): {"description": PROBLEMS[status], "content": content} for status in statuses or READING
    }


def page_of(*alternatives: Columns, forms: Sequence[Format] = tuple(Format)) -> Responses:
    """Return the description of a route that answers with pages of rows, in any of some columns."""
    rows = [row_schema(columns) for columns in alternatives]
    row = rows[0] if len(rows) == 1 else {"anyOf": rows}
    example = example_row(MEMBERS) | {"items": [example_row(alternatives[0])]}
    content: dict[str, Any] = {
        MEDIA_TYPES[Format.JSON]: {"schema": _object(MEMBERS, "items", row), "example": example},
        "text/csv": {"schema": {"type": "string"}},
        MEDIA_TYPES[Format.GEOJSON]: {"schema": _collection(row)},
        MEDIA_TYPES[Format.PARQUET]: {"schema": {"type": "string", "format": "binary"}},
    }
    kept = {_bare(MEDIA_TYPES[form]) for form in forms}
    described = {
        "description": "One page",
        "headers": AGE_HEADERS,
        "content": {media: content[media] for media in content if media in kept},
    }
    return {int(HTTPStatus.OK): described, **problems()}


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return an example of a document, made of those of its fields."""
    return {
        field.alias or name: field.examples[0] for name, field in model.model_fields.items() if field.examples
    }


def one_of(model: type[BaseModel], description: str) -> Responses:
    """Return the description of a route that answers with one document."""
    content = {"application/json": {"example": example_of(model)}}
    return {int(HTTPStatus.OK): {"description": description, "content": content}}


def examples_for(model: type[BaseModel]) -> dict[str, Example]:
    """Return the examples of the body of a request."""
    return {"usual": {"value": example_of(model)}}


def add_problem_schema(application: FastAPI) -> None:
    """Add the schema that every described problem refers to."""
    described = application.openapi

    def with_problem() -> dict[str, Any]:
        document = described()
        document.setdefault("components", {}).setdefault("schemas", {})[PROBLEM] = dict(PROBLEM_SCHEMA)
        return document

    application.openapi = with_problem  # type: ignore[method-assign]  # the way that FastAPI documents


def _object(columns: Columns, name: str, row: Mapping[str, Any], **fixed: Any) -> dict[str, Any]:
    """Return the schema of an object with members and a list of rows."""
    schema = row_schema(columns)
    schema["properties"] |= {name: {"type": "array", "items": row}, **fixed}
    schema["required"] += [name, *fixed]
    return schema


def _collection(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a FeatureCollection of rows."""
    feature = {
        "type": "object",
        "properties": {
            "type": {"const": "Feature"},
            "geometry": {"type": ["object", "null"]},
            "properties": row,
        },
        "required": ["type", "geometry", "properties"],
        "additionalProperties": False,
    }
    schema = _object((*MEMBERS, CRS_ACCURACY), "features", feature, type={"const": "FeatureCollection"})
    schema["properties"]["crs"] = {"type": "object", "description": "Of RD New only."}
    return schema


def _bare(media_type: str) -> str:
    """Return a media type without its parameters."""
    return media_type.partition(";")[0]
