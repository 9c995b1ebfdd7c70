"""Forms of a dossier as PDF and DOCX over JSON's door, and its electronic set as one archive."""

from typing import Annotated

from fastapi import Path, Response

from app.api.deps import Call, api_router, needs
from app.api.dossiers import Code
from app.api.privacy import note_reading_of
from app.core.archives import zipped
from app.core.clock import local_day
from app.core.layout import PaperFormat
from app.domain.accounts.enums import Scope
from app.domain.councils.queries import dossier_ids_on_agenda
from app.domain.dossiers.forms.electronic_set import electronic_set
from app.domain.dossiers.forms.printing import DossierForm, printed_form
from app.domain.dossiers.queries import get_dossier
from app.http.papers import ARCHIVE_ANSWER, FORM_ANSWER, archive_answer, form_answer

router = api_router(tags=["dossiers"])
Reading = Annotated[Call, needs(Scope.DOSSIERS_READ)]
FormNumber = Annotated[DossierForm, Path(description="Số của mẫu tại Phụ lục III.")]


@router.get(
    "/dossiers/{code}/mau-{form}.{kind}",
    summary="Mẫu số 01, 02, 03 của hồ sơ (PDF, DOCX)",
    response_class=Response,
    responses=FORM_ANSWER,
)
def form(call: Reading, code: Code, form: FormNumber, kind: PaperFormat) -> Response:
    """Give a form of Annex III with what the dossier holds; both formats say the same."""
    on_agenda = dossier_ids_on_agenda(call.session, call.actor, on=local_day(call.at))
    content = printed_form(
        call.session,
        code,
        form,
        kind,
        actor=call.actor,
        at=call.at,
        demonstration=call.settings.demonstration,
        extra_ids=on_agenda,
    )
    seen = get_dossier(call.session, code, actor=call.actor, extra_ids=on_agenda)
    note_reading_of(call, seen.producer, f"Mẫu số {form} của hồ sơ {code}")
    return form_answer(content, f"mau-{form}-{code}", kind)


@router.get(
    "/dossiers/{code}/ho-so.zip",
    summary="Bộ hồ sơ điện tử",
    response_class=Response,
    responses=ARCHIVE_ANSWER,
)
def archive(call: Reading, code: Code) -> Response:
    """Give forms and cited papers in the order of the criteria, with a manifest of hashes."""
    on_agenda = dossier_ids_on_agenda(call.session, call.actor, on=local_day(call.at))
    files = electronic_set(
        call.session,
        code,
        call.settings.files,
        actor=call.actor,
        demonstration=call.settings.demonstration,
        extra_ids=on_agenda,
    )
    seen = get_dossier(call.session, code, actor=call.actor, extra_ids=on_agenda)
    note_reading_of(call, seen.producer, f"bộ hồ sơ {code}")
    return archive_answer(zipped(files, call.settings.scratch_dir), f"ho-so-{code}.zip")
