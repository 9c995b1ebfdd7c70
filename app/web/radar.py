"""Pages of the renewal radar: what ends where and when, and what nobody renews yet."""

from typing import Annotated

from fastapi import Query, Response

from app.core.clock import local_day
from app.domain.dossiers.rules import STATE_LABELS
from app.domain.places.queries import commune_names
from app.domain.recognition.queries import radar, radar_page
from app.domain.recognition.rules import RENEWAL_FILING, STANDING_LABELS
from app.domain.recognition.schemas import RADAR_MONTH
from app.web.deps import After, Page, page_router
from app.web.tones import STANDING_TONES

router = page_router()

Month = Annotated[str, Query(pattern=RADAR_MONTH)]
Commune = Annotated[str, Query(pattern=r"^(\d{5})?$")]


@router.get("/radar", name="radar.show")
def show(page: Page) -> Response:
    """Show communes by months: eighteen ahead, and what ended lately without renewal."""
    found = radar(page.session, actor=page.actor, on=local_day(page.at))
    return page.render("recognition/radar.html", found=found, basis=RENEWAL_FILING)


@router.get("/radar/list", name="radar.list")
def index(page: Page, commune: Commune = "", month: Month = "", after: After = 0) -> Response:
    """List the certificates behind a cell, those nobody renews yet first."""
    day = local_day(page.at)
    names = commune_names(page.session, [commune], on=day) if commune else {}
    return page.render(
        "recognition/_radar_list.html" if page.is_fragment else "recognition/radar_list.html",
        found=radar_page(
            page.session,
            actor=page.actor,
            on=day,
            commune_code=commune,
            month=month,
            after=after,
        ),
        after=after,
        commune=commune,
        commune_name=names.get(commune, commune),
        month=month,
        labels=STANDING_LABELS,
        tones=STANDING_TONES,
        dossier_labels=STATE_LABELS,
        basis=RENEWAL_FILING,
    )
