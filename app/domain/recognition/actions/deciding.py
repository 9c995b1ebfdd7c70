"""What happens in recognition: decisions are drafted and signed, products get certificates."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import delete
from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refused, check_version
from app.core.numbering import next_number
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.councils.models import Result
from app.domain.dossiers.actions import recognise_dossier
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.places.queries import PROVINCE_CODE
from app.domain.products.models import Product
from app.domain.recognition.enums import DecisionState
from app.domain.recognition.models import (
    LARGEST_RECORD_NUMBER,
    Certificate,
    DecisionItem,
    RecognitionDecision,
)
from app.domain.recognition.policy import (
    why_not_draft,
    why_not_import,
    why_not_revise,
    why_not_sign,
)
from app.domain.recognition.queries import decision_for_update
from app.domain.recognition.rules import (
    LOWEST_RECOGNISED,
    is_recognised_by_province,
    last_valid_day,
    product_code,
)
from app.domain.recognition.schemas import (
    DraftDecision,
    ImportRecognised,
    ReviseDecision,
    SignDecision,
)
from app.rulebooks.loader import in_force, regime

RECORD_SERIES = "certificates/record"


class FiveStarsByMinistry(Refused):
    """The province does not recognise five stars."""

    code = "decision.five_stars_by_ministry"
    message = (
        "Hồ sơ {dossier} đạt {star} sao: Bộ Nông nghiệp và Môi trường công nhận, "
        "không đưa vào quyết định của tỉnh."
    )
    basis = "26/2026/QĐ-TTg, Điều 4.1.b"


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


class NumberUsed(Conflict):
    """Two decisions of one year cannot share a number."""

    code = "decision.number_used"
    message = "Số {number} năm {year} đã dùng cho một quyết định khác."


class DatedInFuture(Refused):
    """A decision is not dated ahead of its signature."""

    code = "decision.dated_in_future"
    message = "Quyết định ghi ngày {day}, chưa đến ngày đó nên chưa ký được."
    basis = "26/2026/QĐ-TTg, Điều 4.3"


class DatedBeforeResult(Refused):
    """A decision cannot be older than the results it recognises."""

    code = "decision.dated_before_result"
    message = "Ngày ban hành {day} sớm hơn ngày chốt kết quả của hồ sơ {dossier} ({locked})."
    basis = "26/2026/QĐ-TTg, Điều 7.3.đ"


class RegisterFull(Refused):
    """The stamp token holds 22 bits of record number."""

    code = "certificate.register_full"
    message = "Sổ giấy chứng nhận đã hết số ({most}). Cần phiên bản tem mới."


class RecognitionKnown(Conflict):
    """The same recognition was loaded before."""

    code = "certificate.known"
    message = "Sản phẩm «{product}» đã có giấy chứng nhận cấp ngày {day}."


class ProductCodeTaken(Conflict):
    """A code is given to one product only; its certificates share it."""

    code = "certificate.product_code_taken"
    message = "Mã sản phẩm {product_code} đã cấp cho sản phẩm khác."


def draft_decision(
    session: WriteSession, data: DraftDecision, *, actor: Actor, at: datetime
) -> RecognitionDecision:
    """Prepare a decision over locked results of three or four stars; records decision.drafted."""
    if refusal := why_not_draft(actor):
        raise refusal
    chosen = _checked(session, data)
    _check_number(session, data, except_id=None)
    decision = RecognitionDecision(
        code=new_code("QD"),
        state=DecisionState.DRAFT,
        number=data.number,
        year=data.decided_on.year,
        decided_on=data.decided_on,
        authority=data.authority,
        created_at=at,
    )
    session.add(decision)
    session.flush()
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
    before = {"number": decision.number, "decided_on": decision.decided_on}
    chosen = _checked(session, data, decision=decision)
    _check_number(session, data, except_id=decision.id)
    session.exec(delete(DecisionItem).where(col(DecisionItem.decision_id) == decision.id))
    decision.number = data.number
    decision.year = data.decided_on.year
    decision.decided_on = data.decided_on
    decision.authority = data.authority
    decision.version += 1
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
    """Sign a decision: every product gets its certificate, its dossier is recognised.

    An older certificate of the same product is superseded. Nothing of a signed decision changes
    afterwards. Records decision.signed, and certificate.issued for each product.
    """
    decision = decision_for_update(session, code, actor=actor)
    if refusal := why_not_sign(actor, decision):
        raise refusal
    check_version(data.version, decision.version)
    if decision.decided_on > local_day(at):
        raise DatedInFuture(day=f"{decision.decided_on:%d/%m/%Y}")
    dossiers = _dossiers_of(session, decision)
    decision.state = DecisionState.SIGNED
    decision.signed_by = data.signed_by
    decision.signed_title = data.signed_title
    decision.on_behalf = data.on_behalf
    decision.signed_at = at
    decision.version += 1
    issued = [
        _certify(session, decision, dossier, star, actor=actor, at=at) for dossier, star in dossiers
    ]
    record(
        session,
        "decision.signed",
        subject=decision,
        actor=actor,
        at=at,
        number=decision.number,
        signed_by=data.signed_by,
        signed_title=data.signed_title,
        certificates=[certificate.code for certificate in issued],
    )
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
    others = _certificates_of(session, product)
    if any(other.issued_on == data.issued_on for other in others):
        raise RecognitionKnown(product=product.name, day=f"{data.issued_on:%d/%m/%Y}")
    _check_product_code(session, product, data.product_code)
    certificate = Certificate(
        code=new_code("CN"),
        record_number=_next_record(session),
        product_code=data.product_code,
        product_id=product.id or 0,
        producer_id=product.producer_id,
        regime_code=data.regime_code,
        star=data.star,
        decision_number=data.decision_number,
        authority=data.authority,
        issued_on=data.issued_on,
        expires_on=expires_on,
        source_note=data.source_note,
    )
    session.add(certificate)
    session.flush()
    _supersede([*others, certificate])
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


def _checked(
    session: WriteSession, data: DraftDecision, *, decision: RecognitionDecision | None = None
) -> Sequence[tuple[Dossier, Result]]:
    """Return the chosen dossiers with their results in the order given, or refuse."""
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
    results = {
        result.dossier_id: result
        for result in session.exec(select(Result).where(col(Result.dossier_id).in_(ids)))
    }
    taken = {
        item.dossier_id: other
        for item, other in session.exec(
            select(DecisionItem, RecognitionDecision)
            .join(
                RecognitionDecision,
                col(RecognitionDecision.id) == col(DecisionItem.decision_id),
            )
            .where(col(DecisionItem.dossier_id).in_(ids))
        )
        if decision is None or other.id != decision.id
    }
    chosen: list[tuple[Dossier, Result]] = []
    for code in data.dossiers:
        dossier = dossiers.get(code)
        if dossier is None:
            raise NotFound
        other = taken.get(dossier.id or 0)
        if other is not None:
            raise AlreadyInDecision(dossier=code, number=other.number)
        result = results.get(dossier.id or 0)
        if result is None:
            raise ResultNotLocked(dossier=code)
        _check_star(dossier, result.star)
        if dossier.state is not DossierState.LOCKED:
            raise ResultNotLocked(dossier=code)
        locked = local_day(result.locked_at)
        if data.decided_on < locked:
            raise DatedBeforeResult(
                day=f"{data.decided_on:%d/%m/%Y}", dossier=code, locked=f"{locked:%d/%m/%Y}"
            )
        chosen.append((dossier, result))
    return chosen


def _check_star(dossier: Dossier, star: int) -> None:
    if star < LOWEST_RECOGNISED:
        raise BelowThreeStars(dossier=dossier.code, star=star)
    if not is_recognised_by_province(star, regime(dossier.regime_code)):
        raise FiveStarsByMinistry(dossier=dossier.code, star=star)


def _check_number(session: WriteSession, data: DraftDecision, *, except_id: int | None) -> None:
    used = session.exec(
        select(RecognitionDecision).where(
            col(RecognitionDecision.number) == data.number,
            col(RecognitionDecision.year) == data.decided_on.year,
        )
    ).one_or_none()
    if used is not None and used.id != except_id:
        raise NumberUsed(number=data.number, year=data.decided_on.year)


def _fill(
    session: WriteSession,
    decision: RecognitionDecision,
    chosen: Sequence[tuple[Dossier, Result]],
) -> None:
    session.add_all(
        DecisionItem(
            decision_id=decision.id or 0,
            dossier_id=dossier.id or 0,
            star=result.star,
            position=position,
        )
        for position, (dossier, result) in enumerate(chosen, start=1)
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
    rows = {
        dossier.id: dossier
        for dossier in session.exec(
            select(Dossier)
            .where(col(Dossier.id).in_([item.dossier_id for item in items]))
            .order_by(col(Dossier.id))
            .with_for_update()
        )
    }
    for item in items:
        if rows[item.dossier_id].state is not DossierState.LOCKED:
            raise ResultNotLocked(dossier=rows[item.dossier_id].code)
    return [(rows[item.dossier_id], item.star) for item in items]


def _certify(
    session: WriteSession,
    decision: RecognitionDecision,
    dossier: Dossier,
    star: int,
    *,
    actor: Actor,
    at: datetime,
) -> Certificate:
    _check_star(dossier, star)
    rules = regime(dossier.regime_code)
    recognise_dossier(session, dossier, actor=actor, at=at)
    product = session.exec(select(Product).where(col(Product.id) == dossier.product_id)).one()
    others = _certificates_of(session, product)
    certificate = Certificate(
        code=new_code("CN"),
        record_number=_next_record(session),
        product_code=_kept_product_code(others)
        or _next_product_code(session, dossier, decision.decided_on),
        product_id=dossier.product_id,
        producer_id=dossier.producer_id,
        dossier_id=dossier.id,
        decision_id=decision.id,
        regime_code=dossier.regime_code,
        star=star,
        decision_number=decision.number,
        authority=decision.authority,
        issued_on=decision.decided_on,
        expires_on=last_valid_day(decision.decided_on, rules.procedure.certificate_validity.value),
    )
    session.add(certificate)
    session.flush()
    _supersede([*others, certificate])
    record(
        session,
        "certificate.issued",
        subject=certificate,
        actor=actor,
        at=at,
        dossier=dossier.code,
        product_code=certificate.product_code,
        star=star,
        expires_on=certificate.expires_on,
    )
    return certificate


def _next_record(session: WriteSession) -> int:
    number = next_number(session, RECORD_SERIES)
    if number > LARGEST_RECORD_NUMBER:
        raise RegisterFull(most=LARGEST_RECORD_NUMBER)
    return number


def _check_product_code(session: WriteSession, product: Product, code: str | None) -> None:
    if code is None:
        return
    other = session.exec(
        select(Certificate.id)
        .where(col(Certificate.product_code) == code, col(Certificate.product_id) != product.id)
        .limit(1)
    ).first()
    if other is not None:
        raise ProductCodeTaken(product_code=code)


def _kept_product_code(certificates: Sequence[Certificate]) -> str | None:
    """Return the code the product already has: a code is given once and stays with its product."""
    newest_first = sorted(certificates, key=lambda one: (one.issued_on, one.id or 0), reverse=True)
    return next((one.product_code for one in newest_first if one.product_code), None)


def _next_product_code(session: WriteSession, dossier: Dossier, decided_on: date) -> str:
    """Return the next code of the commune's list of that year; a number is given once."""
    commune, year = dossier.commune_code, decided_on.year
    ordinal = next_number(session, f"product-code/{commune}/{year}")
    return product_code(
        regime(dossier.regime_code),
        province=PROVINCE_CODE,
        commune=commune,
        ordinal=ordinal,
        year=year,
    )


def _certificates_of(session: WriteSession, product: Product) -> list[Certificate]:
    return list(
        session.exec(
            select(Certificate)
            .where(col(Certificate.product_id) == product.id)
            .order_by(col(Certificate.id))
            .with_for_update()
        ).all()
    )


def _supersede(certificates: Sequence[Certificate]) -> None:
    """Let each certificate of one product be replaced by the next younger one."""
    ordered = sorted(certificates, key=lambda one: (one.issued_on, one.id or 0))
    for older, younger in pairwise(ordered):
        if older.superseded_by_id is None or older.superseded_on != younger.issued_on:
            older.superseded_by_id = younger.id
            older.superseded_on = younger.issued_on
