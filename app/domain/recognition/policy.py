"""Who may do what in recognition: the agency drafts decisions, the province's leader signs."""

from datetime import date
from typing import Protocol

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.dossiers.policy import why_not_open
from app.domain.producers.models import Producer
from app.domain.recognition.enums import DecisionState, Standing, SubmissionState
from app.domain.recognition.models import CentreSubmission, Certificate, RecognitionDecision
from app.domain.recognition.rules import (
    CENTRE,
    FORWARDING,
    GOES_ON,
    HIGHEST_STAR,
    IN_FORCE,
    RENEWAL,
    RENEWAL_FILING,
    STANDING_LABELS,
    SUBMISSION_LABELS,
    UPGRADE,
    last_extended_day,
    may_file_renewal,
    renewal_window,
)
from app.rulebooks.loader import in_force


class DraftingByAgency(NotPermitted):
    """Only the agency prepares decisions."""

    code = "decision.drafting_by_agency"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được soạn quyết định công nhận."
    basis = "26/2026/QĐ-TTg, Điều 7.3.đ"


class SigningByProvince(NotPermitted):
    """Only a leader of the provincial People's Committee signs."""

    code = "decision.signing_by_province"
    message = "Chỉ lãnh đạo UBND tỉnh được ký quyết định công nhận."
    basis = "26/2026/QĐ-TTg, Điều 7.3.e"


class DecisionSigned(Conflict):
    """A signed decision stays as it is."""

    code = "decision.signed"
    message = "Quyết định {number} đã ký, không sửa và không ký lại được."
    basis = "26/2026/QĐ-TTg, Điều 7.3.e"


class ForwardingByAgency(NotPermitted):
    """The agency hands products to the ministry and writes down its answer."""

    code = "centre.forwarding_by_agency"
    message = (
        "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được gửi hồ sơ lên Trung ương và ghi kết quả "
        "Trung ương trả lời."
    )
    basis = FORWARDING


class AnswerRecorded(Conflict):
    """An answer is written down once."""

    code = "centre.answer_recorded"
    message = "Kết quả của Trung ương đã ghi: «{state}». Không ghi lại được."
    basis = CENTRE


class ImportingNotYours(NotPermitted):
    """History is loaded by the system or its administrator."""

    code = "certificate.importing_not_yours"
    message = "Chỉ quản trị hệ thống được nhập kết quả công nhận của các giai đoạn trước."
    basis = "26/2026/QĐ-TTg, Điều 12.1"


def why_not_draft(actor: Actor) -> Refusal | None:
    """Say why this actor may not prepare a decision: only agency officers may."""
    return None if actor.has(Role.AGENCY_OFFICER) else DraftingByAgency()


def why_not_revise(actor: Actor, decision: RecognitionDecision) -> Refusal | None:
    """Say why this draft may not be written anew: agency officers, before the signature."""
    if refusal := why_not_draft(actor):
        return refusal
    if decision.state is not DecisionState.DRAFT:
        return DecisionSigned(number=decision.number)
    return None


def why_not_sign(actor: Actor, decision: RecognitionDecision) -> Refusal | None:
    """Say why this decision may not be signed: provincial signers, once."""
    if not actor.has(Role.PROVINCIAL_SIGNER):
        return SigningByProvince()
    if decision.state is not DecisionState.DRAFT:
        return DecisionSigned(number=decision.number)
    return None


def why_not_forward(actor: Actor) -> Refusal | None:
    """Agency officers hand approved products to the ministry (26/2026/QĐ-TTg art. 6.3, 7.3.e)."""
    return None if actor.has(Role.AGENCY_OFFICER) else ForwardingByAgency()


def why_not_record_answer(actor: Actor, submission: CentreSubmission) -> Refusal | None:
    """Agency officers write down the ministry's answer, once (art. 7.4)."""
    if refusal := why_not_forward(actor):
        return refusal
    if submission.state is not SubmissionState.SENT:
        return AnswerRecorded(state=SUBMISSION_LABELS[submission.state])
    return None


def why_not_import(actor: Actor) -> Refusal | None:
    """Say why history may not be loaded: by the system, an administrator or an import only."""
    if actor.user_id is None or actor.loads_history or actor.has(Role.ADMINISTRATOR):
        return None
    return ImportingNotYours()


class RecognitionRuns(Refused):
    """A first dossier is opened when no certificate of the product is in force."""

    code = "certificate.recognition_runs"
    message = (
        "Sản phẩm có giấy chứng nhận {certificate}, thời hạn đến hết {last}: "
        "lần tiếp theo là hồ sơ nâng hạng hoặc đánh giá lại, mở từ giấy chứng nhận đó."
    )
    basis = GOES_ON


class NotInForce(Refused):
    """Only a certificate in force is upgraded."""

    code = "certificate.not_in_force"
    message = (
        "Giấy chứng nhận đang ở tình trạng «{standing}»: "
        "chỉ nâng hạng được khi giấy chứng nhận còn hiệu lực."
    )
    basis = UPGRADE


class NothingAbove(Refused):
    """Five stars cannot rise."""

    code = "certificate.highest_star"
    message = "Sản phẩm đã đạt 5 sao, không còn hạng cao hơn để nâng."
    basis = UPGRADE


class NotToRenew(Refused):
    """A revoked or replaced certificate is not renewed."""

    code = "certificate.not_to_renew"
    message = "Giấy chứng nhận đang ở tình trạng «{standing}», không đánh giá lại được."
    basis = RENEWAL


class RenewalTooEarly(Refused):
    """A renewal is filed 180 days before the end at the earliest."""

    code = "certificate.renewal_too_early"
    message = (
        "Chưa đến kỳ: hồ sơ đánh giá lại nộp từ ngày {first} đến hết ngày {last} "
        "(từ 180 đến 120 ngày trước khi giấy chứng nhận hết hạn)."
    )
    basis = RENEWAL_FILING


class RenewalTooLate(Refused):
    """A renewal is filed 120 days before the end at the latest."""

    code = "certificate.renewal_too_late"
    message = (
        "Đã quá kỳ nộp hồ sơ đánh giá lại: từ ngày {first} đến hết ngày {last}. Trường hợp không "
        "đáp ứng được thời hạn, giấy chứng nhận chỉ có thể được cơ quan có thẩm quyền xem xét kéo "
        "dài, chậm nhất đến {extended}."
    )
    basis = f"{RENEWAL_FILING}; Điều 12.3"


class Certified(Protocol):
    """A certificate with its producer and what it is worth on a day."""

    @property
    def certificate(self) -> Certificate:
        """The certificate."""

    @property
    def producer(self) -> Producer:
        """Who holds it."""

    @property
    def standing(self) -> Standing:
        """What it is worth on the day asked for."""

    @property
    def on(self) -> date:
        """The day asked for."""


def why_not_open_first(
    actor: Actor, producer: Producer, running: Certificate | None
) -> Refusal | None:
    """The applicant registers a product that no certificate in force covers (art. 4.3, 6.1.a).

    After the end of its term the product begins again; where art. 12.3 still lets it be renewed the
    producer chooses.
    """
    if refusal := why_not_open(actor, producer):
        return refusal
    if running is None:
        return None
    return RecognitionRuns(certificate=running.code, last=f"{running.expires_on:%d/%m/%Y}")


def why_not_upgrade(actor: Actor, found: Certified) -> Refusal | None:
    """The applicant upgrades while the certificate is in force and its star can rise (art. 7.5)."""
    if refusal := why_not_open(actor, found.producer):
        return refusal
    if found.standing not in IN_FORCE:
        return NotInForce(standing=STANDING_LABELS[found.standing])
    return NothingAbove() if found.certificate.star >= HIGHEST_STAR else None


def why_not_renew(actor: Actor, found: Certified) -> Refusal | None:
    """The applicant renews from 180 to 120 days before the end (art. 7.6.a; late ones art. 12.3)."""
    if refusal := why_not_open(actor, found.producer):
        return refusal
    if found.standing in {Standing.REVOKED, Standing.SUPERSEDED}:
        return NotToRenew(standing=STANDING_LABELS[found.standing])
    law, expires_on = in_force(found.on), found.certificate.expires_on
    if may_file_renewal(expires_on, found.on, law):
        return None
    window = renewal_window(expires_on, law)
    if window is None:
        return NotToRenew(standing=STANDING_LABELS[found.standing])
    days = {"first": f"{window.first:%d/%m/%Y}", "last": f"{window.last:%d/%m/%Y}"}
    if found.on < window.first:
        return RenewalTooEarly(**days)
    return RenewalTooLate(**days, extended=f"{last_extended_day(expires_on, law):%d/%m/%Y}")
