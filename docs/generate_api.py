"""The page of the HTTP API, from its own description."""

import json
from collections.abc import Mapping
from typing import Any

from duls.api.application import make_framework
from duls.api.description import PROBLEMS
from duls.version import VERSION

INTRODUCTION = """
`duls run api` serves it at `/v1`; `/openapi.json` is its full description, for programs.
It reads, and it does what operators do about alerts.

## Tokens

Every request carries a token: `Authorization: Bearer TOKEN`.

```bash
duls token issue "control room" --scope operator --municipality GM0363 --days 90
curl -H "Authorization: Bearer $TOKEN" "http://127.0.0.1:8080/v1/now?municipality=GM0363"
```

| scope | sees | view |
|---|---|---|
| `operator` | live figures: at once, kept for days, and they may be small | `live` |
| `planner` | history: k-safe, published once per local day, kept for years | `history` |
| `act` | nothing by itself; acknowledges, snoozes and resolves alerts, and silences zones | |
| `rules` | nothing by itself; changes the rules of alerts, with a token for all municipalities | |

A token is good for the municipalities that it names, or for all; a zone without a municipality is in the latter only.
It is signed with HMAC-SHA-256 under the key of `DULS_HTTP_TOKEN_KEY_FILE`, and no other algorithm is taken.
The file may have several keys, one a line: the first signs, all are taken; without its line a token ends in seconds.
`duls token revoke TOKEN_ID` ends one token, in every API process within 5 s, and its open streams
([ADR 27](adr/0027-revoked-tokens.md)). It needs the login of `duls migrate`, not that of the API.
The id is the claim `jti` of the token, printed when it is issued, and `token_id` in `core.access_log`.
Reads of live figures are written to `core.access_log`, before they are sent: who, which token, what, how many rows.
`DULS_HTTP_ANONYMOUS` lets this machine read, or read and act, without a token; it is meant for the demo.

What operators do goes the way of `duls alerts`: through the topic of actions to the process that watches the zone.
That process writes it to `core.alert_action`.
Who does it is the subject of the token.
A deed that no alert process has handled within 3 s is answered with 202: it waits, and takes effect once one runs.
Sent again with the same `Idempotency-Key` it is the same deed.

The login of `DULS_DATABASE_URL` needs to be a member of `duls_api`, and of nothing else.
Each request runs in a read-only transaction under `duls_operator` or `duls_planner`, which see their own schema only.

## Answers

| `format` | is |
|---|---|
| `json` | an object: `items` are the rows, beside them the age of the data and the next page |
| `csv` | RFC 4180, UTF-8, with a header; the age of the data in two columns of its own |
| `geojson` | a FeatureCollection; the geometry is that of the zone |
| `parquet` | GeoParquet 1.1; geometries are WKB, the age of the data is in the metadata `duls` |

- `generated_at` is when the answer was made, `complete_through` up to when its figures are complete.
- Times are ISO 8601 with the offset of Europe/Amsterdam; days are local days.
- Suppressed figures are null, and `k_status` says why; a zone that was not measured is not zero.
- `crs=EPSG:28992` gives `geojson` and `parquet` in RD New.
  `crs_accuracy_m` says how far that may be off: 1 m where PROJ has not the national grid files.
- A page has at most `limit` rows. `next`, and the header `Link`, lead to the next one; change nothing else meanwhile.
- In a query string the plus sign of an offset is `%2B`; a bare `+` is understood too.
- An answer has at most 32 MiB, a query at most 5 s.

## Problems

Every error is `application/problem+json` (RFC 9457); `type` tells programs which, `detail` tells people what to do.
"""


def api_page(mark: str, table: Any) -> str:
    """Return the page; *table* makes a table of headings and rows."""
    document = make_framework("", version=VERSION).openapi()
    problems = [(str(int(status)), meaning) for status, meaning in PROBLEMS.items()]
    parts = [f"# HTTP API\n\n{mark}\n{INTRODUCTION}", "\n", table(("status", "when"), problems)]
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        if path.startswith("/v1"):
            schemas = document["components"]["schemas"]
            parts += [
                _operation(f"{method.upper()} {path}", operations[method], schemas, table)
                for method in operations
            ]
    return "".join(parts)


def _operation(heading: str, operation: Mapping[str, Any], schemas: Mapping[str, Any], table: Any) -> str:
    """Return the part about one operation."""
    parameters = [
        (f"`{parameter['name']}`", _values(parameter["schema"], schemas), parameter.get("description", ""))
        for parameter in operation.get("parameters", [])
    ]
    parts = [f"\n## {heading}\n\n{operation['summary']}.\n\n{operation.get('description', '')}\n"]
    if parameters:
        parts.append(f"\n{table(('parameter', 'values', 'meaning'), parameters)}")
    parts += _body_example(operation)
    described = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    if "example" in described and "properties" not in described["schema"]:
        parts.append(f"\nAnswer:\n{_as_json(described['example'])}")
    elif "example" in described:
        rows = described["schema"]["properties"]["items"]["items"]
        widest = max(rows.get("anyOf", [rows]), key=lambda row: len(row["properties"]))
        columns = [(f"`{name}`", column["description"]) for name, column in widest["properties"].items()]
        example = _as_json(described["example"]["items"][0])
        parts.append(f"\n{table(('column', 'meaning'), columns)}{example}")
    return "".join(parts)


def _body_example(operation: Mapping[str, Any]) -> list[str]:
    """Return the example of the body of a request, where there is one."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return [f"\nBody:\n{_as_json(example['value'])}" for example in content.get("examples", {}).values()]


def _as_json(example: Any) -> str:
    """Return an example as a block of JSON."""
    return f"\n```json\n{json.dumps(example, ensure_ascii=False)}\n```\n"


def _values(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """Say what a parameter may be."""
    if "anyOf" in schema:
        return _values(next(part for part in schema["anyOf"] if part.get("type") != "null"), schemas)
    if "$ref" in schema:
        return _values(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if schema.get("type") == "array":
        return f"{_values(schema['items'], schemas)}; several"
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "maximum" in schema:
        return f"{schema['minimum']:,} to {schema['maximum']:,}"
    return str(schema.get("format") or "text")
