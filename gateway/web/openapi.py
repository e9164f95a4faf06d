"""The OpenAPI 3.1 document, made from the routes and from the models that validate."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from gateway.staff.keys import SCOPES
from gateway.web import problems
from gateway.web.idempotency import HEADER
from gateway.web.routing import PREFIX, Route

_TEMPLATE: Final = "#/components/schemas/{model}"
_MODE_OF_BODY: Final[JsonSchemaMode] = "validation"
_MODE_OF_ANSWER: Final[JsonSchemaMode] = "serialization"

_INTRODUCTION: Final = """\
The messaging gateway of an electric utility. Times are RFC 3339 with an offset (answers: UTC), telephone numbers
E.164, money decimal strings. Lists take `limit` and `cursor` and answer `{"items", "next"}`. Unknown fields are
refused. A POST with an `Idempotency-Key` may be repeated: the same key and body get the first answer again.
Errors are `application/problem+json`, and `errors` names each field that is wrong."""

_TAGS: Final = {
    "imports": "Files handed in.",
    "notices": "One thing told to many.",
    "policy": "Which texts may go, when and to whom.",
    "messages": "Single texts, and what became of every one.",
    "inbound": "What customers said.",
    "evaluations": "What customers said about services.",
    "archive": "Who is reached where.",
    "ladder": "Arrears: where bills stand, and disconnections.",
    "tasks": "What people are to do beside the texts.",
    "trust": "How likely contacts are right, and sweeps through the archive.",
    "measures": "How well the right person is reached.",
    "corrections": "Contacts in doubt, and what the utility's own system must take over.",
    "retention": "What is kept how long.",
    "sandbox": "The test clock; not in live mode.",
}
#: Statuses that every operation may answer with.
_ALWAYS: Final = (401, 403, 503)
_PROBLEM: Final = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "examples": [problems.INVALID.type]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "code"],
                "properties": {name: {"type": "string"} for name in ("field", "message", "code")},
            },
        },
    },
}


def document(routes: Sequence[Route], *, version: str) -> dict[str, Any]:
    """The document for these routes. Names of schemas are those of the models."""
    kinds: tuple[tuple[str, JsonSchemaMode], ...] = (("body", _MODE_OF_BODY), ("answer", _MODE_OF_ANSWER))
    wanted = [
        ((route.operation_id, part), mode, TypeAdapter(getattr(route, part)))
        for route in routes
        for part, mode in kinds
        if getattr(route, part) is not None
    ]
    schemas, definitions = TypeAdapter.json_schemas(
        [(key, mode, adapter) for key, mode, adapter in wanted],
        ref_template=_TEMPLATE,
        schema_generator=_Schemas,
    )
    by_key = {key: schema for (key, _), schema in schemas.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, by_key)
    used = {route.tag for route in routes}
    return _with_plain_names(
        {
            "openapi": "3.1.0",
            "info": {"title": "Lamplighter", "version": version, "description": _INTRODUCTION},
            "servers": [{"url": "/"}],
            "tags": [{"name": name, "description": text} for name, text in _TAGS.items() if name in used],
            "security": [{"key": []}],
            "paths": paths,
            "components": {
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": _scopes()}},
                "schemas": {**definitions.get("$defs", {}), "Problem": _PROBLEM},
            },
        }
    )


def _with_plain_names(whole: dict[str, Any]) -> dict[str, Any]:
    """The document with `MessagePage` where pydantic calls the list of messages `Page_Message_`."""
    plain: dict[str, Any] = json.loads(re.sub(r"\bPage_(\w+?)_(?=\")", r"\1Page", json.dumps(whole)))
    return plain


class _Schemas(GenerateJsonSchema):
    """Leaves out titles, which only repeat the names of fields."""

    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False


def _scopes() -> str:
    listed = "\n".join(f"- `{scope}`: {meaning}" for scope, meaning in SCOPES.items())
    return f"An API key. Its scopes:\n{listed}"


def _operation(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "tags": [route.tag],
        "description": f"Needs the scope `{route.scope}`.",
        "x-scope": route.scope,
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)],
        "responses": _responses(route, schemas[route.operation_id, "answer"]),
    }
    if route.upload:
        operation["requestBody"] = {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
                    }
                }
            },
        }
    elif route.body is not None:
        operation["requestBody"] = {
            "required": not route.body_optional,
            "content": {"application/json": {"schema": schemas[route.operation_id, "body"]}},
        }
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "format": "uuid"} if name == "id" else {"type": "string"},
        }
        for name in re.findall(r"{(\w+)}", route.path)
    ]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    schema = TypeAdapter(route.query).json_schema(schema_generator=_Schemas)
    needed = schema.get("required", [])
    parameters = []
    for name, of in schema.get("properties", {}).items():
        of = _without_null(_inlined(of, schema.get("$defs", {})))
        parameter: dict[str, Any] = {"name": name, "in": "query", "required": name in needed, "schema": of}
        if of.get("type") == "array":
            parameter |= {"style": "form", "explode": False}
        if "description" in of:
            parameter["description"] = of.pop("description")
        parameters.append(parameter)
    return parameters


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """`schema` with local references replaced by what they stand for."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return {key: _inlined(value, definitions) for key, value in schema.items()}
    return [_inlined(item, definitions) for item in schema] if isinstance(schema, list) else schema


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out, it is never null."""
    some = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(some) != 1:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
    return {**some[0], **rest}


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    if route.method != "POST":
        return []
    return [
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": "Repeat a request with its key, and it is done once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        }
    ]


def _responses(route: Route, answer: dict[str, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {
        str(status): {
            "description": "Accepted." if status == 202 else "Created." if status == 201 else "Done.",
            "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in route.files}
            or {"application/json": {"schema": answer}},
        }
        for status in (route.status, *route.also)
    }
    statuses = {*_ALWAYS, *route.problems}
    if route.query is not None or route.body is not None or route.method == "POST":
        statuses.add(422)
    if route.body is not None:
        statuses |= {400, 413, 415}
    if "{" in route.path:
        statuses.add(404)
    if route.method == "POST":
        statuses.add(409)
    for status in sorted(statuses):
        responses[str(status)] = {
            "description": next(kind.title for kind in problems.KINDS.values() if kind.status == status) + ".",
            "content": {problems.CONTENT_TYPE: {"schema": {"$ref": _TEMPLATE.format(model="Problem")}}},
        }
    return responses
