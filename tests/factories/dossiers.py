"""Builders of dossiers: every state up to the province's acceptance, through the real actions."""

from collections.abc import Mapping
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pypdf import PdfWriter
from sqlmodel import col, func, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.files import StoredFile, store
from app.domain.councils.models import Round
from app.domain.dossiers.actions import (
    accept_dossier,
    add_evidence,
    check_components,
    file_dossier,
    open_dossier,
    propose_dossier,
    return_dossier,
    save_commune_report,
    save_report_parts,
    save_section,
    sign_commune_report,
    use_evidence,
    withdraw_dossier,
)
from app.domain.dossiers.enums import DossierPart, DossierState, EvidenceKind
from app.domain.dossiers.models import Dossier, Evidence
from app.domain.dossiers.queries import find_report
from app.domain.dossiers.rules import gate_questions
from app.domain.dossiers.schemas import (
    AcceptDossier,
    AddEvidence,
    AnswerIn,
    CheckComponents,
    CiteEvidence,
    ComponentCheck,
    FileDossier,
    GateAnswerIn,
    OpenDossier,
    ProposeDossier,
    ReturnDossier,
    ReturnItem,
    RoundChoice,
    SaveCommuneReport,
    SaveReportParts,
    SaveSection,
    SignCommuneReport,
    WithdrawDossier,
)
from app.domain.producers.enums import ProducerKind
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.model import Rubric
from app.rulebooks.scoring import sheet_score
from tests.factories.agency import advise, ask_completion
from tests.factories.people import People
from tests.factories.register import make_producer, make_product

# What has happened to a dossier on its way, in order; beside the way, see make_dossier.
_WAY = (
    DossierState.DRAFT,
    DossierState.FILED,
    DossierState.ASSESSED,
    DossierState.PROPOSED,
    DossierState.ACCEPTED,
)
REGIME = loader.regime("qd26-2026")
_ROUND_DAYS = (60, 120)
_FIVE_STARS_FROM = 90  # 26/2026/QĐ-TTg art. 3.3


def pdf_bytes(title: str = "Phiếu kiểm nghiệm") -> bytes:
    """Return a real PDF of one blank page; another title makes another file."""
    writer = PdfWriter()
    writer.add_blank_page(width=200, height=200)
    writer.add_metadata({"/Title": title})
    kept = BytesIO()
    writer.write(kept)
    return kept.getvalue()


def stored_file(title: str = "Phiếu kiểm nghiệm", *, directory: Path | None = None) -> StoredFile:
    """Check and keep a real PDF; without a directory only what is known of it remains."""
    if directory is not None:
        return store(directory, pdf_bytes(title))
    with TemporaryDirectory() as place:
        return store(Path(place), pdf_bytes(title))


def complete_answers(rubric: Rubric, *, best: bool = True) -> dict[str, str]:
    """Return an option for each criterion: the one with most points, or with fewest."""
    choose = max if best else min
    return {
        criterion.code: choose(criterion.options, key=lambda option: option.points).code
        for criterion in rubric.criteria
    }


def four_star_answers(rubric: Rubric) -> dict[str, str]:
    """Return answers of a product of four stars: the best ones, less where no minimum asks for it."""
    chosen = complete_answers(rubric)
    for criterion in reversed(rubric.criteria):
        if sheet_score(rubric, chosen).total < _FIVE_STARS_FROM:
            break
        if not criterion.has_marks:
            chosen[criterion.code] = min(criterion.options, key=lambda one: one.points).code
    return chosen


def filled_report(*, version: int = 0) -> SaveCommuneReport:
    """Return a commune report with four findings, each confirmed."""
    return SaveCommuneReport(
        material_finding="Mật khai thác tại rừng của xã; đã xem sổ thu mua.",
        material_local_percent=92,
        material_confirmed=True,
        labour_finding="Chín trong mười hai người ở xã.",
        workers_total=12,
        workers_local=9,
        labour_confirmed=True,
        idea_finding="Sản phẩm truyền thống của bản.",
        idea_confirmed=True,
        identity_finding="Cách lấy mật của người Mông.",
        identity_confirmed=True,
        version=version,
    )


def passing_gates(set_number: int = 4) -> list[GateAnswerIn]:
    """Answer every condition asked for this set so that a dossier can be opened."""
    sheet = loader.rubric(f"qd26-2026-{set_number:02d}")
    questions = gate_questions(REGIME, sheet, ProducerKind.COOPERATIVE, has_registration=True)
    return [GateAnswerIn(gate=one.code, applies=False) for one in questions if one.is_asked]


def opening(product_code: str, set_number: int = 4) -> dict[str, Any]:
    """Return what a program sends to open the dossier of a product."""
    data = OpenDossier(product_code=product_code, gate_answers=passing_gates(set_number))
    return data.model_dump(mode="json")


def make_evidence(
    session: WriteSession,
    people: People,
    dossier: Dossier,
    title: str = "Phiếu kiểm nghiệm",
    *,
    criterion_code: str = "",
    directory: Path | None = None,
) -> Evidence:
    """Add a paper to a dossier through its producer's own account."""
    return add_evidence(
        session,
        dossier.code,
        AddEvidence(kind=EvidenceKind.TEST_REPORT, title=title, criterion_code=criterion_code),
        stored_file(title, directory=directory),
        file_name=f"{title}.pdf",
        actor=people.producer(dossier.producer_id),
        at=people.at,
    )


def cite_evidence(
    session: WriteSession, people: People, dossier: Dossier, paper: Evidence, criterion_code: str
) -> Dossier:
    """Let a paper support a criterion, through the producer's own account."""
    return use_evidence(
        session,
        dossier.code,
        CiteEvidence(evidence_code=paper.code, criterion_code=criterion_code),
        actor=people.producer(dossier.producer_id),
        at=people.at,
    )


def fill_dossier(
    session: WriteSession,
    people: People,
    dossier: Dossier,
    *,
    answers: Mapping[str, str] | None = None,
) -> Dossier:
    """Write all that filing asks for: an option for each criterion, a paper, parts II and IV."""
    actor, at = people.producer(dossier.producer_id), people.at
    rubric = loader.rubric(dossier.rubric_code)
    chosen = complete_answers(rubric) if answers is None else answers
    for part in rubric.parts:
        for section in part.sections:
            save_section(
                session,
                dossier.code,
                section.code,
                SaveSection(
                    answers=[
                        AnswerIn(criterion_code=one.code, option_code=chosen.get(one.code))
                        for one in section.criteria
                    ],
                    version=dossier.version,
                ),
                actor=actor,
                at=at,
            )
    make_evidence(session, people, dossier, criterion_code=rubric.criteria[0].code)
    return save_report_parts(
        session,
        dossier.code,
        SaveReportParts(
            business_results="Năm 2025 bán 1.200 lít, doanh thu 480 triệu đồng.",
            stated_revenue=480_000_000,
            stated_revenue_year=2025,
            business_plan="Mở thêm 50 đõ ong.",
            sample_count=5,
            version=dossier.version,
        ),
        actor=actor,
        at=at,
    )


def make_round(session: WriteSession, people: People) -> RoundChoice:
    """Return the round that takes in what is proposed today, set up when there is none yet."""
    today = local_day(people.at)
    first, last = (today + timedelta(days=days) for days in _ROUND_DAYS)
    return put_round(session, people, proposals_before=first, results_before=last)


def put_round(
    session: WriteSession, people: People, *, proposals_before: date, results_before: date
) -> RoundChoice:
    """Return the round with these two days."""
    row = session.exec(
        select(Round).where(
            col(Round.proposals_before) == proposals_before,
            col(Round.results_before) == results_before,
        )
    ).first()
    if row is None:
        row = Round(
            code=new_code("DO"),
            year=proposals_before.year,
            ordinal=proposals_before.toordinal(),
            proposals_before=proposals_before,
            results_before=results_before,
            created_at=people.at,
        )
        session.add(row)
        session.flush()
    return RoundChoice(
        id=row.id or 0,
        code=row.code,
        proposals_before=proposals_before,
        results_before=results_before,
    )


def make_dossier(
    session: WriteSession,
    people: People,
    *,
    state: DossierState = DossierState.DRAFT,
    product: Product | None = None,
    set_number: int = 4,
    answers: Mapping[str, str] | None = None,
    round_: RoundChoice | None = None,
) -> Dossier:
    """Open a dossier and take it to a state that lies before the council's part.

    Without a product, a new one of a new producer is registered. Without `answers` each criterion
    gets its best option. ACCEPTED goes into `round_`, or into a new one.
    """
    product = product or make_product(
        session, people, another_producer(session, people), set_number=set_number
    )
    dossier = open_dossier(
        session,
        OpenDossier(product_code=product.code, gate_answers=passing_gates(product.set_number)),
        actor=people.producer(product.producer_id),
        at=people.at,
    )
    match state:
        case DossierState.WITHDRAWN:
            return withdraw_dossier(
                session,
                dossier.code,
                WithdrawDossier(reason="Chưa kịp đổi bao bì.", version=dossier.version),
                actor=people.producer(dossier.producer_id),
                at=people.at,
            )
        case DossierState.COMPLETION_REQUESTED:
            take_to(session, people, dossier, DossierState.PROPOSED, answers=answers)
            ask_completion(session, people, dossier)
            return dossier
        case DossierState.ADVISED:
            take_to(session, people, dossier, DossierState.ACCEPTED, answers=answers, round_=round_)
            return advise(session, people, dossier)
        case DossierState.RETURNED:
            take_to(session, people, dossier, DossierState.FILED, answers=answers)
            return give_back(session, people, dossier)
        case _:
            return take_to(session, people, dossier, state, answers=answers, round_=round_)


def another_producer(session: WriteSession, people: People) -> Producer:
    """Register one more producer: two of a name are not registered in one commune."""
    known = session.exec(select(func.count()).select_from(Producer)).one()
    name = f"Hợp tác xã Thử Nghiệm {known + 1}" if known else "Hợp tác xã Thử Nghiệm"
    return make_producer(session, people, name)


def give_back(session: WriteSession, people: People, dossier: Dossier) -> Dossier:
    """Give a filed dossier back for its evidence, through the officer of its commune."""
    return return_dossier(
        session,
        dossier.code,
        ReturnDossier(
            items=[ReturnItem(part=DossierPart.EVIDENCE, reason="Phiếu đã quá 12 tháng.")],
            version=dossier.version,
        ),
        actor=people.officer(dossier.commune_code),
        at=people.at,
    )


def take_to(
    session: WriteSession,
    people: People,
    dossier: Dossier,
    state: DossierState,
    *,
    answers: Mapping[str, str] | None = None,
    round_: RoundChoice | None = None,
) -> Dossier:
    """Take a dossier along the way from where it stands to a later state."""
    for passed in _WAY[_WAY.index(dossier.state) + 1 : _WAY.index(state) + 1]:
        match passed:
            case DossierState.FILED:
                fill_dossier(session, people, dossier, answers=answers)
                file(session, people, dossier)
            case DossierState.ASSESSED:
                assess(session, people, dossier)
            case DossierState.PROPOSED:
                propose(session, people, dossier)
            case _:
                accept(session, people, dossier, round_)
    return dossier


def file(session: WriteSession, people: People, dossier: Dossier) -> Dossier:
    """Hand a complete dossier in."""
    return file_dossier(
        session,
        dossier.code,
        FileDossier(version=dossier.version),
        actor=people.producer(dossier.producer_id),
        at=people.at,
    )


def report_on(session: WriteSession, people: People, dossier: Dossier) -> Dossier:
    """Go through all parts, find them there, and write the report with all findings confirmed."""
    check_components(
        session,
        dossier.code,
        CheckComponents(
            items=[ComponentCheck(part=part, complete=True) for part in DossierPart],
            version=dossier.version,
        ),
        actor=people.officer(dossier.commune_code),
        at=people.at,
    )
    known = find_report(session, dossier)
    save_commune_report(
        session,
        dossier.code,
        filled_report(version=known.version if known else 0),
        actor=people.officer(dossier.commune_code),
        at=people.at,
    )
    return dossier


def assess(session: WriteSession, people: People, dossier: Dossier) -> Dossier:
    """Write and sign the commune's report."""
    report_on(session, people, dossier)
    report = find_report(session, dossier)
    sign_commune_report(
        session,
        dossier.code,
        SignCommuneReport(
            report_number="27/BC-UBND",
            signed_title="Phó Chủ tịch UBND xã",
            version=report.version if report else 1,
        ),
        actor=people.leader(dossier.commune_code),
        at=people.at,
    )
    return dossier


def propose(session: WriteSession, people: People, dossier: Dossier) -> Dossier:
    """Propose an assessed dossier to the province."""
    return propose_dossier(
        session,
        dossier.code,
        ProposeDossier(proposal_number="58/UBND-KT", version=dossier.version),
        actor=people.leader(dossier.commune_code),
        at=people.at,
    )


def accept(
    session: WriteSession, people: People, dossier: Dossier, round_: RoundChoice | None = None
) -> Dossier:
    """Take a proposed dossier into a round."""
    return accept_dossier(
        session,
        dossier.code,
        AcceptDossier(version=dossier.version),
        round_ or make_round(session, people),
        actor=people.agency(),
        at=people.at,
    )
