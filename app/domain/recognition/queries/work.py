"""What waits for people in recognition: decisions to draft and to sign, renewals to file."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import Select
from sqlalchemy import select as sa_select
from sqlmodel import and_, col, func, not_, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from app.core.db import ReadSession
from app.core.errors import Worded
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import FINAL
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.enums import DecisionKind, DecisionState
from app.domain.recognition.models import (
    Certificate,
    CertificateItem,
    DecisionItem,
    RecognitionDecision,
)
from app.domain.recognition.policy import is_of_ministry
from app.domain.recognition.queries.centre import Candidate, candidates
from app.domain.recognition.queries.certificates import in_force_on
from app.domain.recognition.queries.ending_work import ending_work
from app.domain.recognition.rules import (
    ANNOUNCED_DAYS_BEFORE,
    DECISION_BASIS,
    FORWARDING,
    ON_CERTIFICATES,
    RENEWAL_FILING,
    renewal_window,
)
from app.domain.recognition.schemas import MINISTRY
from app.rulebooks.loader import in_force
from app.rulebooks.model import Regime

MOST_WORK = 20
NAMES_SHOWN = 3
DRAFTING_BASIS = "26/2026/QĐ-TTg, Điều 7.3.đ"
SIGNING_BASIS = "26/2026/QĐ-TTg, Điều 7.3.e"

_DRAFTING = {
    DecisionKind.RECOGNITION: "decision.to_draft",
    DecisionKind.APPROVAL: "decision.to_approve",
}
_DRAFTED_AT = {
    DecisionKind.RECOGNITION: "decisions.new",
    DecisionKind.APPROVAL: "decisions.new_approval",
}
_DRAFT_SENTENCES = {
    DecisionKind.RECOGNITION: "Soạn quyết định công nhận: {count} sản phẩm",
    DecisionKind.APPROVAL: "Trình phê duyệt kết quả từ 90 điểm: {count} sản phẩm",
}

# Without a kind: what the ministry signed and the agency writes down.
_SIGN_SENTENCES: dict[DecisionKind | None, str] = {
    None: "Ghi quyết định của Bộ số {number}",
    DecisionKind.RECOGNITION: "Ký quyết định công nhận số {number}",
    DecisionKind.APPROVAL: "Ký quyết định phê duyệt kết quả số {number}",
    DecisionKind.REVOCATION: "Ký quyết định thu hồi giấy chứng nhận số {number}",
    DecisionKind.EXTENSION: "Ký quyết định kéo dài hiệu lực số {number}",
    DecisionKind.CORRECTION: "Ký quyết định đính chính số {number}",
    DecisionKind.HOLDER_CHANGE: "Ký quyết định ghi nhận chủ thể kế thừa số {number}",
}
PUBLISHING_BASIS = "26/2026/QĐ-TTg, Điều 7.3.g, Điều 8.3.c"


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:
    """Return what recognition waits for: decisions to draft, to sign, and renewals to file."""
    return [
        *_of_the_agency(session, actor, on),
        *_decisions(session, actor),
        *_renewals_to_file(session, actor, on),
    ]


def _renewals_to_file(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    """Return the certificates whose window is near or open and that nobody renews yet (art. 7.6.a).

    For the producer and the officer of its commune, from thirty days before the window until its
    last day; a recent upgrade or renewal under way takes the item away.
    """
    law = in_force(on)
    officer_of = [g.unit_code for g in actor.grants if g.role is Role.COMMUNE_OFFICER]
    if law.stated_procedure is None or not (actor.producer_ids or officer_of):
        return []
    renewal = law.stated_procedure.renewal
    furthest = renewal.file_from_days_before + ANNOUNCED_DAYS_BEFORE
    under_way = select(col(Dossier.product_id)).where(col(Dossier.state).not_in(FINAL))
    rows = session.exec(
        select(Certificate, Product, Producer)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(Certificate.producer_id))
        .where(
            *in_force_on(on),
            col(Certificate.expires_on) <= on + timedelta(days=furthest),
            col(Certificate.expires_on) >= on + timedelta(days=renewal.file_until_days_before),
            or_(
                col(Certificate.producer_id).in_(actor.producer_ids),
                col(Product.commune_code).in_(officer_of),
            ),
            col(Certificate.product_id).not_in(under_way),
        )
        .order_by(col(Certificate.expires_on), col(Certificate.id))
        .limit(MOST_WORK)
    ).all()
    return [
        _renewal_item(certificate, product, producer, law, on)
        for certificate, product, producer in rows
    ]


def _renewal_item(
    certificate: Certificate, product: Product, producer: Producer, law: Regime, on: date
) -> WorkItem:
    window = renewal_window(certificate.expires_on, law)
    first, last = (window.first, window.last) if window else (on, on)
    is_open = on >= first
    title = (
        Worded("Nộp hồ sơ đánh giá lại: {product}", product=product.name)
        if is_open
        else Worded("Sắp đến kỳ đánh giá lại: {product}", product=product.name)
    )
    return WorkItem(
        kind="certificate.renew" if is_open else "certificate.renew_soon",
        code=certificate.code,
        title=title,
        subtitle=Worded(
            "{producer} · nộp từ {first} đến hết {last}",
            producer=producer.name,
            first=f"{first:%d/%m/%Y}",
            last=f"{last:%d/%m/%Y}",
        ),
        due_on=last,
        overdue=False,
        basis=RENEWAL_FILING,
        route_name="certificates.show",
    )


def _of_the_agency(session: ReadSession, actor: Actor, on: date) -> list[WorkItem]:
    """Return the decisions to draft, a line for each kind, products to send, what is to end (art. 7.3, 8)."""
    if not actor.has(Role.AGENCY_OFFICER):
        return []
    found = candidates(session, actor=actor)
    return [
        *_to_draft(found),
        *_to_send(found),
        *ending_work(session, on=on, limit=MOST_WORK),
    ]


def _to_draft(judged: Sequence[Candidate]) -> list[WorkItem]:
    return [
        WorkItem(
            kind=_DRAFTING[kind],
            code="",
            title=Worded(_DRAFT_SENTENCES[kind], count=len(found)),
            subtitle=_some(found),
            due_on=None,
            overdue=False,
            basis=DRAFTING_BASIS if kind is DecisionKind.RECOGNITION else SIGNING_BASIS,
            route_name=_DRAFTED_AT[kind],
        )
        for kind in DecisionKind
        if (found := [one.product.name for one in judged if one.kind is kind])
    ]


def _to_send(judged: Sequence[Candidate]) -> list[WorkItem]:
    return [
        WorkItem(
            kind="centre.to_send",
            code=one.dossier.code,
            title=Worded("Gửi Trung ương đánh giá: {product}", product=one.product.name),
            subtitle=Worded(
                "phê duyệt theo quyết định {number} ngày {day}",
                number=approval.number,
                day=f"{approval.decided_on:%d/%m/%Y}",
            ),
            due_on=None,
            overdue=False,
            basis=FORWARDING,
            route_name="centre.forward",
        )
        for one in judged
        if (approval := one.approved)
    ][:MOST_WORK]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown}…" if len(names) > NAMES_SHOWN else shown


def _decisions(session: ReadSession, actor: Actor) -> list[WorkItem]:
    """Return the decisions this person signs, writes down or makes public; one statement.

    The province's drafts wait for its leader, the ministry's for the agency that writes them down
    (art. 8.2); what was signed waits for the agency until anybody can read it (art. 7.3.g, 8.3.c).
    """
    draft = col(RecognitionDecision.state) == DecisionState.DRAFT
    of_ministry = and_(
        col(RecognitionDecision.kind).in_(ON_CERTIFICATES),
        col(RecognitionDecision.authority) == MINISTRY,
    )
    unpublished = and_(
        col(RecognitionDecision.state) == DecisionState.SIGNED,
        col(RecognitionDecision.published_at).is_(None),
    )
    theirs = [
        condition
        for role, condition in (
            (Role.PROVINCIAL_SIGNER, and_(draft, not_(of_ministry))),
            (Role.AGENCY_OFFICER, or_(and_(draft, of_ministry), unpublished)),
        )
        if actor.has(role)
    ]
    if not theirs:
        return []
    rows = session.execute(_counted(select(RecognitionDecision).where(or_(*theirs)))).all()
    return [
        _to_sign(decision, products + certificates)
        if decision.state is DecisionState.DRAFT
        else _to_publish(decision)
        for decision, products, certificates in rows
    ]


def _to_sign(decision: RecognitionDecision, count: int) -> WorkItem:
    sentence = _SIGN_SENTENCES[None if is_of_ministry(decision) else decision.kind]
    on_certificates = decision.kind in ON_CERTIFICATES
    return WorkItem(
        kind="decision.to_sign",
        code=decision.code,
        title=Worded(sentence, number=decision.number),
        subtitle=Worded("{count} sản phẩm · {code}", count=count, code=decision.code),
        due_on=None,
        overdue=False,
        basis=DECISION_BASIS[decision.kind] if on_certificates else SIGNING_BASIS,
        route_name="decisions.show",
    )


def _to_publish(decision: RecognitionDecision) -> WorkItem:
    return WorkItem(
        kind="decision.to_publish" if decision.scan_sha256 else "decision.to_scan",
        code=decision.code,
        title=Worded(
            "Công bố quyết định số {number}"
            if decision.scan_sha256
            else "Thêm bản chụp và công bố quyết định số {number}",
            number=decision.number,
        ),
        subtitle=Worded(
            "ký ngày {day} · {code}", day=f"{decision.decided_on:%d/%m/%Y}", code=decision.code
        ),
        due_on=None,
        overdue=False,
        basis=PUBLISHING_BASIS,
        route_name="decisions.show",
    )


def _counted(
    query: SelectOfScalar[RecognitionDecision],
) -> Select[tuple[RecognitionDecision, int, int]]:
    """Return decisions, the oldest first, with how many products and certificates each names."""
    products, certificates = (
        sa_select(func.count())
        .where(col(item.decision_id) == col(RecognitionDecision.id))
        .correlate(RecognitionDecision)
        .scalar_subquery()
        for item in (DecisionItem, CertificateItem)
    )
    return (
        query.add_columns(products, certificates)
        .order_by(
            col(RecognitionDecision.state),  # what is to be signed stands before what is to be read
            col(RecognitionDecision.decided_on),
            col(RecognitionDecision.id),
        )
        .limit(2 * MOST_WORK)
    )
