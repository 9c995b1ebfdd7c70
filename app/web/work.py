"""The first screen: what waits for me, oldest deadline first."""

from datetime import date

from fastapi import Response

from app.core.clock import local_day
from app.domain.councils.queries import work_for as council_work
from app.domain.dossiers.queries import work_for as dossier_work
from app.domain.ideas.queries import work_for as idea_work
from app.domain.inspections.queries import work_for as inspection_work
from app.domain.misuse.queries import work_for as misuse_work
from app.domain.notices.queries import MOST_UNREAD, unread_of
from app.domain.packaging.queries import work_for as packaging_work
from app.domain.privacy.queries import work_for as privacy_work
from app.domain.recognition.queries import work_for as recognition_work
from app.domain.scans.queries import work_for as scan_work
from app.domain.stamps.queries import work_for as stamp_work
from app.domain.wallet.queries import work_for as wallet_work
from app.web.deps import Page, page_router
from app.web.notices import line_of

router = page_router()
MOST_ITEMS = 50
# Every part of the programme in which something can wait for a person.
SOURCES = (
    idea_work,
    dossier_work,
    council_work,
    recognition_work,
    stamp_work,
    scan_work,
    packaging_work,
    inspection_work,
    wallet_work,
    misuse_work,
    privacy_work,
)


@router.get("/work", name="work.list")
def index(page: Page) -> Response:
    """Show the work of this person from every part of the programme, and what they were told."""
    day = local_day(page.at)
    waiting = [item for source in SOURCES for item in source(page.session, page.actor, on=day)]
    # Where no day is set the order of each part stands: what waits longest comes first.
    waiting.sort(key=lambda item: (item.due_on or date.max, item.title if item.due_on else ""))
    unread = unread_of(page.session, page.actor)
    return page.render(
        "work/list.html",
        items=waiting[:MOST_ITEMS],
        more=len(waiting) > MOST_ITEMS,
        unread=[line_of(page, notice) for notice in unread[:MOST_UNREAD]],
        more_unread=len(unread) > MOST_UNREAD,
    )
