"""Posted forms: read into a schema, and shown again with what was typed when something is wrong."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Self, TypeVar, get_origin

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from app.core.errors import Invalid
from app.core.sentences import fields_of

MOST_FIELDS = 400
MOST_FILES = 10
_OURS = frozenset({"_key"})

Schema = TypeVar("Schema", bound=BaseModel)


def validated(schema: type[Schema], values: Mapping[str, Any]) -> Schema:
    """Return the schema filled with these values; refuse with a sentence for each wrong one."""
    try:
        return schema.model_validate(values)
    except ValidationError as wrong:
        raise Invalid(fields_of(wrong.errors(include_url=False))) from wrong


@dataclass
class Form:
    """What a person typed (`value`), what is wrong with it (`errors`), and the sentence on top."""

    raw: FormData
    errors: dict[str, str] = field(default_factory=dict)
    problem: Invalid | None = None

    def value(self, name: str, otherwise: Any = "") -> Any:
        """Return what was typed in a field, or the given text for a fresh form."""
        typed = self.raw.get(name)
        return otherwise if typed is None or isinstance(typed, UploadFile) else typed

    def error(self, name: str) -> str:
        """Return the sentence about a field, empty when it is in order."""
        return self.errors.get(name, "")

    def text(self, name: str) -> str:
        """Return a field as text, empty when it did not come."""
        typed = self.raw.get(name, "")
        return typed if isinstance(typed, str) else ""

    def many(self, name: str) -> list[str]:
        """Return every value of a field that may come several times."""
        return [typed for typed in self.raw.getlist(name) if isinstance(typed, str)]

    def file(self, name: str) -> UploadFile | None:
        """Return an uploaded file; an empty file field is no file."""
        sent = self.raw.get(name)
        return sent if isinstance(sent, UploadFile) and sent.filename else None

    def read(self, schema: type[Schema], **extra: Any) -> Schema:
        """Return the schema filled from the form (and from what the page itself knows)."""
        values: dict[str, Any] = {}
        for name, info in schema.model_fields.items():
            if get_origin(info.annotation) in {list, tuple, set, frozenset}:
                values[name] = [item for item in self.many(name) if item.strip()]
            elif info.annotation is bool:
                values[name] = self.text(name) in {"on", "true", "1", "yes"}
            elif name in self.raw:
                typed = self.text(name)
                if typed.strip() or info.is_required() or isinstance(info.default, str):
                    values[name] = typed
        return validated(schema, values | extra)

    def showing(self, problem: Invalid) -> Self:
        """Return the form with the sentences of a refusal beside its fields."""
        self.errors = dict(problem.fields)
        self.problem = problem
        return self


def empty_form(values: Mapping[str, str] | None = None) -> Form:
    """Return a form nobody has typed in yet."""
    return Form(FormData(list((values or {}).items())))


async def posted_form(request: Request) -> AsyncIterator[Form]:
    """Read the posted form; its body is already in memory, and bounded; its files end with it."""
    raw = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=256 * 1024)
    try:
        yield Form(FormData([(k, v) for k, v in raw.multi_items() if k not in _OURS]))
    finally:
        await raw.close()


PostedForm = Annotated[Form, Depends(posted_form)]
