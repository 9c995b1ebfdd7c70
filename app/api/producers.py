"""Producers over JSON."""

from typing import Annotated

from fastapi import Query

from app.api.deps import Call, PageOut, Pages, api_router, needs, page_out
from app.domain.accounts.enums import Scope
from app.domain.producers.actions import change_producer, create_producer
from app.domain.producers.queries import get_producer, producers_page
from app.domain.producers.schemas import ChangeProducer, CreateProducer, ProducerOut

router = api_router(tags=["producers"])
Reading = Annotated[Call, needs(Scope.REGISTER_READ)]
Writing = Annotated[Call, needs(Scope.REGISTER_WRITE)]


@router.get("/producers", summary="Danh sách chủ thể")
def index(
    call: Reading,
    pages: Pages,
    q: Annotated[str, Query(max_length=80)] = "",
    commune_code: Annotated[str, Query(max_length=5)] = "",
) -> PageOut[ProducerOut]:
    """List the producers the token's owner may see; `q` ignores accents and case."""
    found = producers_page(
        call.session,
        actor=call.actor,
        search=q,
        commune_code=commune_code,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, ProducerOut.of)


@router.post("/producers", status_code=201, summary="Đăng ký chủ thể")
def create(call: Writing, data: CreateProducer) -> ProducerOut:
    """Register a producer of the officer's commune."""
    return ProducerOut.of(create_producer(call.session, data, actor=call.actor, at=call.at))


@router.get("/producers/{code}", summary="Một chủ thể")
def show(call: Reading, code: str) -> ProducerOut:
    """Show one producer."""
    return ProducerOut.of(get_producer(call.session, code, actor=call.actor))


@router.put("/producers/{code}", summary="Sửa chủ thể")
def change(call: Writing, code: str, data: ChangeProducer) -> ProducerOut:
    """Change a producer's data."""
    return ProducerOut.of(change_producer(call.session, code, data, actor=call.actor, at=call.at))
