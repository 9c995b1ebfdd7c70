"""Anybody computes a result again: the file is read, checked and forgotten; nothing is stored."""

from typing import Annotated

from fastapi import Depends, Request, Response

from app.core.errors import Refusal
from app.core.settings import Settings
from app.domain.councils.queries import result_to_recompute
from app.domain.councils.rules import OUTCOME_LABELS
from app.rulebooks.result_files import MOST_BYTES, Verification, read_result_file, verified
from app.web.deps import Page, PublicPage, page_router
from app.web.forms import Form, PostedForm, empty_form

router = page_router()


def _checked(request: Request, form: PostedForm) -> Verification | Refusal:
    """Compute before the page asks the database anything: on SQLite that would hold up writers."""
    settings: Settings = request.app.state.settings
    sent = form.file("file")
    content = sent.file.read(MOST_BYTES + 1) if sent else form.text("text").strip().encode()
    try:
        return verified(read_result_file(content), settings.council_rules_dir)
    except Refusal as refusal:
        return refusal


Checked = Annotated[Verification | Refusal, Depends(_checked)]


@router.get("/recompute", name="recompute.form")
def form(page: PublicPage) -> Response:
    """Ask for a result file, uploaded or pasted."""
    return _show(page, empty_form())


@router.post("/recompute", name="recompute.check")
def check(form: PostedForm, found: Checked, page: PublicPage) -> Response:
    """Say what of the file agrees and what differs."""
    return _show(page, form, found)


@router.get("/dossiers/{code}/result/file", name="results.file")
def file(page: Page, code: str) -> Response:
    """Send the file of a result, with its sheets only to those who see them after the lock."""
    row = result_to_recompute(page.session, code, actor=page.actor)
    return Response(
        row.file,
        media_type="application/json",
        headers={
            "cache-control": "private, no-store",
            "content-disposition": f'attachment; filename="ket-qua-{code}.json"',
        },
    )


def _show(page: PublicPage, form: Form, found: Verification | Refusal | None = None) -> Response:
    refused = found if isinstance(found, Refusal) else None
    return page.render(
        "councils/recompute.html",
        status=422 if refused else 200,
        form=form,
        refused=refused,
        found=found if isinstance(found, Verification) else None,
        outcomes=OUTCOME_LABELS,
        most_kilobytes=MOST_BYTES // 1024,
    )
