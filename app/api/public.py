"""The public register over JSON: recognised products and what changed, for anybody, without a token."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from pydantic import ConfigDict
from pydantic_core import to_json

from app.api.deps import AnyCall, PageOut, Pages, Paging, public_router
from app.core import clock
from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.settings import Settings
from app.domain.recognition.rules import CHANGE_LABELS
from app.domain.register.queries import (
    Change,
    Entry,
    Telling,
    changes_page,
    code_of,
    get_register_entry,
    pictures_of,
    register_page,
)
from app.domain.register.schemas import ChangeOut, EntryOut, Wanted
from app.http.conditional import shared
from app.http.fast_lane import FastLane

router = public_router(tags=["register"])
Code = Annotated[str, Path(max_length=40, examples=["CN-4M7P2Q8"])]


class RegisterQuery(Wanted, Paging):
    """What is asked of the register, and from where on; a question it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


@router.head("/register", include_in_schema=False)
@router.get(
    "/register", summary="Danh bạ sản phẩm được công nhận", response_model=PageOut[EntryOut]
)
def index(call: AnyCall, asked: Annotated[RegisterQuery, Query()]) -> Response:
    """List products of the register, newest first: those that carry their star, unless told else.

    The words are those of the certificate. The answer may be kept for a minute, not over midnight,
    and bears an ETag.
    """
    return _listed(call.request, call.session, asked)


def _listed(request: Request, session: ReadSession, asked: RegisterQuery) -> Response:
    """Answer a question about the register; the fast lane and the ordinary route both come here."""
    settings: Settings = request.app.state.settings
    at = clock.now()
    day = clock.local_day(at)
    page = register_page(session, asked, on=day, after=asked.after, limit=asked.limit).page
    pictures = pictures_of(session, [one.product_id for one in page.items])
    telling = Telling(day, settings.public_url)
    items = [telling.told(one, pictures.get(one.product_id, ())) for one in page.items]
    return _json(request, {"items": items, "next_after": page.next_after}, at=at)


# Shops and programs ask for this list more than for anything else here.
fast_lanes = (FastLane("/register", RegisterQuery, _listed),)


@router.head("/register/changes", include_in_schema=False)
@router.get(
    "/register/changes", summary="Thay đổi trong danh bạ", response_model=PageOut[ChangeOut]
)
def changes(call: AnyCall, pages: Pages) -> Response:
    """Tell what happened to certificates, in the order in which it was told.

    A program that follows keeps the number of the last line it got and asks `after` it next time;
    `next_after` is null once there is nothing more today.
    """
    found = changes_page(call.session, after=pages.after, limit=pages.limit)
    address = f"{call.settings.public_url.rstrip('/')}/register/"
    told = found.map(lambda one: _change_out(one, address).model_dump(mode="json"))
    return _json(
        call.request, {"items": list(told.items), "next_after": told.next_after}, at=call.at
    )


@router.head("/register/{code}", include_in_schema=False)
@router.get(
    "/register/{code}", summary="Một giấy chứng nhận trong danh bạ", response_model=EntryOut
)
def show(call: AnyCall, code: Code) -> Response:
    """Show one certificate, an ended one too, with what it is worth today.

    A product code, today's or one of before, or its GTIN leads to the product's newest certificate.
    """
    day = local_day(call.at)
    found = get_register_entry(call.session, code, on=day)
    entry = Entry.of(found, code_of(call.session, found.certificate.superseded_by_id))
    pictures = pictures_of(call.session, [entry.product_id])
    telling = Telling(day, call.settings.public_url)
    told = telling.told(entry, pictures.get(entry.product_id, ()))
    return _json(call.request, told, at=call.at)


def _change_out(one: Change, address: str) -> ChangeOut:
    return ChangeOut(
        id=one.id,
        kind=one.kind,
        kind_text=CHANGE_LABELS[one.kind],
        since=one.since,
        told_at=one.told_at,
        certificate=one.code,
        product_code=one.product_code,
        product=one.product_name,
        producer=one.producer_name,
        star=one.star,
        url=address + one.code,
    )


def _json(request: Request, content: dict[str, Any], *, at: datetime) -> Response:
    """Answer with what was put together for the schema; anybody may read it, from anywhere."""
    answer = Response(
        to_json(content),
        media_type="application/json",
        headers={"access-control-allow-origin": "*"},
    )
    return shared(request, answer, at=at)
