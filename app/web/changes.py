"""What changed since a product was recognised: then and now side by side, and what is told of it."""

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import StaleVersion
from app.domain.dossiers.actions import NothingToCompare, save_changes
from app.domain.dossiers.enums import DossierKind, DossierPart
from app.domain.dossiers.policy import why_not_edit
from app.domain.dossiers.queries import DossierRow, comparison, get_dossier, self_assessment
from app.domain.dossiers.rules import KIND_LABELS, RENEWAL_HOLDS, UPGRADE_HOLDS
from app.domain.dossiers.schemas import LONGEST_FINDING, LONGEST_REPORT_PART, SaveChanges
from app.web.deps import Page, SignedInPage, page_router
from app.web.dossiers import seen_dossier, taken_step
from app.web.forms import Form, PostedForm, empty_form

router = page_router()

TEXT_LABELS: dict[str, str] = {
    "materials": "Nguyên liệu",
    "technology": "Công nghệ sử dụng",
    "packaging": "Bao bì, nhãn mác",
    "quality_declaration": "Công bố chất lượng",
    "tests": "Các phiếu kiểm nghiệm định kỳ",
    "market": "Thị trường tiêu thụ",
}
NUMBER_LABELS: dict[str, str] = {
    "tests_done": "Số phiếu kiểm nghiệm từ khi được công nhận",
    "output_amount": "Sản lượng từ khi được công nhận",
    "revenue": "Doanh thu từ khi được công nhận (đồng)",
}
OTHER_LABELS: dict[str, str] = {
    "changes": "Nội dung những thay đổi",
    "output_unit": "Đơn vị tính của sản lượng",
}
BASIS = {DossierKind.UPGRADE: UPGRADE_HOLDS, DossierKind.RENEWAL: RENEWAL_HOLDS}


@router.get("/dossiers/{code}/changes", name="dossiers.changes")
def changes(page: Page, code: str) -> Response:
    """Show then and now, and ask what else changed."""
    return _changes(page, seen_dossier(page, code), empty_form(), 200, None)


@router.post("/dossiers/{code}/changes", name="dossiers.save_changes")
def save(form: PostedForm, page: Page, code: str) -> Response:
    """Store what is told of changes."""
    return taken_step(
        form,
        lambda: save_changes(
            page.session, code, form.read(SaveChanges), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _changes(
            page, get_dossier(page.session, code, actor=page.actor), shown, status, stale
        ),
        lambda: page.go("dossiers.show", code=code, said="Đã lưu phần những thay đổi."),
    )


def _changes(
    page: SignedInPage, row: DossierRow, form: Form, status: int, stale: StaleVersion | None
) -> Response:
    if row.dossier.kind is DossierKind.FIRST:
        raise NothingToCompare
    assessment = self_assessment(page.session, row, actor=page.actor)
    found = comparison(assessment, on=local_day(page.at))
    told = assessment.changes
    names = ("changes", *TEXT_LABELS, *NUMBER_LABELS, "output_unit")
    stored = {
        name: "" if told is None or getattr(told, name) is None else str(getattr(told, name))
        for name in names
    }
    labels = OTHER_LABELS | TEXT_LABELS | NUMBER_LABELS
    return page.render(
        "dossiers/changes.html",
        status=status,
        form=form if form.raw else empty_form(stored),
        row=row,
        dossier=row.dossier,
        kinds=KIND_LABELS,
        found=found,
        stored=stored,
        texts=TEXT_LABELS,
        numbers=NUMBER_LABELS,
        labels=labels,
        basis=BASIS[row.dossier.kind],
        longest=LONGEST_FINDING,
        longest_changes=LONGEST_REPORT_PART,
        why_not_edit=why_not_edit(page.actor, row.dossier, DossierPart.CHANGES),
        stale=stale,
        stored_now=[
            (labels[name], stored[name] or "trống")
            for name in names
            if stale and form.text(name).strip().replace("\r\n", "\n") != stored[name]
        ],
    )
