"""What a decision on certificates may do with each of them: looked at when drafted and when signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, Refused
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.rules import FINAL
from app.domain.producers.models import Producer
from app.domain.products.models import Product
from app.domain.recognition.actions.certifying import ProductCodeTaken, check_product_code
from app.domain.recognition.enums import Decider, DecisionKind, RevocationState, Standing
from app.domain.recognition.models import Certificate, RevocationCase
from app.domain.recognition.queries import drafted_in
from app.domain.recognition.rules import (
    CORRECTED_LABELS,
    EXTENSION,
    IN_FORCE,
    ONE_HOLDER,
    REVOCATION_STEPS,
    STANDING_LABELS,
    is_recognised_by_province,
    last_extended_day,
    standing,
)
from app.domain.recognition.schemas import MOST_CORRECTED, DecidedCertificate
from app.rulebooks.loader import in_force
from app.rulebooks.model import Regime

_NEEDED: Mapping[DecisionKind, tuple[str, ...]] = {
    DecisionKind.REVOCATION: ("case",),
    DecisionKind.EXTENSION: ("certificate", "until", "reason"),
    DecisionKind.CORRECTION: ("certificate", "reason"),
    DecisionKind.HOLDER_CHANGE: ("certificate", "new_producer", "reason"),
}
_LINE_SENTENCES = {
    "case": "Hãy chọn hồ sơ thu hồi đã trình.",
    "certificate": "Hãy chọn giấy chứng nhận.",
    "until": "Hãy ghi kéo dài đến hết ngày nào.",
    "new_producer": "Hãy chọn chủ thể kế thừa.",
    "reason": "Hãy ghi lý do hoặc căn cứ, riêng hoặc chung.",
    "_foreign": "Ô này không được nhận ở đây.",
    "_twice": "Mỗi giấy chứng nhận chỉ được chọn một lần.",
    "_many": "Một quyết định đính chính nhiều nhất 40 giấy chứng nhận.",
}
_TAKEN: Mapping[DecisionKind, frozenset[str]] = {
    DecisionKind.REVOCATION: frozenset({"case", "reason"}),
    DecisionKind.EXTENSION: frozenset({"certificate", "until", "reason"}),
    DecisionKind.CORRECTION: frozenset({"certificate", "reason", *CORRECTED_LABELS}),
    DecisionKind.HOLDER_CHANGE: frozenset({"certificate", "new_producer", "reason"}),
}
_AUTHORITY = "26/2026/QĐ-TTg, Điều 4.1, Điều 8.2"


class CertificateEnded(Refused):
    """What ended, for another reason than its calendar, is not decided on again."""

    code = "decision.certificate_ended"
    message = "Giấy chứng nhận của «{product}» đang ở tình trạng «{standing}», không đưa vào được."
    basis = "26/2026/QĐ-TTg, Điều 4.3"


class StarByMinistry(Refused):
    """The province does not decide on a certificate of five stars."""

    code = "decision.star_by_ministry"
    message = (
        "«{product}» là sản phẩm 5 sao: Bộ Nông nghiệp và Môi trường quyết định, tỉnh ghi lại quyết "
        "định của Bộ."
    )
    basis = _AUTHORITY


class StarByProvince(Refused):
    """The ministry does not decide on certificates of three and four stars."""

    code = "decision.star_by_province"
    message = "«{product}» là sản phẩm {star} sao: Chủ tịch UBND tỉnh quyết định, không phải Bộ."
    basis = _AUTHORITY


class CertificateTaken(Conflict):
    """One draft of a kind at a time is about a certificate."""

    code = "decision.certificate_taken"
    message = "Giấy chứng nhận của «{product}» đã nằm trong dự thảo quyết định số {number}."


class DatedBeforeCertificate(Refused):
    """A decision is not older than the certificate it is about."""

    code = "decision.dated_before_certificate"
    message = "Ngày ban hành {day} sớm hơn ngày cấp giấy chứng nhận của «{product}» ({issued})."
    basis = "26/2026/QĐ-TTg, Điều 4.3"


class CaseNotSubmitted(Conflict):
    """A revocation rests on a case that was verified and submitted, in this order."""

    code = "decision.case_not_submitted"
    message = "Hồ sơ thu hồi {case} chưa trình hoặc đã kết thúc, chưa ra quyết định thu hồi được."
    basis = REVOCATION_STEPS


class DatedBeforeSubmission(Refused):
    """A revocation is not decided before it was submitted."""

    code = "decision.dated_before_submission"
    message = "Ngày ban hành {day} sớm hơn ngày trình hồ sơ thu hồi {case} ({submitted})."
    basis = REVOCATION_STEPS


class ExtendedTooFar(Refused):
    """An extension begins after the term and ends 180 days later at most."""

    code = "decision.extended_too_far"
    message = (
        "Giấy chứng nhận của «{product}» kéo dài được đến một ngày từ {first} đến hết {last}; "
        "đang ghi {until}."
    )
    basis = EXTENSION


class ExtensionTooLate(Refused):
    """After the 180th day nothing is left to extend."""

    code = "decision.extension_too_late"
    message = "Giấy chứng nhận của «{product}» chỉ kéo dài được đến hết {last}; ngày đó đã qua."
    basis = EXTENSION


class ExtensionLapsed(Refused):
    """An extension that ran out is not taken up again."""

    code = "decision.extension_lapsed"
    message = "Giấy chứng nhận của «{product}» đã được kéo dài đến hết {last} và ngày đó đã qua."
    basis = EXTENSION


class NothingCorrected(Refused):
    """A correction says something else than what stands there."""

    code = "decision.nothing_corrected"
    message = "Giấy chứng nhận của «{product}»: chưa ghi nội dung nào khác với nội dung đang có."


class CodesDiffer(Refused):
    """A product has one code, on all its certificates."""

    code = "decision.codes_differ"
    message = "«{product}» được ghi hai mã sản phẩm khác nhau trong một quyết định."
    basis = "26/2026/QĐ-TTg, Phụ lục II"


class SameHolder(Refused):
    """The successor is somebody else."""

    code = "decision.same_holder"
    message = "«{product}» đang là của {producer}: hãy chọn chủ thể kế thừa khác."
    basis = ONE_HOLDER


class SuccessorDissolved(Refused):
    """Nobody who ended takes a product over."""

    code = "decision.successor_dissolved"
    message = "{producer} đã ngừng hoạt động, không kế thừa được."
    basis = ONE_HOLDER


class SuccessorHasProduct(Conflict):
    """A producer has one product of a name."""

    code = "decision.successor_has_product"
    message = "{producer} đã có sản phẩm tên «{product}»; hai sản phẩm không thể trùng tên."
    basis = ONE_HOLDER


class DossierRuns(Conflict):
    """A product changes hands between two dossiers, not within one."""

    code = "decision.dossier_runs"
    message = (
        "«{product}» đang có hồ sơ {dossier} của chủ thể cũ. Hãy giải quyết xong hoặc rút hồ sơ đó "
        "trước khi đổi chủ thể."
    )
    basis = ONE_HOLDER


class TermOver(Refused):
    """The successor's certificate lasts as long as the old one: past its term nothing is left."""

    code = "decision.term_over"
    message = (
        "Thời hạn của giấy chứng nhận «{product}» đến hết {last}; quyết định ngày {day} không còn "
        "thời hạn nào để chuyển."
    )
    basis = "26/2026/QĐ-TTg, Điều 4.3"


@dataclass(frozen=True, slots=True)
class Chosen:
    """One certificate a decision takes, with what the decision rests on; rows are locked."""

    asked: DecidedCertificate
    certificate: Certificate
    product: Product
    case: RevocationCase | None = None
    successor: Producer | None = None
    changes: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What refusals call it."""
        return self.certificate.product_name


@dataclass(frozen=True, slots=True)
class Frame:
    """What all lines of a decision share."""

    kind: DecisionKind
    decider: Decider
    decided_on: date
    today: date
    decision_id: int | None = None

    @property
    def law(self) -> Regime:
        """The regime a decision is taken under."""
        return in_force(self.today)

    @property
    def day(self) -> str:
        """The decision's day as refusals write it."""
        return f"{self.decided_on:%d/%m/%Y}"


def check_lines(kind: DecisionKind, asked: Sequence[DecidedCertificate]) -> None:
    """Refuse lines that lack what their kind needs, say what it does not take, or come twice."""
    wrong: dict[str, str] = {}
    seen: set[str] = set()
    for place, line in enumerate(asked):
        for name in _NEEDED[kind]:
            if not getattr(line, name):
                wrong[f"items.{place}.{name}"] = _LINE_SENTENCES[name]
        for name in sorted(set(DecidedCertificate.model_fields) - _TAKEN[kind]):
            if getattr(line, name):
                wrong[f"items.{place}.{name}"] = _LINE_SENTENCES["_foreign"]
        key = line.case or line.certificate
        if key in seen:
            wrong[f"items.{place}.certificate"] = _LINE_SENTENCES["_twice"]
        seen.add(key)
    if kind is DecisionKind.CORRECTION and len(asked) > MOST_CORRECTED:
        wrong["items"] = _LINE_SENTENCES["_many"]
    if wrong:
        raise Invalid(wrong)


def chosen_certificates(
    session: WriteSession, frame: Frame, asked: Sequence[DecidedCertificate]
) -> list[Chosen]:
    """Return the certificates a decision takes, locked, in the order asked for, or refuse."""
    check_lines(frame.kind, asked)
    chosen = _found(session, frame, asked)
    taken = drafted_in(
        session,
        [one.certificate.id or 0 for one in chosen],
        kind=frame.kind,
        but=frame.decision_id,
    )
    for one in chosen:
        if other := taken.get(one.certificate.id or 0):
            raise CertificateTaken(product=one.name, number=other.number)
        _check_authority(frame, one)
        if frame.decided_on < one.certificate.issued_on:
            raise DatedBeforeCertificate(
                day=frame.day, product=one.name, issued=f"{one.certificate.issued_on:%d/%m/%Y}"
            )
    _CHECKS[frame.kind](session, frame, chosen)
    return chosen


def _found(
    session: WriteSession, frame: Frame, asked: Sequence[DecidedCertificate]
) -> list[Chosen]:
    cases = {
        case.code: case
        for case in session.exec(
            select(RevocationCase)
            .where(col(RevocationCase.code).in_([line.case for line in asked if line.case]))
            .order_by(col(RevocationCase.id))
            .with_for_update()
        )
    }
    ids = [case.certificate_id for case in cases.values()]
    codes = [line.certificate for line in asked if line.certificate]
    rows = session.exec(
        select(Certificate, Product)
        .join(Product, col(Product.id) == col(Certificate.product_id))
        .where(col(Certificate.code).in_(codes) | col(Certificate.id).in_(ids))
        .order_by(col(Certificate.id))
        .with_for_update(of=Certificate)
    ).all()
    by_code = {certificate.code: (certificate, product) for certificate, product in rows}
    by_id = {certificate.id: (certificate, product) for certificate, product in rows}
    successors = {
        producer.code: producer
        for producer in session.exec(
            select(Producer)
            .where(col(Producer.code).in_([line.new_producer for line in asked]))
            .order_by(col(Producer.id))
            .with_for_update()
        )
    }
    chosen = []
    for line in asked:
        case = cases.get(line.case)
        pair = by_id.get(case.certificate_id) if case else by_code.get(line.certificate)
        if pair is None or (line.new_producer and line.new_producer not in successors):
            raise NotFound
        certificate, product = pair
        chosen.append(
            Chosen(
                line,
                certificate,
                product,
                case=case,
                successor=successors.get(line.new_producer),
                changes=_changes(line, certificate)
                if frame.kind is DecisionKind.CORRECTION
                else {},
            )
        )
    return chosen


def _changes(line: DecidedCertificate, certificate: Certificate) -> dict[str, str]:
    said = {name: getattr(line, name) for name in CORRECTED_LABELS}
    return {
        name: value
        for name, value in said.items()
        if value and value != (getattr(certificate, name) or "")
    }


def _check_authority(frame: Frame, one: Chosen) -> None:
    """Refuse a certificate of the other authority (art. 4.1, 8.2)."""
    by_province = is_recognised_by_province(one.certificate.star, frame.law)
    if by_province is (frame.decider is Decider.PROVINCE):
        return
    if by_province:
        raise StarByProvince(product=one.name, star=one.certificate.star)
    raise StarByMinistry(product=one.name)


def _check_running(frame: Frame, one: Chosen, allowed: frozenset[Standing]) -> None:
    """Refuse what ended: as of the decision's day, and by what happened since."""
    for day in (frame.decided_on, max(frame.decided_on, frame.today)):
        now = standing(one.certificate, day, frame.law)
        ended = now not in IN_FORCE and now is not Standing.EXPIRED
        if now not in allowed and (ended or day == frame.decided_on):
            raise CertificateEnded(product=one.name, standing=STANDING_LABELS[now])


def _check_revocation(_session: WriteSession, frame: Frame, chosen: Sequence[Chosen]) -> None:
    for one in chosen:
        case = one.case
        if case is None or case.state is not RevocationState.SUBMITTED:
            raise CaseNotSubmitted(case=one.asked.case)
        _check_running(frame, one, IN_FORCE | {Standing.PRODUCER_DISSOLVED})
        if case.submitted_on is not None and frame.decided_on < case.submitted_on:
            raise DatedBeforeSubmission(
                day=frame.day, case=case.code, submitted=f"{case.submitted_on:%d/%m/%Y}"
            )


def _check_extension(_session: WriteSession, frame: Frame, chosen: Sequence[Chosen]) -> None:
    for one in chosen:
        _check_running(frame, one, IN_FORCE | {Standing.EXPIRED})
        certificate, until = one.certificate, one.asked.until
        granted = certificate.extended_until
        if granted is not None and granted < frame.decided_on:
            raise ExtensionLapsed(product=one.name, last=f"{granted:%d/%m/%Y}")
        last = last_extended_day(certificate.expires_on, frame.law)
        first = max(certificate.expires_on + timedelta(days=1), frame.decided_on)
        if first > last:
            raise ExtensionTooLate(product=one.name, last=f"{last:%d/%m/%Y}")
        if until is None or not first <= until <= last:
            raise ExtendedTooFar(
                product=one.name,
                first=f"{first:%d/%m/%Y}",
                last=f"{last:%d/%m/%Y}",
                until=f"{until:%d/%m/%Y}" if until else "",
            )


def _check_correction(session: WriteSession, _frame: Frame, chosen: Sequence[Chosen]) -> None:
    codes: dict[int, str] = {}
    for one in chosen:
        if not one.changes:
            raise NothingCorrected(product=one.name)
        code = one.changes.get("product_code")
        if code is None:
            continue
        check_product_code(session, one.product, code)
        if codes.setdefault(one.product.id or 0, code) != code:
            raise CodesDiffer(product=one.name)
    bearers = {code: product for product, code in codes.items()}
    for one in chosen:
        code = one.changes.get("product_code", "")
        if code and bearers[code] != one.product.id:
            raise ProductCodeTaken(product_code=code)


def _check_holder_change(session: WriteSession, frame: Frame, chosen: Sequence[Chosen]) -> None:
    moved: set[tuple[int | None, str]] = set()
    for one in chosen:
        successor = one.successor
        if successor is None:
            raise NotFound
        if one.certificate.expires_on <= frame.decided_on:
            raise TermOver(
                product=one.name, last=f"{one.certificate.expires_on:%d/%m/%Y}", day=frame.day
            )
        _check_running(frame, one, IN_FORCE)
        if successor.id == one.product.producer_id:
            raise SameHolder(product=one.name, producer=successor.name)
        if successor.dissolved_on is not None:
            raise SuccessorDissolved(producer=successor.name)
        key = (successor.id, one.product.name_folded)
        if key in moved or _has_product(session, *key):
            raise SuccessorHasProduct(producer=successor.name, product=one.product.name)
        moved.add(key)
        if running := _running_dossier(session, one.product):
            raise DossierRuns(product=one.name, dossier=running)


def _has_product(session: WriteSession, producer_id: int | None, name_folded: str) -> bool:
    found = session.exec(
        select(Product.id).where(
            col(Product.producer_id) == producer_id, col(Product.name_folded) == name_folded
        )
    ).first()
    return found is not None


def _running_dossier(session: WriteSession, product: Product) -> str | None:
    return session.exec(
        select(Dossier.code)
        .where(col(Dossier.product_id) == product.id, col(Dossier.state).not_in(FINAL))
        .limit(1)
    ).first()


_CHECKS = {
    DecisionKind.REVOCATION: _check_revocation,
    DecisionKind.EXTENSION: _check_extension,
    DecisionKind.CORRECTION: _check_correction,
    DecisionKind.HOLDER_CHANGE: _check_holder_change,
}
