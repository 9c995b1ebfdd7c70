"""Claims over JSON or CSV: whether the stars a shop claims are so, with a signed answer for each."""

import json
from typing import Annotated, Any, Literal

from fastapi import HTTPException, Query, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import to_json

from app.api.deps import Question, api_router, question_by_anybody
from app.domain.accounts.enums import Scope
from app.domain.claims.forms import Table, read_table, written_table
from app.domain.claims.queries import Answering, answered
from app.domain.claims.rules import LARGEST_BODY, MOST_CLAIMS
from app.domain.claims.schemas import Claim, ClaimAnswer, ClaimAnswers, Claims
from app.domain.status.queries import answers_key
from app.http.bodies import BodyTooLarge

router = api_router(tags=["claims"])
Asking = Annotated[Question, question_by_anybody(Scope.REGISTER_READ, limit="claims")]
JSON, CSV = "application/json", "text/csv"
_NOT_READ = 415
_HEADERS = {"cache-control": "no-store", "vary": "Accept"}

_ONE = Claim.model_json_schema()
_EXAMPLE = {
    "seller": "Gian hàng Tây Bắc",
    "certificate": "CN-4M7P2Q8",
    "claimed_stars": 4,
    "reference": "SKU-118",
}
_MANY = {
    "type": "object",
    "title": "Claims",
    "additionalProperties": False,
    "required": ["claims"],
    "properties": {
        "claims": {"type": "array", "items": _ONE, "minItems": 1, "maxItems": MOST_CLAIMS}
    },
}
_BODY = {
    "required": True,
    "content": {
        JSON: {"schema": {"anyOf": [_ONE, _MANY], "examples": [_EXAMPLE]}},
        CSV: {
            "schema": {"type": "string", "maxLength": LARGEST_BODY},
            "example": "reference,seller,certificate,claimed_stars\r\n"
            "SKU-118,Gian hàng Tây Bắc,CN-4M7P2Q8,4\r\n",
        },
    },
}


@router.post(
    "/claims",
    summary="Kiểm tra số sao mà nơi bán ghi, một hay nhiều sản phẩm",
    response_model=ClaimAnswer | ClaimAnswers,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}},
    openapi_extra={"requestBody": _BODY},
)
def ask(
    call: Asking,
    lang: Annotated[
        Literal["vi", "en"], Query(description="en thêm câu trả lời tiếng Anh.")
    ] = "vi",
) -> Response:
    """Answer whether a product has the stars that a seller claims: match, mismatch, lapsed, unknown.

    One claim, or up to 500 as `{"claims": […]}`, or a CSV file (UTF-8; comma or semicolon; at most
    1 MB) whose header has `seller`, `claimed_stars`, if wished `reference`, and what names the
    product: `product_code`, `certificate`, `stamp`, `gtin`, or `product` with `producer`. A table is
    answered as a table, or as JSON when `Accept` asks for it; rows that cannot be read are told by
    number and the others answered.

    Each answer bears a `proof`: a JWS of type `ocop-claim+jwt`, ES256, by the key of
    `/.well-known/jwks.json` that its `kid` names (purpose `answers`). It repeats question and answer.
    Until `exp` it may be shown as today's answer; afterwards it still proves what was known at `iat`.
    No token is needed; with one (`register:read`) more may be asked in an hour (429). Nothing is kept.
    """
    if len(call.body) > LARGEST_BODY:
        raise BodyTooLarge(most_mb=LARGEST_BODY // 1024**2)
    kind = call.request.headers.get("content-type", JSON).partition(";")[0].strip().casefold()
    if kind == CSV:
        table = read_table(call.body)
        answers = _answers(call, table.claims, lang)
        return _table(call, table, answers)
    if kind != JSON:
        raise HTTPException(_NOT_READ)
    asked = _claims(call.body)
    if isinstance(asked, Claim):
        return _json(_answers(call, [asked], lang)[0])
    return _json(ClaimAnswers(answers=_answers(call, asked.claims, lang)))


def _answers(call: Question, claims: list[Claim], lang: str) -> list[ClaimAnswer]:
    settings = call.settings
    with call.reading() as session:
        answering = Answering(
            settings.public_url,
            answers_key(session, settings.answer_key_dir, at=call.at),
            invented=settings.demonstration,
            english=lang == "en",
        )
        return answered(session, claims, answering, at=call.at)


def _claims(body: bytes) -> Claim | Claims:
    """Read one claim or many, refused as any other body of this door is."""
    if not body:
        raise RequestValidationError(
            [{"type": "missing", "loc": ("body",), "msg": "", "input": None}]
        )
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError) as broken:
        wrong: dict[str, Any] = {
            "type": "json_invalid",
            "loc": ("body",),
            "msg": "",
            "input": None,
            "ctx": {},
        }
        raise RequestValidationError([wrong]) from broken
    schema = Claims if isinstance(said, dict) and "claims" in said else Claim
    try:
        return schema.model_validate(said)
    except ValidationError as refused:
        raise RequestValidationError(
            [{**error, "loc": ("body", *error["loc"])} for error in refused.errors()]
        ) from refused


def _table(call: Question, table: Table, answers: list[ClaimAnswer]) -> Response:
    accepted = call.request.headers.get("accept", "")
    if JSON in accepted and CSV not in accepted:
        return _json(ClaimAnswers(answers=answers, bad_rows=table.bad))
    return Response(
        written_table(table, answers),
        media_type=f"{CSV}; header=present",
        headers=_HEADERS | {"content-disposition": 'attachment; filename="tra-loi.csv"'},
    )


def _json(said: ClaimAnswer | ClaimAnswers) -> Response:
    return Response(to_json(said), media_type=JSON, headers=_HEADERS)
