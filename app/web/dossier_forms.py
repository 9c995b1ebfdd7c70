"""Forms of a dossier to print or to write on in an office program, and its electronic set."""

from fastapi import Response

from app.core.archives import zipped
from app.core.layout import PaperFormat
from app.domain.dossiers.forms.electronic_set import electronic_set
from app.domain.dossiers.forms.printing import DossierForm, printed_form
from app.http.papers import archive_answer, form_answer
from app.web.deps import Page, page_router
from app.web.dossiers import agenda_ids, seen_dossier
from app.web.privacy import note_reading_of

router = page_router()


@router.get("/dossiers/{code}/mau-{form}.{kind}", name="dossiers.form")
def form(page: Page, code: str, form: DossierForm, kind: PaperFormat) -> Response:
    """Give Mẫu số 01, 02 or 03 as PDF or DOCX."""
    paper = printed_form(
        page.session,
        code,
        form,
        kind,
        actor=page.actor,
        at=page.at,
        demonstration=page.settings.demonstration,
        extra_ids=agenda_ids(page),
    )
    note_reading_of(page, seen_dossier(page, code).producer, f"Mẫu số {form} của hồ sơ {code}")
    return form_answer(paper, f"mau-{form}-{code}", kind)


@router.get("/dossiers/{code}/ho-so.zip", name="dossiers.archive")
def archive(page: Page, code: str) -> Response:
    """Give forms and papers as one archive, in the order of the criteria."""
    files = electronic_set(
        page.session,
        code,
        page.settings.files,
        actor=page.actor,
        demonstration=page.settings.demonstration,
        extra_ids=agenda_ids(page),
    )
    note_reading_of(page, seen_dossier(page, code).producer, f"bộ hồ sơ {code}")
    return archive_answer(zipped(files, page.settings.scratch_dir), f"ho-so-{code}.zip")
