"""Pages of what looks odd about stamps, for those who watch over them: listed, shown, decided."""

from datetime import datetime
from typing import Any

from fastapi import Response

from app.core.errors import Refusal
from app.domain.inspections.policy import why_not_plan
from app.domain.places.rules import PROVINCES
from app.domain.scans.actions import KEPT_DAYS, decide_flag
from app.domain.scans.enums import FlagKind, FlagState
from app.domain.scans.policy import opens_cases, sees_batches, why_not_decide
from app.domain.scans.queries import SeenFlag, flags_page, seen_flag
from app.domain.scans.rules import (
    CALLER_LABELS,
    FAR_KM,
    FAST_KMH,
    KIND_LABELS,
    STATE_LABELS,
    USUAL_DEVICES,
    WINDOW,
)
from app.domain.scans.schemas import DecideFlag
from app.domain.stamps.policy import CUSTODY_BASIS, ROLL_LABELS, SUSPENDABLE
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried
from app.web.tones import FLAG_TONES
from app.web.verification import HEADINGS

router = page_router()
_TENTHS = 10


@router.get("/clone-flags", name="flags.list")
def index(page: Page, state: str = FlagState.OPEN, kind: str = "", after: After = 0) -> Response:
    """List flags, the open ones unless others are asked for, newest first."""
    wanted = FlagState(state) if state in set(FlagState) else None
    of_kind = FlagKind(kind) if kind in set(FlagKind) else None
    found = flags_page(page.session, actor=page.actor, state=wanted, kind=of_kind, after=after)
    return page.render(
        "scans/_table.html" if page.is_fragment else "scans/list.html",
        found=found,
        states=STATE_LABELS,
        kinds=KIND_LABELS,
        tones=FLAG_TONES,
        state=wanted or "all",
        kind=of_kind or "",
        after=after,
        basis=CUSTODY_BASIS,
    )


@router.get("/clone-flags/{code}", name="flags.show")
def show(page: Page, code: str) -> Response:
    """Show a flag, what was seen, and what can be decided."""
    return _show(page, code)


@router.post("/clone-flags/{code}/decide", name="flags.decide")
def decide(form: PostedForm, page: Page, code: str) -> Response:
    """Dismiss or confirm it, and suspend the roll where that is ticked."""

    def do() -> None:
        decide_flag(page.session, code, form.read(DecideFlag), actor=page.actor, at=page.at)

    return tried(
        page,
        form,
        do,
        shown_again=lambda typed, refusal: _show(page, code, form=typed, refused=refusal),
        done=lambda: page.go("flags.show", code=code, said="Đã ghi kết luận."),
    )


def _show(
    page: SignedInPage,
    code: str,
    *,
    form: Form | None = None,
    refused: Refusal | None = None,
) -> Response:
    seen = seen_flag(page.session, code, actor=page.actor)
    row = seen.row
    return page.render(
        "scans/show.html",
        status=answer_status(refused),
        seen=seen,
        row=row,
        flag=row.flag,
        evidence=_evidence(seen),
        decision=form or empty_form(),
        refused=refused,
        why_not=why_not_decide(page.actor, row.flag),
        can_suspend=row.roll is not None and row.roll.state in SUSPENDABLE,
        roll_state=ROLL_LABELS[row.roll.state] if row.roll else "",
        why_not_plan=why_not_plan(page.actor),
        opens_cases=opens_cases(page.actor),
        sees_batches=sees_batches(page.actor),
        states=STATE_LABELS,
        kinds=KIND_LABELS,
        callers=CALLER_LABELS,
        verdicts=HEADINGS,
        provinces=PROVINCES,
        tones=FLAG_TONES,
        limits={
            "devices": USUAL_DEVICES,
            "days": WINDOW.days,
            "km": FAR_KM,
            "kmh": FAST_KMH,
            "kept": KEPT_DAYS,
        },
        basis=CUSTODY_BASIS,
    )


def _evidence(seen: SeenFlag) -> dict[str, Any]:
    """Return what was kept as evidence with its times and places as a page shows them."""
    kept = seen.row.flag.evidence

    def at(said: str) -> datetime:
        return datetime.fromisoformat(said)

    def place(tenths: list[int]) -> str:
        latitude, longitude = tenths
        return f"{latitude / _TENTHS:.1f}, {longitude / _TENTHS:.1f}"

    return {
        "count": kept.get("count", 0),
        "scans": kept.get("scans"),
        "first": at(kept["first"]) if "first" in kept else None,
        "last": at(kept["last"]) if "last" in kept else None,
        "markets": [PROVINCES.get(code, code) for code in kept.get("markets", [])],
        "devices": [
            one | {"first": at(one["first"]), "last": at(one["last"])}
            for one in kept.get("devices", [])
        ],
        "jumps": [
            one
            | {
                "from_at": at(one["from_at"]),
                "to_at": at(one["to_at"]),
                "from_place": place(one["from_place"]),
                "to_place": place(one["to_place"]),
            }
            for one in kept.get("jumps", [])
        ],
        "provinces": [
            one
            | {
                "name": PROVINCES.get(one["code"], one["code"]),
                "first": at(one["first"]),
                "last": at(one["last"]),
            }
            for one in kept.get("provinces", [])
        ],
        "stamps": [seen.serials.get(index, "") for index in kept.get("stamps", [])],
    }
