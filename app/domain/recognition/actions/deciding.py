"""What happens in recognition: decisions are drafted and signed, products get certificates."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refused, check_version
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.models import Dossier
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.actions.certifying import (
    Ground,
    certificates_of,
    certify,
    check_product_code,
    enter,
    next_record,
)
from app.domain.recognition.actions.drafting import (
    DatedInFuture,
    begin_draft,
    rewrite_draft,
)
from app.domain.recognition.actions.taking_effect import take_effect
from app.domain.recognition.actions.telling import tell_recognised
from app.domain.recognition.enums import DecisionKind, DecisionState, Replacement
from app.domain.recognition.models import Certificate, DecisionItem, RecognitionDecision
from app.domain.recognition.policy import (
    why_not_draft,
    why_not_import,
    why_not_revise,
    why_not_sign,
)
from app.domain.recognition.queries import (
    decided_by,
    decided_certificates,
    decided_products,
    decision_for_update,
    judgements_of,
)
from app.domain.recognition.rules import (
    APPROVAL,
    DECIDED_FROM,
    LOWEST_RECOGNISED,
    ON_CERTIFICATES,
    decided_by_kind,
    last_valid_day,
)
from app.domain.recognition.schemas import (
    DraftDecision,
    ImportRecognised,
    ReviseDecision,
    SignDecision,
)
from app.rulebooks.loader import in_force, regime


class FiveStarsByMinistry(Refused):
    """The province does not recognise five stars."""

    code = "decision.five_stars_by_ministry"
    message = (
        "Hồ sơ {dossier} đạt {star} sao: Bộ Nông nghiệp và Môi trường công nhận, "
        "không đưa vào quyết định của tỉnh."
    )
    basis = "26/2026/QĐ-TTg, Điều 4.1.b"


class NotForApproval(Refused):
    """Only results that go on to the ministry are approved."""

    code = "decision.not_for_approval"
    message = (
        "Hồ sơ {dossier} đạt {star} sao: tỉnh công nhận, không thuộc diện phê duyệt kết quả "
        "để trình Trung ương."
    )
    basis = APPROVAL


class BelowThreeStars(Refused):
    """One and two stars get neither decision nor certificate."""

    code = "decision.below_three_stars"
    message = (
        "Hồ sơ {dossier} đạt {star} sao: không ban hành quyết định, không cấp giấy chứng nhận."
    )
    basis = "26/2026/QĐ-TTg, Điều 4.1.a"


class ResultNotLocked(Conflict):
    """Only a locked result can be recognised."""

    code = "decision.result_not_locked"
    message = "Hồ sơ {dossier} chưa chốt kết quả hoặc đã kết thúc, không đưa vào quyết định được."
    basis = "26/2026/QĐ-TTg, Điều 7.3.đ"


class AlreadyInDecision(Conflict):
    """A dossier is decided once."""

    code = "decision.dossier_taken"
    message = "Hồ sơ {dossier} đã nằm trong quyết định số {number}."
    basis = "26/2026/QĐ-TTg, Điều 7.3.e"


class ResultChanged(Refused):
    """The council found otherwise since the decision was drafted."""

    code = "decision.result_changed"
    message = "Kết quả của hồ sơ {dossier} đã khác khi soạn quyết định. Hãy soạn lại."
    basis = "26/2026/QĐ-TTg, Điều 7.3.đ"


class DatedBeforeResult(Refused):
    """A decision cannot be older than the results it recognises."""

    code = "decision.dated_before_result"
    message = "Ngày ban hành {day} sớm hơn ngày chốt kết quả của hồ sơ {dossier} ({locked})."
    basis = "26/2026/QĐ-TTg, Điều 7.3.đ"


class RecognitionKnown(Conflict):
    """The same recognition was loaded before."""

    code = "certificate.known"
    message = "Sản phẩm «{product}» đã có giấy chứng nhận cấp ngày {day}."


def draft_decision(
    session: WriteSession, data: DraftDecision, *, actor: Actor, at: datetime
) -> RecognitionDecision:
    """Prepare a decision over results; records decision.drafted.

    A recognition takes three and four stars, what the ministry gave back too; an approval takes
    results of ninety points and more (art. 7.3.e, 7.4.g).
    """
    if refusal := why_not_draft(actor):
        raise refusal
    chosen = _checked(session, data)
    decision = begin_draft(session, data, at=at)
    _fill(session, decision, chosen)
    record(
        session,
        "decision.drafted",
        subject=decision,
        actor=actor,
        at=at,
        number=decision.number,
        dossiers=[dossier.code for dossier, _ in chosen],
    )
    return decision


def revise_decision(
    session: WriteSession, code: str, data: ReviseDecision, *, actor: Actor, at: datetime
) -> RecognitionDecision:
    """Write a draft anew; refused once signed; records decision.revised with before and after."""
    decision = decision_for_update(session, code, actor=actor)
    if refusal := why_not_revise(actor, decision):
        raise refusal
    check_version(data.version, decision.version)
    before = rewrite_draft(session, decision, data)
    chosen = _checked(session, data, decision=decision)
    session.exec(delete(DecisionItem).where(col(DecisionItem.decision_id) == decision.id))
    _fill(session, decision, chosen)
    record(
        session,
        "decision.revised",
        subject=decision,
        actor=actor,
        at=at,
        before=before,
        after={"number": decision.number, "decided_on": decision.decided_on},
        dossiers=[dossier.code for dossier, _ in chosen],
    )
    return decision


def sign_decision(
    session: WriteSession, code: str, data: SignDecision, *, actor: Actor, at: datetime
) -> RecognitionDecision:
    """Sign a decision; nothing of it changes afterwards. Records decision.signed.

    By a recognition every product gets its certificate (certificate.issued), its dossier is
    recognised, an older certificate superseded. By an approval the results may go to the ministry.
    A decision on certificates takes effect on each; what the ministry decided on five stars is
    recorded by the agency in the same way (art. 8.2.b).
    """
    decision = decision_for_update(session, code, actor=actor)
    if refusal := why_not_sign(actor, decision):
        raise refusal
    check_version(data.version, decision.version)
    if decision.decided_on > local_day(at):
        raise DatedInFuture(day=f"{decision.decided_on:%d/%m/%Y}")
    on_certificates = decision.kind in ON_CERTIFICATES
    dossiers = [] if on_certificates else _dossiers_of(session, decision)
    _keep_names(session, decision)
    decision.state = DecisionState.SIGNED
    decision.signed_by = data.signed_by
    decision.signed_title = data.signed_title
    decision.on_behalf = data.on_behalf
    decision.signed_at = at
    decision.version += 1
    issued = (
        _certified(session, decision, dossiers, actor=actor, at=at)
        if decision.kind is DecisionKind.RECOGNITION
        else []
    )
    changed = take_effect(session, decision, actor=actor, at=at) if on_certificates else issued
    record(
        session,
        "decision.signed",
        subject=decision,
        actor=actor,
        at=at,
        number=decision.number,
        signed_by=data.signed_by,
        signed_title=data.signed_title,
        certificates=[certificate.code for certificate in changed],
    )
    tell_recognised(session, issued, actor=actor, at=at)
    return decision


def import_recognised(
    session: WriteSession,
    product: Product,
    data: ImportRecognised,
    *,
    actor: Actor,
    at: datetime,
) -> Certificate:
    """Enter a recognition of an earlier period, with its source; it keeps its own term (art. 12.1).

    A later recognition of the same product supersedes an earlier one, whichever is entered first.
    """
    if refusal := why_not_import(actor):
        raise refusal
    months = in_force(local_day(at)).procedure.certificate_validity.value
    expires_on = data.expires_on or last_valid_day(data.issued_on, months)
    if expires_on <= data.issued_on:
        raise Invalid({"expires_on": "Ngày hết hạn phải sau ngày cấp."})
    others = certificates_of(session, product)
    if any(other.issued_on == data.issued_on for other in others):
        raise RecognitionKnown(product=product.name, day=f"{data.issued_on:%d/%m/%Y}")
    check_product_code(session, product, data.product_code)
    producer = session.exec(select(Producer).where(col(Producer.id) == product.producer_id)).one()
    certificate = Certificate(
        code=new_code("CN"),
        record_number=next_record(session),
        product_code=data.product_code,
        product_id=product.id or 0,
        producer_id=product.producer_id,
        regime_code=data.regime_code,
        star=data.star,
        decision_number=data.decision_number,
        authority=data.authority,
        issued_on=data.issued_on,
        expires_on=expires_on,
        product_name=product.name,
        producer_name=producer.name,
        producer_address=producer.address,
        source_note=data.source_note,
    )
    enter(session, certificate, others, how=Replacement.RECOGNITION, at=at)
    record(
        session,
        "certificate.imported",
        subject=certificate,
        actor=actor,
        at=at,
        product=product.code,
        star=data.star,
        source=data.source_note,
    )
    return certificate


def _keep_names(session: WriteSession, decision: RecognitionDecision) -> None:
    """Write down what the signed paper calls each product: later names change no decision."""
    if decision.kind in ON_CERTIFICATES:
        for line in decided_certificates(session, decision):
            line.item.product_name = line.certificate.product_name
            line.item.producer_name = line.certificate.producer_name
            line.item.producer_address = line.certificate.producer_address
        return
    for row in decided_products(session, decision):
        row.item.product_name = row.product.name
        row.item.producer_name = row.producer.name
        row.item.producer_address = row.producer.address


def _certified(
    session: WriteSession,
    decision: RecognitionDecision,
    dossiers: Sequence[tuple[Dossier, int]],
    *,
    actor: Actor,
    at: datetime,
) -> list[Certificate]:
    ground = Ground(decision.number, decision.authority, decision.decided_on, decision.id)
    return [
        certify(session, dossier, star, ground, actor=actor, at=at) for dossier, star in dossiers
    ]


def _checked(
    session: WriteSession, data: DraftDecision, *, decision: RecognitionDecision | None = None
) -> Sequence[tuple[Dossier, int]]:
    """Return the chosen dossiers with the star each is decided on, in the order given, or refuse."""
    dossiers = {
        dossier.code: dossier
        for dossier in session.exec(
            select(Dossier)
            .where(col(Dossier.code).in_(data.dossiers))
            .order_by(col(Dossier.id))
            .with_for_update()
        )
    }
    ids = [dossier.id or 0 for dossier in dossiers.values()]
    judged = judgements_of(session, ids)
    taken = decided_by(session, ids, kind=data.kind, but=decision)
    chosen: list[tuple[Dossier, int]] = []
    for code in data.dossiers:
        dossier = dossiers.get(code)
        if dossier is None:
            raise NotFound
        judgement = judged.get(dossier.id or 0)
        if judgement is None:
            raise ResultNotLocked(dossier=code)
        other = taken.get(dossier.id or 0)
        if other is not None and other.created_at >= judgement.result.locked_at:
            raise AlreadyInDecision(dossier=code, number=other.number)
        _check_star(dossier, judgement.star, data.kind)
        if dossier.state not in DECIDED_FROM[data.kind]:
            raise ResultNotLocked(dossier=code)
        if data.decided_on < judgement.known_on:
            raise DatedBeforeResult(
                day=f"{data.decided_on:%d/%m/%Y}",
                dossier=code,
                locked=f"{judgement.known_on:%d/%m/%Y}",
            )
        chosen.append((dossier, judgement.star))
    return chosen


def _check_star(dossier: Dossier, star: int, kind: DecisionKind) -> None:
    if star < LOWEST_RECOGNISED:
        raise BelowThreeStars(dossier=dossier.code, star=star)
    if decided_by_kind(star, regime(dossier.regime_code)) is kind:
        return
    wrong = FiveStarsByMinistry if kind is DecisionKind.RECOGNITION else NotForApproval
    raise wrong(dossier=dossier.code, star=star)


def _fill(
    session: WriteSession,
    decision: RecognitionDecision,
    chosen: Sequence[tuple[Dossier, int]],
) -> None:
    session.add_all(
        DecisionItem(
            decision_id=decision.id or 0,
            dossier_id=dossier.id or 0,
            star=star,
            position=position,
        )
        for position, (dossier, star) in enumerate(chosen, start=1)
    )
    session.flush()


def _dossiers_of(
    session: WriteSession, decision: RecognitionDecision
) -> Sequence[tuple[Dossier, int]]:
    items = session.exec(
        select(DecisionItem)
        .where(col(DecisionItem.decision_id) == decision.id)
        .order_by(col(DecisionItem.position))
    ).all()
    ids = [item.dossier_id for item in items]
    rows = {
        dossier.id: dossier
        for dossier in session.exec(
            select(Dossier)
            .where(col(Dossier.id).in_(ids))
            .order_by(col(Dossier.id))
            .with_for_update()
        )
    }
    judged = judgements_of(session, ids)
    for item in items:
        dossier, judgement = rows[item.dossier_id], judged.get(item.dossier_id)
        if judgement is None or dossier.state not in DECIDED_FROM[decision.kind]:
            raise ResultNotLocked(dossier=dossier.code)
        # Between draft and signature a result may have been taken up again and found otherwise.
        if item.star != judgement.star:
            raise ResultChanged(dossier=dossier.code)
    return [(rows[item.dossier_id], item.star) for item in items]
