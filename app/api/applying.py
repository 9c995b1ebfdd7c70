"""Before and between dossiers over JSON: gates, windows, upgrade and renewal, what changed."""

from typing import Annotated

from app.api.deps import Call, api_router, code_path, needs
from app.core.clock import local_day
from app.domain.accounts.enums import Scope
from app.domain.councils.queries import dossier_ids_on_agenda, filing_windows
from app.domain.dossiers.actions import NothingToCompare, save_changes
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.queries import (
    DossierRow,
    comparison,
    find_changes,
    gate_answers_of,
    gates_before,
    get_dossier,
    self_assessment,
)
from app.domain.dossiers.schemas import (
    ChangesOut,
    ComparisonOut,
    DossierOut,
    FilingWindowOut,
    GateAnswerOut,
    GateQuestionOut,
    OpenFromCertificate,
    SaveChanges,
)
from app.domain.products.queries import get_product
from app.domain.recognition.actions import open_renewal, open_upgrade
from app.rulebooks import loader

router = api_router(tags=["dossiers"])
Reading = Annotated[Call, needs(Scope.DOSSIERS_READ)]
Writing = Annotated[Call, needs(Scope.DOSSIERS_WRITE)]
Code = Annotated[str, code_path("HS-7K2M9Q4")]
ProductCode = Annotated[str, code_path("SP-7K2M9Q4")]
CertificateCode = Annotated[str, code_path("CN-4M7P2Q8")]


@router.get("/products/{code}/gate-questions", summary="Điều kiện trước khi mở hồ sơ")
def gate_questions(call: Reading, code: ProductCode) -> list[GateQuestionOut]:
    """List what must hold before a dossier of this product is opened, and what has to be asked."""
    product, producer = get_product(call.session, code, actor=call.actor)
    return [
        GateQuestionOut.of(one) for one in gates_before(product, producer, on=local_day(call.at))
    ]


@router.get("/filing-windows", summary="Ngày nộp an toàn cuối cùng của từng đợt")
def windows(call: Reading) -> list[FilingWindowOut]:
    """List the rounds still ahead with the last day to file at the commune for each."""
    day = local_day(call.at)
    return [
        FilingWindowOut.of(one)
        for one in filing_windows(call.session, loader.in_force(day), on=day)
    ]


@router.post("/certificates/{code}/upgrade", status_code=201, summary="Mở hồ sơ nâng hạng")
def upgrade(call: Writing, code: CertificateCode, data: OpenFromCertificate) -> DossierOut:
    """Open the dossier of an upgrade while the certificate is in force."""
    return _told(
        call,
        open_upgrade(
            call.session,
            code,
            data,
            actor=call.actor,
            at=call.at,
            council_rules_dir=call.settings.council_rules_dir,
        ),
    )


@router.post("/certificates/{code}/renewal", status_code=201, summary="Mở hồ sơ đánh giá lại")
def renewal(call: Writing, code: CertificateCode, data: OpenFromCertificate) -> DossierOut:
    """Open the dossier of a renewal, from 180 to 120 days before the certificate ends."""
    return _told(
        call,
        open_renewal(
            call.session,
            code,
            data,
            actor=call.actor,
            at=call.at,
            council_rules_dir=call.settings.council_rules_dir,
        ),
    )


@router.get("/dossiers/{code}/gate-answers", summary="Điều kiện đã trả lời khi mở hồ sơ")
def gate_answers(call: Reading, code: Code) -> list[GateAnswerOut]:
    """List the conditions as they were answered, by whom and when."""
    return [
        GateAnswerOut.of(one) for one in gate_answers_of(call.session, _seen(call, code).dossier)
    ]


@router.get("/dossiers/{code}/comparison", summary="So với hồ sơ đã được công nhận")
def compared(call: Reading, code: Code) -> ComparisonOut:
    """Tell what an upgrade or a renewal changes, criterion by criterion."""
    assessment = self_assessment(call.session, _seen(call, code), actor=call.actor)
    found = comparison(assessment, on=local_day(call.at))
    if found is None:
        raise NothingToCompare
    return found.out()


@router.get("/dossiers/{code}/changes", summary="Những thay đổi từ khi được công nhận")
def changes(call: Reading, code: Code) -> ChangesOut:
    """Show what the applicant tells of changes."""
    dossier = _seen(call, code).dossier
    return ChangesOut.of(dossier, find_changes(call.session, dossier))


@router.put("/dossiers/{code}/changes", summary="Ghi những thay đổi từ khi được công nhận")
def write_changes(call: Writing, code: Code, data: SaveChanges) -> ChangesOut:
    """Store what changed; fields that are not named become empty."""
    dossier = save_changes(call.session, code, data, actor=call.actor, at=call.at)
    return ChangesOut.of(dossier, find_changes(call.session, dossier))


def _seen(call: Call, code: str) -> DossierRow:
    return get_dossier(
        call.session,
        code,
        actor=call.actor,
        extra_ids=dossier_ids_on_agenda(call.session, call.actor, on=local_day(call.at)),
    )


def _told(call: Call, dossier: Dossier) -> DossierOut:
    return get_dossier(call.session, dossier.code, actor=call.actor).out(local_day(call.at))
