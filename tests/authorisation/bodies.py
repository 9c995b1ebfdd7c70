"""What is sent with an unsafe request: bodies that hold, so that the answer is about the person."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeGuard

from pydantic import BaseModel

from app.api import routers as api_routers
from app.core.workbooks import MEDIA_TYPE
from app.domain.dossiers.enums import CheckedPart
from app.main import API_PREFIX
from tests.api.test_contract import NoExample, example_of
from tests.factories.dossiers import pdf_bytes
from tests.factories.files import photo
from tests.factories.workbooks import history

_AMENDED = {
    "decision_number": "1/QĐ-THU",
    "decided_on": "2026-11-26",
    "leaves": ["hoidong3"],
    "version": 1,
}
# Calls whose example says two things that exclude each other, or nothing at all.
_CALLS_SAY: dict[str, dict[str, Any]] = {
    "POST /advisory-teams/{code}/amendments": _AMENDED | {"leaves": ["totuvan2"]},
    "POST /councils/{code}/amendments": _AMENDED,
    "POST /reopenings/{code}/decide": {"grant": False, "answer": "Không mở lại.", "version": 1},
    "PUT /dossiers/{code}/province-check": {
        "items": [{"part": part.value, "is_complete": True} for part in CheckedPart],
        "version": 1,
    },
    "PUT /meetings/{code}/conflicts": {
        "declarations": [{"item": "{item}", "has_conflict": False, "reason": ""}]
    },
    "PUT /meetings/{code}/agenda": {
        "items": [
            {"item": "{item}", "day": "2026-11-26"},
            {"item": "{beside}", "day": "2026-11-26"},
        ],
        "version": 1,
    },
    "POST /certificate-decisions": {
        "kind": "extension",
        "number": "1/QĐ-THU",
        "decided_on": "2026-11-24",
        "items": [
            {
                "certificate": "{certificate}",
                "until": "2027-01-29",
                "reason": "Đang đánh giá lại.",
            }
        ],
    },
    "POST /pack-returns/{code}/apply": {"sheets": [{"sheet": "{returned_sheet}"}]},
    "PUT /dossiers/{code}/components": {"items": [], "version": 1},
    "POST /ideas/{code}/review": {"decision": "accept", "version": 1},
}
_CALLS_SAY |= {
    "POST /accounts/{username}/posts": {"role": "auditor", "valid_from": "2026-11-26"},
    "POST /accounts/{username}/posts/{number}/end": {"last_day": "2030-01-01"},
    "POST /accounts/{username}/handovers": {
        "to_username": "hoidong2",
        "posts": ["{given_post}"],
        "on_day": "2030-01-01",
        "reason": "Chuyển công tác",
    },
    "POST /invitations": {
        "name": "Người Được Mời",
        "email": "moi@ocop.example",
        "grants": [{"role": "auditor", "valid_from": "2026-11-26"}],
    },
    "POST /absences": {
        "deputy": "hoidong2",
        "first_day": "2030-01-01",
        "last_day": "2030-01-02",
        "reason": "Nghỉ phép",
    },
}
# Forms whose fields are put together by hand.
_FORMS_SAY: dict[str, dict[str, str]] = {
    "/advisory-teams": {"seat.totuvan": "head", "seat.totuvan2": "member"},
    "/rounds": {"round": "2027-2"},
    "/rounds/{code}/meetings": {"starts_at": "2026-12-09T08:00"},
    "/renewals/meetings": {"starts_at": "2026-12-09T08:00"},
    "/councils": {
        "seat.chutich": "chair",
        "seat.hoidong1": "member",
        "seat.hoidong2": "member",
        "seat.thuky": "secretary",
    },
    "/misuse/{code}/close": {
        "outcome": "handed_over",
        "note": "Đã đến nơi, còn 12 túi in 4 sao.",
        "reference": "145/SNNMT-OCOP",
        "authority": "Chi cục Quản lý thị trường",
        "letter_on": "2026-09-15",
    },
    "/items/{code}/gates": {"gate": "1.1 exclude"},
    "/absences": {
        "deputy": "chuyengia",
        "username": "",
        "first_day": "2030-01-01",
        "last_day": "2030-01-02",
    },
    "/dossiers/{code}/evidence/cite": {"cited_criterion": "1.1"},
    "/dossiers/{code}/evidence/uncite": {"use": "MC-0000000 1.1"},
    "/meetings/{code}/agenda": {
        "position.{item}": "1",
        "position.{beside}": "2",
        "day.{item}": "2026-11-26",
        "day.{beside}": "2026-11-26",
    },
    "/meetings/{code}/conflicts": {"conflict.{item}": "no"},
    "/pack-returns/{code}/apply": {"sheet": "{returned_sheet}"},
}
# What is asked for in an address beside its path.
QUESTIONS = {
    "/api/v1/inspection-counts": "year=2026",
    "/api/v1/status/changes": "since=0",
}
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")
_WRITTEN_ON = date(2026, 11, 27)
_READS = re.compile(r"(?:\.read|validated|sent)\(\s*(\w+)")
_CALLS = re.compile(r"\b(_?[a-z]\w*)\(")
_FILE = re.compile(r"\bfile\(|_file\(|\bkept\(")


def _is_schema(found: Any) -> TypeGuard[type[BaseModel]]:
    return inspect.isclass(found) and issubclass(found, BaseModel) and found is not BaseModel


@cache
def _of_schema(schema: type[BaseModel]) -> Mapping[str, Any]:
    """Return an example of what a schema reads; a field without an example is left out."""
    told = schema.model_json_schema()
    document = {"components": {"schemas": told.pop("$defs", {})}}
    found = {}
    for name, field in told.get("properties", {}).items():
        said = _pointed(field)
        try:
            found[name] = example_of(document, said, name)
        except (NoExample, KeyError):
            continue
    return found


def _pointed(field: Any) -> Any:
    """Return a field whose references look where OpenAPI keeps its schemas."""
    if isinstance(field, dict):
        return {
            key: f"#/components/schemas/{value.rsplit('/', 1)[-1]}"
            if key == "$ref"
            else _pointed(value)
            for key, value in field.items()
        }
    return [_pointed(one) for one in field] if isinstance(field, list) else field


def _sources_of(endpoint: Callable[..., Any]) -> Iterator[str]:
    """Yield the words of a page's handler, and of what it calls in its own module."""
    module, waiting = sys.modules[endpoint.__module__], [endpoint]
    seen: set[str] = set()
    while waiting:
        source = inspect.getsource(waiting.pop())
        yield source
        for name in set(_CALLS.findall(source)) - seen:
            seen.add(name)
            called = getattr(module, name, None)
            if inspect.isfunction(called) and called.__module__ == module.__name__:
                waiting.append(called)


@cache
def _everything() -> Mapping[str, Any]:
    """Return an example of every field any call takes, by name: for forms whose schema is not found."""
    found: dict[str, Any] = {}
    for router in api_routers():
        for route in router.routes:
            module = sys.modules[getattr(route, "endpoint", route).__module__]
            for schema in vars(module).values():
                if _is_schema(schema) and not schema.__name__.endswith("Out"):
                    found = dict(_of_schema(schema)) | found
    return found


@cache
def form_of(endpoint: Callable[..., Any]) -> tuple[Mapping[str, Any], bool]:
    """Return the fields of a form that a page would read without a word, and whether it takes a file."""
    fields = dict(_everything())
    module, takes_file = sys.modules[endpoint.__module__], False
    for source in _sources_of(endpoint):
        takes_file |= _FILE.search(source) is not None
        for name in _READS.findall(source):
            schema = getattr(module, name, None)
            if _is_schema(schema):
                fields |= _of_schema(schema)
    if "producer_code" in fields and "idea" in endpoint.__module__:
        fields.pop("commune_code", None)
    typed = {name: _typed(value) for name, value in fields.items() if value is not None}
    return typed, takes_file


def _typed(value: Any) -> Any:
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return [_typed(one) for one in value if not isinstance(one, dict)]
    return str(value)


def form_says(path: str, names: Mapping[str, str]) -> Mapping[str, str]:
    """Return the fields of a form that are put together by hand."""
    said: Mapping[str, str] = _named(_FORMS_SAY.get(path, {}), names)
    return said


def _named(value: Any, names: Mapping[str, str]) -> Any:
    """Return what is said by hand with the things it names in their places."""
    if isinstance(value, dict):
        return {_named(key, names): _named(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    if isinstance(value, str) and "{" in value:
        return value.format_map(names)
    return value


def of_today(said: Any, *, today: date) -> Any:
    """Return what is sent with its days as far from today as they were when the examples were written.

    The world is of today: an example of a term, or of a day to come, would run out. By whole weeks,
    so that a working day stays one.
    """
    if isinstance(said, dict):
        return {name: of_today(one, today=today) for name, one in said.items()}
    if isinstance(said, list):
        return [of_today(one, today=today) for one in said]
    if isinstance(said, str) and (found := _DAY.fullmatch(said)):
        day = date.fromisoformat(found[1]) + timedelta(weeks=(today - _WRITTEN_ON).days // 7)
        return f"{day.isoformat()}{found[2] or ''}"
    return said


@cache
def paper(path: str) -> tuple[str, bytes, str]:
    """Return a small true file of the kind that is sent to this address."""
    if path.endswith("/photos"):
        return ("anh.jpg", photo(), "image/jpeg")
    if path.endswith("/imports"):
        return ("du-lieu.xlsx", history(), MEDIA_TYPE)
    return ("giay-to.pdf", pdf_bytes(), "application/pdf")


def document_body(
    document: dict[str, Any], method: str, path: str, names: Mapping[str, str]
) -> dict[str, Any]:
    """Return the example the document gives of a call's body, naming these things."""
    said = _CALLS_SAY.get(f"{method} {path.removeprefix(API_PREFIX)}")
    if said is not None:
        return {"json": _named(said, names)}
    operation = document["paths"].get(path, {}).get(method.lower(), {})
    content: Mapping[str, Any] = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        schema = content["application/json"]["schema"]
        example = example_of(document, schema)
        return {"json": _naming(example, _properties(document, schema), names)}
    for told in content.values():
        properties = _properties(document, told["schema"])
        fields = {}
        for name, schema in properties.items():
            try:
                fields[name] = _typed(example_of(document, schema, name))
            except NoExample:
                continue
        fields = _naming(fields, properties, names)
        fields.pop("file", None)
        return {"data": fields, "files": {"file": paper(path)}}
    return {}


def _properties(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    found: dict[str, Any] = schema.get("properties", {})
    return found


def _naming(example: Any, properties: Mapping[str, Any], names: Mapping[str, str]) -> Any:
    if not isinstance(example, dict):
        return example
    named = {name: names[name] for name in properties if name in names}
    if {"producer_code", "commune_code"} <= set(named):  # an idea is of one of both
        named.pop("producer_code")
        example = {name: value for name, value in example.items() if name != "producer_code"}
    return example | {
        name: [code] if properties[name].get("type") == "array" else code
        for name, code in named.items()
    }
