"""The renewal radar over JSON: what ends where and when, and what nobody renews yet."""

from typing import Annotated

from fastapi import Query

from app.api.deps import Call, PageOut, Pages, api_router, needs, page_out
from app.core.clock import local_day
from app.domain.accounts.enums import Scope
from app.domain.recognition.queries import Watched, radar, radar_page
from app.domain.recognition.schemas import RADAR_MONTH, RadarCertificateOut, RadarOut

router = api_router(tags=["recognition"])
Reading = Annotated[Call, needs(Scope.RECOGNITION_READ)]
Commune = Annotated[str, Query(pattern=r"^(\d{5})?$", examples=["03390"])]
Month = Annotated[str, Query(pattern=RADAR_MONTH, examples=["2027-03"])]


@router.get("/radar", summary="Lịch đánh giá lại theo xã và tháng")
def show(call: Reading) -> RadarOut:
    """Count what ends in eighteen months and what ended in the last 180 days, by commune."""
    return radar(call.session, actor=call.actor, on=local_day(call.at)).out()


@router.get("/radar/certificates", summary="Giấy chứng nhận trong lịch đánh giá lại")
def index(
    call: Reading, pages: Pages, commune: Commune = "", month: Month = ""
) -> PageOut[RadarCertificateOut]:
    """List the certificates behind a cell, those nobody filed for first."""
    found = radar_page(
        call.session,
        actor=call.actor,
        on=local_day(call.at),
        commune_code=commune,
        month=month,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, Watched.out)
