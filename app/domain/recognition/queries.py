"""Reads of recognition: decisions, their products, certificates, and the public register."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Worded
from app.core.paging import Page, page_of
from app.core.text import fold
from app.core.work import WorkItem
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.councils.models import Result
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import CLOSED
from app.domain.places.enums import UnitLevel
from app.domain.places.models import AdministrativeUnit
from app.domain.producers.models import Producer
from app.domain.producers.queries import visible
from app.domain.products.models import Product
from app.domain.products.queries import bears_old_code
from app.domain.recognition.enums import DecisionState, Standing
from app.domain.recognition.models import Certificate, DecisionItem, RecognitionDecision
from app.domain.recognition.rules import (
    ANNOUNCED_DAYS_BEFORE,
    LOWEST_RECOGNISED,
    RENEWAL_FILING,
    STANDING_BASIS,
    is_recognised_by_province,
    renewal_window,
    standing,
)
from app.domain.recognition.schemas import (
    MOST_DOSSIERS,
    CertificateOut,
    DecisionDetailOut,
    DecisionItemOut,
    DecisionOut,
)
from app.rulebooks.loader import in_force, regime
from app.rulebooks.model import Regime

MOST_WORK = 20
NAMES_SHOWN = 3
DRAFTING_BASIS = "26/2026/QĐ-TTg, Điều 7.3.đ"
SIGNING_BASIS = "26/2026/QĐ-TTg, Điều 7.3.e"

Certified = Select[Certificate, Product, Producer, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A locked result that may go into a decision."""

    dossier: Dossier
    product: Product
    producer: Producer
    result: Result


@dataclass(frozen=True, slots=True)
class DecidedProduct:
    """One product of a decision, with its certificate once the decision is signed."""

    item: DecisionItem
    dossier: Dossier
    product: Product
    producer: Producer
    result: Result | None
    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class CertifiedProduct:
    """A certificate with what it is about, and what it is worth on a day."""

    certificate: Certificate
    product: Product
    producer: Producer
    commune: str
    on: date

    @property
    def standing(self) -> Standing:
        """What the certificate is worth on the day asked for."""
        return standing(self.certificate, self.on, in_force(self.on))

    @property
    def basis(self) -> str:
        """The citation behind the standing."""
        return STANDING_BASIS[self.standing]

    @property
    def days_left(self) -> int:
        """Days until the term ends; negative afterwards."""
        return (self.certificate.expires_on - self.on).days

    @property
    def renewal_from(self) -> date | None:
        """First day a renewal may be filed."""
        window = renewal_window(self.certificate.expires_on, in_force(self.on))
        return window.first if window else None

    @property
    def days_to_file(self) -> int | None:
        """Days left to file a renewal while its window is open, None otherwise."""
        until = self.renewal_until
        is_open = self.standing is Standing.RENEWAL_WINDOW and until is not None
        return (until - self.on).days if is_open and until else None

    @property
    def transition_note(self) -> tuple[str, str] | None:
        """The clause that keeps a certificate of an older decision, with its basis (art. 12.1)."""
        law = in_force(self.on)
        if law.stated_procedure is None or self.certificate.issued_on >= law.in_force.first:
            return None
        clause = next(
            (one for one in law.procedure.transition if one.code == "certificates_kept"), None
        )
        return (clause.text, clause.basis.citation) if clause else None

    @property
    def renewal_until(self) -> date | None:
        """Last day a renewal may be filed."""
        window = renewal_window(self.certificate.expires_on, in_force(self.on))
        return window.last if window else None


def decisions_visible_to(actor: Actor) -> SelectOfScalar[RecognitionDecision]:
    """Return the only base for decisions: signed ones are public, drafts stay in the province."""
    query = select(RecognitionDecision)
    if actor.sees_province:
        return query
    return query.where(col(RecognitionDecision.state) == DecisionState.SIGNED)


def get_decision(session: ReadSession, code: str, *, actor: Actor) -> RecognitionDecision:
    """Return a decision this actor may see."""
    found = session.exec(
        decisions_visible_to(actor).where(col(RecognitionDecision.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def decision_for_update(session: WriteSession, code: str, *, actor: Actor) -> RecognitionDecision:
    """Return a decision, locked until the transaction ends."""
    found = session.exec(
        decisions_visible_to(actor).where(col(RecognitionDecision.code) == code).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFound
    return found


def decisions_page(
    session: ReadSession, *, actor: Actor, after: int = 0, limit: int = 20
) -> Page[tuple[RecognitionDecision, int]]:
    """Return decisions, newest first, each with its number of products."""
    query = decisions_visible_to(actor)
    if after:
        query = query.where(col(RecognitionDecision.id) < after)
    rows = session.exec(query.order_by(col(RecognitionDecision.id).desc()).limit(limit + 1)).all()
    counts = dict(
        session.exec(
            select(DecisionItem.decision_id, func.count())
            .where(col(DecisionItem.decision_id).in_([row.id for row in rows]))
            .group_by(col(DecisionItem.decision_id))
        ).all()
    )
    return page_of(
        [(row, counts.get(row.id or 0, 0)) for row in rows],
        limit=limit,
        key=lambda pair: pair[0].id or 0,
    )


def decided_products(
    session: ReadSession, decision: RecognitionDecision
) -> Sequence[DecidedProduct]:
    """Return the products of a decision in its order."""
    rows = session.exec(
        select(DecisionItem, Dossier, Product, Producer)
        .join(Dossier, col(Dossier.id) == col(DecisionItem.dossier_id))
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .where(col(DecisionItem.decision_id) == decision.id)
        .order_by(col(DecisionItem.position))
        .limit(MOST_DOSSIERS)
    ).all()
    papers = {
        dossier_id: (result, certificate)
        for dossier_id, result, certificate in session.exec(
            select(DecisionItem.dossier_id, Result, Certificate)
            .join(Result, col(Result.dossier_id) == col(DecisionItem.dossier_id), isouter=True)
            .join(
                Certificate,
                col(Certificate.dossier_id) == col(DecisionItem.dossier_id),
                isouter=True,
            )
            .where(col(DecisionItem.decision_id) == decision.id)
        )
    }
    return [
        DecidedProduct(item, dossier, product, producer, *papers[item.dossier_id])
        for item, dossier, product, producer in rows
    ]


def recognisable(
    session: ReadSession, *, actor: Actor, decision: RecognitionDecision | None = None
) -> Sequence[Candidate]:
    """Return locked results the province may recognise, in no other decision yet."""
    if not actor.sees_province:
        return []
    taken = select(col(DecisionItem.dossier_id))
    if decision is not None:
        taken = taken.where(col(DecisionItem.decision_id) != decision.id)
    rows = session.exec(
        select(Dossier, Product, Producer, Result)
        .join(Product, col(Product.id) == col(Dossier.product_id))
        .join(Producer, col(Producer.id) == col(Dossier.producer_id))
        .join(Result, col(Result.dossier_id) == col(Dossier.id))
        .where(
            col(Dossier.state) == DossierState.LOCKED,
            col(Result.star) >= LOWEST_RECOGNISED,
            col(Dossier.id).not_in(taken),
        )
        .order_by(col(Product.name_folded), col(Dossier.id))
        .limit(MOST_DOSSIERS)
    ).all()
    candidates = [Candidate(*row) for row in rows]
    return [
        one
        for one in candidates
        if is_recognised_by_province(one.result.star, regime(one.dossier.regime_code))
    ]


def certified_products(on: date) -> Certified:
    """Return the join every reading of certificates starts from; communes as of a day."""
    return (
        select(
            Certificate,
            Product,
            Producer,
            func.coalesce(col(AdministrativeUnit.full_name), "").label("commune"),
        )
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .join(Producer, col(Producer.id) == col(Certificate.producer_id))
        .join(
            AdministrativeUnit,
            (col(AdministrativeUnit.code) == col(Product.commune_code))
            & (col(AdministrativeUnit.level) == UnitLevel.COMMUNE)
            & (col(AdministrativeUnit.valid_from) <= on)
            & or_(
                col(AdministrativeUnit.valid_to).is_(None), col(AdministrativeUnit.valid_to) >= on
            ),
            isouter=True,
        )
    )


def certificates_visible_to(actor: Actor, *, on: date) -> Certified:
    """Return the only base for certificates at work: one's own, one's commune's, or all."""
    query = certified_products(on)
    condition = visible(
        actor, producer_id=col(Certificate.producer_id), commune_code=col(Product.commune_code)
    )
    return query if condition is None else query.where(condition)


def get_certificate(session: ReadSession, code: str, *, actor: Actor, on: date) -> CertifiedProduct:
    """Return a certificate this actor may see, with its product, as known on a day."""
    found = session.exec(
        certificates_visible_to(actor, on=on).where(col(Certificate.code) == code)
    ).one_or_none()
    if found is None:
        raise NotFound
    return CertifiedProduct(*found, on=on)


def certificate_for_update(
    session: WriteSession, code: str, *, actor: Actor, on: date
) -> CertifiedProduct:
    """Return a certificate with its product, the certificate locked until the transaction ends."""
    found = session.exec(
        certificates_visible_to(actor, on=on)
        .where(col(Certificate.code) == code)
        .with_for_update(of=Certificate)
    ).one_or_none()
    if found is None:
        raise NotFound
    return CertifiedProduct(*found, on=on)


def certificates_page(
    session: ReadSession, *, actor: Actor, on: date, after: int = 0, limit: int = 20
) -> Page[CertifiedProduct]:
    """Return certificates this actor may see, newest first."""
    query = certificates_visible_to(actor, on=on)
    if after:
        query = query.where(col(Certificate.id) < after)
    rows = session.exec(query.order_by(col(Certificate.id).desc()).limit(limit + 1)).all()
    return page_of(
        [CertifiedProduct(*row, on=on) for row in rows],
        limit=limit,
        key=lambda one: one.certificate.id or 0,
    )


def running_certificate(session: ReadSession, product_id: int, *, on: date) -> Certificate | None:
    """Return the certificate in force on a day, from which a product goes on; none: it begins."""
    return session.exec(
        select(Certificate)
        .where(col(Certificate.product_id) == product_id, *in_force_on(on))
        .order_by(col(Certificate.issued_on).desc(), col(Certificate.id).desc())
        .limit(1)
    ).one_or_none()


def register_page(
    session: ReadSession,
    *,
    on: date,
    search: str = "",
    commune_code: str = "",
    star: int | None = None,
    after: int = 0,
    limit: int = 20,
) -> Page[CertifiedProduct]:
    """Return the products recognised on a day, newest first: what anybody may know.

    The search takes words of the product's or the producer's name, without accents and case, or a
    whole product code: today's, or one the product bore before.
    """
    query = certified_products(on).where(*in_force_on(on))
    if folded := fold(search):
        words = (
            or_(
                col(Product.name_folded).contains(word, autoescape=True),
                col(Producer.name_folded).contains(word, autoescape=True),
            )
            for word in folded.split()
        )
        query = query.where(
            or_(
                and_(*words),
                func.upper(col(Certificate.product_code)) == search.strip().upper(),
                bears_old_code(folded),
            )
        )
    if commune_code:
        query = query.where(col(Product.commune_code) == commune_code)
    if star is not None:
        query = query.where(col(Certificate.star) == star)
    if after:
        query = query.where(col(Certificate.id) < after)
    rows = session.exec(query.order_by(col(Certificate.id).desc()).limit(limit + 1)).all()
    return page_of(
        [CertifiedProduct(*row, on=on) for row in rows],
        limit=limit,
        key=lambda one: one.certificate.id or 0,
    )


def get_register_entry(session: ReadSession, code: str, *, on: date) -> CertifiedProduct:
    """Return any certificate by its code, ended ones too: the register does not hide an end.

    A product code, today's or an old one, leads to the product's newest certificate.
    """
    found = session.exec(
        certified_products(on)
        .where(
            or_(
                col(Certificate.code) == code,
                col(Certificate.product_code) == code,
                bears_old_code(fold(code)),
            )
        )
        .order_by(
            (col(Certificate.code) == code).desc(),
            col(Certificate.issued_on).desc(),
            col(Certificate.id).desc(),
        )
        .limit(1)
    ).one_or_none()
    if found is None:
        raise NotFound
    return CertifiedProduct(*found, on=on)


def in_force_on(on: date) -> Sequence[ColumnElement[bool]]:
    """Return the conditions under which a certificate lets its product carry the star on a day."""
    return (
        col(Certificate.issued_on) <= on,
        col(Certificate.expires_on) >= on,
        or_(col(Certificate.revoked_on).is_(None), col(Certificate.revoked_on) > on),
        or_(col(Certificate.superseded_on).is_(None), col(Certificate.superseded_on) > on),
    )


def work_for(session: ReadSession, actor: Actor, *, on: date) -> list[WorkItem]:
    """Return what recognition waits for: decisions to draft, to sign, and renewals to file."""
    return [
        *_results_to_decide(session, actor),
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
    under_way = select(col(Dossier.product_id)).where(col(Dossier.state).not_in(CLOSED))
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


def _results_to_decide(session: ReadSession, actor: Actor) -> list[WorkItem]:
    if not actor.has(Role.AGENCY_OFFICER):
        return []
    found = recognisable(session, actor=actor)
    if not found:
        return []
    names = [one.product.name for one in found]
    shown = ", ".join(names[:NAMES_SHOWN])
    return [
        WorkItem(
            kind="decision.to_draft",
            code="",
            title=Worded("Soạn quyết định công nhận: {count} sản phẩm", count=len(found)),
            subtitle=f"{shown}…" if len(names) > NAMES_SHOWN else shown,
            due_on=None,
            overdue=False,
            basis=DRAFTING_BASIS,
            route_name="decisions.new",
        )
    ]


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
            title=Worded("Ký quyết định công nhận số {number}", number=decision.number),
            subtitle=Worded("{count} sản phẩm · {code}", count=products, code=decision.code),
            due_on=None,
            overdue=False,
            basis=SIGNING_BASIS,
            route_name="decisions.show",
        )
        for decision, products in rows
    ]


def decision_out(decision: RecognitionDecision, products: int) -> DecisionOut:
    """Return a decision as the JSON door tells it."""
    return DecisionOut(
        **decision.model_dump(
            include=set(DecisionOut.model_fields) - {"products"},
        ),
        products=products,
    )


def decision_detail_out(session: ReadSession, decision: RecognitionDecision) -> DecisionDetailOut:
    """Return a decision with its products as the JSON door tells it."""
    rows = decided_products(session, decision)
    return DecisionDetailOut(
        **decision_out(decision, len(rows)).model_dump(),
        items=[
            DecisionItemOut(
                dossier=row.dossier.code,
                product=row.product.name,
                producer=row.producer.name,
                star=row.item.star,
                average=row.result.average_text if row.result else "",
                certificate=row.certificate.code if row.certificate else None,
                product_code=row.certificate.product_code if row.certificate else None,
            )
            for row in rows
        ],
    )


def certificate_out(one: CertifiedProduct) -> CertificateOut:
    """Return a certificate as the JSON door tells it."""
    return CertificateOut(
        **one.certificate.model_dump(
            include={
                "code",
                "product_code",
                "star",
                "issued_on",
                "expires_on",
                "decision_number",
                "authority",
                "source_note",
            }
        ),
        product=one.product.name,
        producer=one.producer.name,
        commune=one.commune,
        standing=one.standing,
        standing_basis=one.basis,
        renewal_from=one.renewal_from,
        renewal_until=one.renewal_until,
        days_to_file=one.days_to_file,
    )
