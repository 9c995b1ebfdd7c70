"""Opening a dossier: its gates first, then pinned to the law of that day."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, Refused
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.actions.carrying import carry_over
from app.domain.dossiers.enums import DossierKind, DossierState
from app.domain.dossiers.models import Dossier, GateAnswer
from app.domain.dossiers.policy import why_not_open
from app.domain.dossiers.rules import (
    DOSSIER_HOLDS,
    FINAL,
    INITIAL,
    REGISTRATION_GATE,
    WHO_MAY_APPLY,
    GateQuestion,
    gate_questions,
    transition_for,
)
from app.domain.dossiers.schemas import GateAnswerIn, OpenDossier, Origin
from app.domain.producers.models import Producer
from app.domain.producers.policy import is_helper
from app.domain.producers.rules import KIND_LABELS
from app.domain.products.models import Product
from app.domain.products.queries import product_for_update
from app.rulebooks import loader
from app.rulebooks.model import Pins, Rubric

THE_SYSTEM = "Hệ thống"


class ProducerKindExcluded(Refused):
    """Associations and operating centres apply for tourism only."""

    code = "dossier.producer_kind_excluded"
    message = "{kind} không thuộc đối tượng đăng ký của nhóm «{category}»."
    basis = WHO_MAY_APPLY


class RegistrationMissing(Refused):
    """Farms and households take part with a business registration."""

    code = "dossier.registration_missing"
    message = (
        "{kind} chỉ đăng ký được khi có đăng ký kinh doanh. "
        "Hãy ghi số đăng ký kinh doanh vào thông tin chủ thể trước."
    )
    basis = WHO_MAY_APPLY


class GateHolds(Refused):
    """The applicant says that a case applies which ends an assessment."""

    code = "dossier.gate_holds"
    message = "Chưa mở được hồ sơ. {heading}: {wording}"


class GatesUnanswered(Invalid):
    """Every condition is answered before a dossier is opened; each lacking one is named."""

    code = "dossier.gates_unanswered"
    message = "Hãy trả lời từng điều kiện trước khi mở hồ sơ."
    basis = WHO_MAY_APPLY


class OlderDecisionApplies(Refused):
    """What was filed before the regime began is finished under the older decisions."""

    code = "dossier.older_decision_applies"
    message = "Ngày {day} chưa áp dụng {decision}. {clause}."


class DossierOpen(Conflict):
    """A product has one dossier under way at a time."""

    code = "dossier.open_already"
    message = "Sản phẩm đang có hồ sơ {dossier} chưa kết thúc."
    basis = DOSSIER_HOLDS


class AlreadyRecognised(Refused):
    """A recognised product goes on with an upgrade or a renewal."""

    code = "dossier.recognised_already"
    message = (
        "Sản phẩm đã được công nhận từ hồ sơ {dossier}: "
        "lần tiếp theo là hồ sơ nâng hạng hoặc đánh giá lại."
    )
    basis = DOSSIER_HOLDS


def open_dossier(
    session: WriteSession,
    data: OpenDossier,
    *,
    actor: Actor,
    at: datetime,
    recognition_ended: bool = False,
    council_rules_dir: Path | None = None,
) -> Dossier:
    """Open a first dossier pinned to the rulebooks of the day; records dossier.opened.

    Refused to others than the producer and its commune's officer, while a gate holds or is not
    answered, while another dossier of the product is under way, and for a recognised product,
    unless recognition, which knows the certificates, says that none of them runs any more.
    """
    product, producer = _own_product(session, data.product_code, actor=actor)
    _check_no_other(session, product, may_be_recognised=recognition_ended)
    return _open(
        session,
        Origin(kind=data.kind, product_code=product.code),
        product,
        producer,
        answers=data.gate_answers,
        actor=actor,
        at=at,
        council_rules_dir=council_rules_dir,
    )


def open_from_certificate(
    session: WriteSession,
    origin: Origin,
    answers: Sequence[GateAnswerIn],
    *,
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None = None,
) -> Dossier:
    """Open an upgrade or a renewal and carry over what still holds; records dossier.opened.

    The caller, recognition, has checked certificate and window; refused here like a first dossier.
    """
    product, producer = _own_product(session, origin.product_code, actor=actor)
    _check_no_other(session, product, may_be_recognised=True)
    dossier = _open(
        session,
        origin,
        product,
        producer,
        answers=answers,
        actor=actor,
        at=at,
        council_rules_dir=council_rules_dir,
    )
    if origin.previous_dossier_id is not None:
        carry_over(session, dossier, actor=actor, on=local_day(at))
    return dossier


def _own_product(session: WriteSession, code: str, *, actor: Actor) -> tuple[Product, Producer]:
    product, producer = product_for_update(session, code, actor=actor)
    refusal = why_not_open(actor, producer)
    if refusal:
        raise refusal
    return product, producer


def _open(
    session: WriteSession,
    origin: Origin,
    product: Product,
    producer: Producer,
    *,
    answers: Sequence[GateAnswerIn],
    actor: Actor,
    at: datetime,
    council_rules_dir: Path | None,
) -> Dossier:
    _check_law(origin.kind, at)
    pins = loader.pins(product.set_number, local_day(at), council_rules_dir)
    questions = _passed_gates(producer, pins, answers)
    helped = is_helper(actor, producer)
    dossier = Dossier(
        code=new_code("HS"),
        kind=origin.kind,
        previous_dossier_id=origin.previous_dossier_id,
        certificate_code=origin.certificate_code,
        previous_star=origin.star,
        state=INITIAL,
        product_id=product.id or 0,
        producer_id=producer.id or 0,
        commune_code=product.commune_code,
        opened_at=at,
        opened_by_helper=helped,
        **pins.model_dump(),
    )
    session.add(dossier)
    session.flush()
    _keep_answers(session, dossier, questions, actor=actor, at=at)
    record(
        session,
        "dossier.opened",
        subject=dossier,
        actor=actor,
        at=at,
        product=product.code,
        producer=producer.code,
        dossier_kind=dossier.kind,
        certificate=dossier.certificate_code,
        gates=[question.code for question in questions],
        on_behalf=helped,
        pinned=pins.model_dump(),
    )
    return dossier


def _check_law(kind: DossierKind, at: datetime) -> None:
    """Refuse a day on which older decisions still applied, with the clause that finishes them."""
    day = local_day(at)
    if loader.in_force(day).is_pinnable:
        return
    for code in loader.regime_codes():
        later = loader.regime(code)
        clause = transition_for(later, kind, day) if later.is_pinnable else None
        if clause is not None:
            raise OlderDecisionApplies(
                day=f"{day:%d/%m/%Y}",
                decision=later.decision,
                clause=clause.text,
                basis=clause.basis.citation,
            )


def _passed_gates(
    producer: Producer, pins: Pins, answers: Iterable[GateAnswerIn]
) -> tuple[GateQuestion, ...]:
    """Return the conditions, all of them met, or refuse the first that is not."""
    rubric = loader.rubric(pins.rubric_code)
    questions = gate_questions(
        loader.regime(pins.regime_code),
        rubric,
        producer.kind,
        has_registration=bool(producer.registration_number),
    )
    refusal = why_not_gates(questions, producer, rubric)
    if refusal:
        raise refusal
    told = {answer.gate: answer.applies for answer in answers}
    known = {question.code for question in questions}
    unknown = {f"gate.{code}": "Không có điều kiện này." for code in told if code not in known}
    if unknown:
        raise Invalid(unknown, code="dossier.unknown_gate")
    for question in questions:
        if told.get(question.code):
            raise GateHolds(
                heading=question.heading, wording=question.wording, basis=question.basis
            )
    lacking = {
        f"gate.{question.code}": f"Chưa trả lời: {question.wording} ({question.basis})"
        for question in questions
        if question.is_asked and question.code not in told
    }
    if lacking:
        raise GatesUnanswered(lacking)
    return questions


def why_not_gates(
    questions: Sequence[GateQuestion], producer: Producer, rubric: Rubric
) -> Refused | None:
    """Say which condition the system itself knows not to hold (26/2026/QĐ-TTg art. 2.3)."""
    failed = next((question for question in questions if question.holds is False), None)
    if failed is None:
        return None
    kind = KIND_LABELS[producer.kind]
    if failed.code == REGISTRATION_GATE:
        return RegistrationMissing(kind=kind)
    return ProducerKindExcluded(kind=kind, category=rubric.category_name)


def _keep_answers(
    session: WriteSession,
    dossier: Dossier,
    questions: Sequence[GateQuestion],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    session.add_all(
        GateAnswer(
            dossier_id=dossier.id or 0,
            gate=question.code,
            position=position,
            heading=question.heading,
            wording=question.wording,
            basis=question.basis,
            by_system=not question.is_asked,
            answered_by=actor.name if question.is_asked else THE_SYSTEM,
            answered_at=at,
        )
        for position, question in enumerate(questions, start=1)
    )


def _check_no_other(session: WriteSession, product: Product, *, may_be_recognised: bool) -> None:
    others = session.exec(
        select(Dossier).where(col(Dossier.product_id) == product.id).order_by(col(Dossier.id))
    ).all()
    for other in others:
        if other.state not in FINAL:
            raise DossierOpen(dossier=other.code)
        if other.state is DossierState.RECOGNISED and not may_be_recognised:
            raise AlreadyRecognised(dossier=other.code)
