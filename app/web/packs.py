"""Pages of scoring without network: packs to take along, files handed back, compared and brought in."""

from functools import partial
from typing import Any

from fastapi import Response

from app.core.errors import Refusal
from app.core.settings import Settings
from app.domain.councils.policy import why_not_enter
from app.domain.councils.queries import MeetingRow, get_meeting
from app.domain.councils.rules import SHEET_LABELS
from app.domain.packs.actions import apply_return, hand_in, read_answer_file
from app.domain.packs.papers import scoring_pack
from app.domain.packs.policy import NothingToScore
from app.domain.packs.queries import (
    ReturnedSheet,
    ReturnRow,
    get_return,
    returns_of,
    sheets_being_scored,
)
from app.domain.packs.rules import (
    LARGEST_ANSWER_BYTES,
    LARGEST_PACK_BYTES,
    OPINION,
    Difference,
)
from app.domain.packs.schemas import ApplyReturn
from app.http.papers import offline_page_answer
from app.rulebooks.model import Criterion
from app.rulebooks.scoring import NOT_MET
from app.web.agenda_items import SHEET_TONES
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.render import translated
from app.web.steps import answer_status, tried

router = page_router()

TAKE_LABELS: dict[str, str] = {"stored": "Giữ bản đang lưu", "filed": "Lấy bản trong tệp"}
WORD_LABELS: dict[str, str] = {"not_met": "Không đạt", "blank": "chưa chấm"}
_MB = 1024 * 1024


@router.get("/meetings/{code}/offline", name="packs.show")
def show(page: Page, code: str) -> Response:
    """Offer the own packs of a meeting, and take files back."""
    return _show(page, code, empty_form())


@router.get("/meetings/{code}/scoring-pack", name="packs.download")
def download(page: Page, code: str, sheet: str = "") -> Response:
    """Give the own pack of a meeting, or of one product, as a file to be saved."""
    settings: Settings = page.settings
    content = scoring_pack(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        files=settings.files,
        demonstration=settings.demonstration,
        sheet=sheet,
        say=partial(translated, page.language),
        language=page.language,
    )
    return offline_page_answer(content, f"goi-cham-{sheet or code}.html")


@router.post("/meetings/{code}/pack-returns", name="packs.hand_in")
def take_back(form: PostedForm, page: Page, code: str) -> Response:
    """Keep an answer file, uploaded or pasted, and show what it would change."""
    kept: list[str] = []

    def do() -> None:
        file = read_answer_file(_sent(form))
        kept.append(hand_in(page.session, code, file, actor=page.actor, at=page.at).kept.code)

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _show(page, code, shown, why),
        done=lambda: page.go("returns.show", code=kept[0]),
    )


@router.get("/pack-returns/{code}", name="returns.show")
def show_return(page: Page, code: str, sheet: str = "") -> Response:
    """Show what a file would change, sheet by sheet, beside what is stored."""
    return _return(page, code, empty_form(), sheet=sheet)


@router.post("/pack-returns/{code}/apply", name="returns.apply")
def apply(form: PostedForm, page: Page, code: str) -> Response:
    """Bring sheets of a file in; the choices name what stands where both changed."""
    named = form.many("sheet")
    only = named[0] if len(named) == 1 else ""

    def do() -> None:
        data = validated(
            ApplyReturn,
            {"sheets": [_wanted(form, sheet, alone=bool(only)) for sheet in named]},
        )
        apply_return(
            page.session,
            code,
            data,
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        )

    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, why: _return(page, code, shown, why, sheet=only),
        done=lambda: page.go("returns.show", code=code, said="Đã đưa điểm trong tệp vào phiếu."),
    )


def _sent(form: Form) -> bytes:
    upload = form.file("file")
    if upload is not None:
        return upload.file.read(LARGEST_ANSWER_BYTES + 1)
    return form.text("pasted").encode()


def _wanted(form: Form, sheet: str, *, alone: bool) -> dict[str, Any]:
    chosen = {
        name.removeprefix("take."): take
        for name, take in form.raw.multi_items()
        if alone and name.startswith("take.")
    }
    return {
        "sheet": sheet,
        "stored": [code for code, take in chosen.items() if take == "stored"],
        "filed": [code for code, take in chosen.items() if take == "filed"],
        "submit": form.text("submit") == "on",
    }


def _show(page: SignedInPage, code: str, form: Form, refused: Refusal | None = None) -> Response:
    row = get_meeting(
        page.session, code, actor=page.actor, rules_dir=page.settings.council_rules_dir
    )
    sheets = sheets_being_scored(page.session, code, actor=page.actor)
    return page.render(
        "packs/show.html",
        status=answer_status(refused),
        form=form,
        refused=refused,
        row=row,
        meeting=row.meeting,
        sheets=sheets,
        why_not_take=None if sheets else NothingToScore(),
        why_not_enter=why_not_enter(page.actor, row.seat),
        hands_in=_hands_in(row),
        returns=returns_of(page.session, row.meeting, actor=page.actor),
        most_pack_mb=LARGEST_PACK_BYTES // _MB,
        most_answer_mb=LARGEST_ANSWER_BYTES // _MB,
    )


def _hands_in(row: MeetingRow) -> bool:
    """Tell whether this person has, or had, a sheet in this meeting."""
    return any(item.my_sheet for item in row.items)


def _return(
    page: SignedInPage,
    code: str,
    form: Form,
    refused: Refusal | None = None,
    *,
    sheet: str = "",
) -> Response:
    row = get_return(page.session, code, actor=page.actor)
    one = row.find(sheet) if sheet else (row.sheets[0] if len(row.sheets) == 1 else None)
    context: dict[str, Any] = {
        "status": answer_status(refused),
        "form": form,
        "refused": refused,
        "row": row,
        "labels": SHEET_LABELS,
        "tones": SHEET_TONES,
        "takes": TAKE_LABELS,
        "words": WORD_LABELS,
        "not_met": NOT_MET,
        "opinion": OPINION,
    }
    if one is None:
        return page.render("packs/returned.html", clean=_clean(row), **context)
    return page.render("packs/returned_sheet.html", one=one, lines=_lines(one), **context)


def _clean(row: ReturnRow) -> list[ReturnedSheet]:
    """Return the sheets that a file can be brought into without a choice."""
    return [
        one
        for one in row.sheets
        if not one.is_settled and one.why_not is None and not one.conflicts
    ]


def _lines(one: ReturnedSheet) -> list[tuple[Criterion | None, Difference]]:
    """Return the differences in the order of the rubric, the opinion last."""
    rubric = one.row.dossier.rubric
    by_code = {difference.code: difference for difference in one.differences}
    lines: list[tuple[Criterion | None, Difference]] = [
        (criterion, by_code[criterion.code])
        for criterion in rubric.criteria
        if criterion.code in by_code
    ]
    if OPINION in by_code:
        lines.append((None, by_code[OPINION]))
    return lines
