"""What waits for people in recognition: decisions to draft and to sign, renewals to file."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import col, func, or_, select

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
    DecisionItem,
    RecognitionDecision,
)
from app.domain.recognition.queries.centre import Candidate, candidates
from app.domain.recognition.queries.certificates import in_force_on
from app.domain.recognition.rules import (
    ANNOUNCED_DAYS_BEFORE,
    FORWARDING,
    RENEWAL_FILING,
    renewal_window,
)
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

_SIGN_SENTENCES = {
    DecisionKind.RECOGNITION: "Ký quyết định công nhận số {number}",
    DecisionKind.APPROVAL: "Ký quyết định phê duyệt kết quả số {number}",
}


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:
    """Return what recognition waits for: decisions to draft, to sign, and renewals to file."""
    return [
        *_of_the_agency(session, actor),
        *_drafts_to_sign(session, actor),
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


def _of_the_agency(session: ReadSession, actor: Actor) -> list[WorkItem]:
    """Return the decisions to draft, a line for each kind, and the products to send (art. 7.3)."""
    if not actor.has(Role.AGENCY_OFFICER):
        return []
    found = candidates(session, actor=actor)
    return [*_to_draft(found), *_to_send(found)]


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


def _drafts_to_sign(session: ReadSession, actor: Actor) -> list[WorkItem]:
    if not actor.has(Role.PROVINCIAL_SIGNER):
        return []
    rows = session.exec(
        select(RecognitionDecision, func.count())
        .join(DecisionItem, col(DecisionItem.decision_id) == col(RecognitionDecision.id))
        .where(col(RecognitionDecision.state) == DecisionState.DRAFT)
        .group_by(col(RecognitionDecision.id))
        .order_by(col(RecognitionDecision.decided_on), col(RecognitionDecision.id))
        .limit(MOST_WORK)
    ).all()
    return [
        WorkItem(
            kind="decision.to_sign",
            code=decision.code,
            title=Worded(_SIGN_SENTENCES[decision.kind], number=decision.number),
            subtitle=Worded("{count} sản phẩm · {code}", count=products, code=decision.code),
            due_on=None,
            overdue=False,
            basis=SIGNING_BASIS,
            route_name="decisions.show",
        )
        for decision, products in rows
    ]
