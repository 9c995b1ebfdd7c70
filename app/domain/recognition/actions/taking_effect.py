"""What a signed decision on certificates does to each of them, in the transaction of its signature."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.text import fold
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.notices.actions import notify_each
from app.domain.notices.rules import Draft, Letter, commune, producer_account
from app.domain.producers.models import Producer
from app.domain.products.models import Product, ProductCodeAlias
from app.domain.recognition.actions.certificate_checks import Chosen, Frame, chosen_certificates
from app.domain.recognition.actions.certifying import certificates_of, enter, next_record
from app.domain.recognition.actions.changing import tell_change, words_of
from app.domain.recognition.enums import (
    ChangeKind,
    Decider,
    DecisionKind,
    Replacement,
    RevocationState,
)
from app.domain.recognition.letters import CORRECTED, EXTENDED, HOLDER_CHANGED, REVOKED
from app.domain.recognition.models import Certificate, CertificateItem, RecognitionDecision
from app.domain.recognition.policy import is_of_ministry
from app.domain.recognition.queries import decided_certificates
from app.domain.recognition.rules import revocation_ground
from app.rulebooks.loader import in_force


@dataclass(frozen=True, slots=True)
class _Signed:
    """What every effect needs: the decision, who signed it in the system, and when."""

    session: WriteSession
    decision: RecognitionDecision
    actor: Actor
    at: datetime

    def note(self, kind: str, about: Certificate, /, **said: object) -> None:
        """Write the audit row of one certificate."""
        record(
            self.session,
            kind,
            subject=about,
            actor=self.actor,
            at=self.at,
            decision=self.decision.number,
            **said,
        )

    def tell(self, certificate: Certificate, kind: ChangeKind) -> None:
        """Write the public line: it holds from the decision's day on."""
        tell_change(self.session, certificate, kind, since=self.decision.decided_on, at=self.at)

    def letter(self, letter: Letter, one: Chosen, **said: object) -> Draft:
        """Write to the producer and its commune."""
        return Draft(
            letter=letter,
            to=producer_account(one.certificate.producer_id) | commune(one.product.commune_code),
            subject_code=one.certificate.code,
            occasion=self.decision.code,
            said={
                "product": one.certificate.product_name,
                "decision": self.decision.number,
                "day": self.decision.decided_on,
                **said,
            },
        )


def take_effect(
    session: WriteSession, decision: RecognitionDecision, *, actor: Actor, at: datetime
) -> list[Certificate]:
    """Let a decision that is being signed do what it says; return the certificates it changed.

    Every line is checked once more, as of today: between draft and signature much may happen.
    """
    rows = decided_certificates(session, decision)
    frame = Frame(
        kind=decision.kind,
        decider=Decider.MINISTRY if is_of_ministry(decision) else Decider.PROVINCE,
        decided_on=decision.decided_on,
        today=local_day(at),
        decision_id=decision.id,
    )
    chosen = chosen_certificates(session, frame, [row.asked for row in rows])
    signed = _Signed(session, decision, actor, at)
    drafts = [
        draft
        for one, row in zip(chosen, rows, strict=True)
        for draft in _EFFECTS[decision.kind](signed, one, row.item)
    ]
    session.flush()
    notify_each(session, drafts, actor=actor, at=at)
    return [one.certificate for one in chosen]


def _revoke(signed: _Signed, one: Chosen, item: CertificateItem) -> Sequence[Draft]:
    """End a certificate on the decision's day and close its case (art. 8)."""
    certificate, case = one.certificate, one.case
    if case is None:  # checked before: a revocation rests on a case
        raise AssertionError
    ground = revocation_ground(case.ground, in_force(local_day(signed.at)))
    certificate.revoked_on = signed.decision.decided_on
    certificate.revocation_ground = case.ground
    certificate.revocation_reason = item.reason or ground.text
    case.state = RevocationState.REVOKED
    case.decision_id = signed.decision.id
    case.closed_at = signed.at
    case.version += 1
    signed.note("certificate.revoked", certificate, ground=case.ground, case=case.code)
    signed.tell(certificate, ChangeKind.REVOKED)
    return [signed.letter(REVOKED, one, reason=f"{ground.text}.")]


def _extend(signed: _Signed, one: Chosen, item: CertificateItem) -> Sequence[Draft]:
    """Let a certificate outlive its term; a running extension keeps its first day (art. 12.3)."""
    certificate, decision = one.certificate, signed.decision
    before = certificate.extended_until
    if certificate.extended_from is None:
        certificate.extended_from = decision.decided_on
    certificate.extended_until = item.until
    certificate.extended_by = f"{decision.signed_by}, {decision.signed_title}"
    certificate.extension_reason = item.reason
    signed.note(
        "certificate.extended",
        certificate,
        until=item.until,
        before=before,
        by=certificate.extended_by,
        reason=item.reason,
    )
    signed.tell(certificate, ChangeKind.EXTENDED)
    return [signed.letter(EXTENDED, one, last_day=item.until)]


def _correct(signed: _Signed, one: Chosen, item: CertificateItem) -> Sequence[Draft]:
    """Write what should have stood there; a new product code reaches all certificates of the product."""
    certificate = one.certificate
    item.before = {name: getattr(certificate, name) or "" for name in one.changes}
    code = one.changes.get("product_code")
    for name, value in one.changes.items():
        setattr(certificate, name, value)
    certificate.search_folded = words_of(certificate)
    signed.note("certificate.corrected", certificate, before=item.before, after=one.changes)
    signed.tell(certificate, ChangeKind.CORRECTED)
    if code:
        _bear_code(signed, one.product, certificate, code, item.before["product_code"])
    return [signed.letter(CORRECTED, one)]


def _bear_code(
    signed: _Signed, product: Product, corrected: Certificate, code: str, old_code: str
) -> None:
    """Let every certificate of a product bear its corrected code, and the old ones lead to it."""
    old_codes = {old_code}
    for other in certificates_of(signed.session, product):
        if other.id == corrected.id or other.product_code == code:
            continue
        before = other.product_code or ""
        old_codes.add(before)
        other.product_code = code
        other.search_folded = words_of(other)
        signed.note(
            "certificate.corrected",
            other,
            before={"product_code": before},
            after={"product_code": code},
        )
        signed.tell(other, ChangeKind.CORRECTED)
    for old in sorted(old_codes - {"", code}):
        _keep_alias(signed, product, old)


def _keep_alias(signed: _Signed, product: Product, old_code: str) -> None:
    known = signed.session.exec(
        select(ProductCodeAlias.id).where(col(ProductCodeAlias.code_folded) == fold(old_code))
    ).first()
    if known is not None:
        return
    signed.session.add(
        ProductCodeAlias(
            code=old_code,
            code_folded=fold(old_code),
            product_id=product.id or 0,
            source=f"Đính chính theo quyết định {signed.decision.number}",
            created_at=signed.at,
        )
    )
    record(
        signed.session,
        "product.code_added",
        subject=product,
        actor=signed.actor,
        at=signed.at,
        old_code=old_code,
        source=signed.decision.number,
    )


def _hand_over(signed: _Signed, one: Chosen, _item: CertificateItem) -> Sequence[Draft]:
    """Give the successor a certificate of its own; the old one is replaced, the product moves."""
    old, decision, successor = one.certificate, signed.decision, one.successor
    if successor is None:  # checked before: somebody takes it over
        raise AssertionError
    from_code = _producer_code(signed.session, one.product.producer_id)
    others = certificates_of(signed.session, one.product)
    new = Certificate(
        code=new_code("CN"),
        record_number=next_record(signed.session),
        product_code=old.product_code,
        product_id=old.product_id,
        producer_id=successor.id or 0,
        decision_id=decision.id,
        regime_code=old.regime_code,
        star=old.star,
        decision_number=decision.number,
        authority=decision.authority,
        issued_on=decision.decided_on,
        expires_on=old.expires_on,
        product_name=old.product_name,
        producer_name=successor.name,
        producer_address=successor.address,
        extended_from=old.extended_from,
        extended_until=old.extended_until,
        extended_by=old.extended_by,
        extension_reason=old.extension_reason,
    )
    enter(signed.session, new, others, how=Replacement.HOLDER_CHANGE, at=signed.at)
    to_old = signed.letter(HOLDER_CHANGED, one, successor=successor.name, last_day=new.expires_on)
    one.product.producer_id = successor.id or 0
    one.product.commune_code = successor.commune_code
    one.product.version += 1
    one.product.updated_at = signed.at
    signed.note(
        "certificate.holder_changed",
        old,
        certificate=new.code,
        before=from_code,
        after=successor.code,
    )
    signed.note(
        "certificate.issued",
        new,
        product_code=new.product_code,
        star=new.star,
        expires_on=new.expires_on,
    )
    record(
        signed.session,
        "product.holder_changed",
        subject=one.product,
        actor=signed.actor,
        at=signed.at,
        before=from_code,
        after=successor.code,
        decision=decision.number,
    )
    to_new = signed.letter(
        HOLDER_CHANGED,
        Chosen(one.asked, new, one.product),
        successor=successor.name,
        last_day=new.expires_on,
    )
    return [to_old, to_new]


def _producer_code(session: WriteSession, producer_id: int) -> str:
    return session.exec(select(Producer.code).where(col(Producer.id) == producer_id)).one()


_EFFECTS: Mapping[DecisionKind, Callable[[_Signed, Chosen, CertificateItem], Sequence[Draft]]] = {
    DecisionKind.REVOCATION: _revoke,
    DecisionKind.EXTENSION: _extend,
    DecisionKind.CORRECTION: _correct,
    DecisionKind.HOLDER_CHANGE: _hand_over,
}
