"""Who may do what in recognition: the agency drafts decisions, the province's leader signs."""

from datetime import date
from typing import Protocol

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.dossiers.policy import why_not_open
from app.domain.producers.models import Producer
from app.domain.recognition.enums import (
    DecisionState,
    RevocationGround,
    RevocationStep,
    Standing,
    SubmissionState,
)
from app.domain.recognition.models import (
    CentreSubmission,
    Certificate,
    RecognitionDecision,
    RevocationCase,
)
from app.domain.recognition.rules import (
    CENTRE,
    DECISION_BASIS,
    FORWARDING,
    GOES_ON,
    HIGHEST_STAR,
    IN_FORCE,
    ON_CERTIFICATES,
    OPEN_CASES,
    PRODUCTION_STOPPED,
    RENEWAL,
    RENEWAL_FILING,
    REVOCATION_CLOCK,
    REVOCATION_GROUNDS,
    REVOCATION_LABELS,
    REVOCATION_STEP_LABELS,
    REVOCATION_STEPS,
    STANDING_LABELS,
    SUBMISSION_LABELS,
    UPGRADE,
    last_extended_day,
    may_file_renewal,
    renewal_window,
    revocation_after,
)
from app.domain.recognition.schemas import MINISTRY
from app.rulebooks.loader import in_force


class DraftingByAgency(NotPermitted):
    """Only the agency prepares decisions."""

    code = "decision.drafting_by_agency"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được soạn quyết định về sản phẩm OCOP."
    basis = "26/2026/QĐ-TTg, Điều 7.3.đ"


class SigningByProvince(NotPermitted):
    """Only a leader of the provincial People's Committee signs."""

    code = "decision.signing_by_province"
    message = "Chỉ lãnh đạo UBND tỉnh được ký quyết định về sản phẩm OCOP."
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


class RecordingByAgency(NotPermitted):
    """What the ministry decided and signed is written down by the agency."""

    code = "decision.recording_by_agency"
    message = (
        "Quyết định này do Bộ ban hành: chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được ghi lại."
    )
    basis = "26/2026/QĐ-TTg, Điều 8.2.b"


class NotSigned(Conflict):
    """A draft has no signed paper yet."""

    code = "decision.not_signed"
    message = "Quyết định {number} chưa ký: chưa có bản ký để chụp và công bố."
    basis = "26/2026/QĐ-TTg, Điều 7.3.g"


class DecisionPublished(Conflict):
    """What everybody may read stays as it was read."""

    code = "decision.published"
    message = "Quyết định {number} đã công bố, không thay bản chụp và không công bố lại được."
    basis = "26/2026/QĐ-TTg, Điều 7.3.g"


class ScanMissing(Conflict):
    """A decision is published together with its signed paper."""

    code = "decision.scan_missing"
    message = "Quyết định {number} chưa có bản chụp văn bản đã ký. Hãy thêm bản chụp rồi công bố."
    basis = "26/2026/QĐ-TTg, Điều 7.3.g"


class PublishingByAgency(NotPermitted):
    """The agency keeps the signed papers and publishes them."""

    code = "decision.publishing_by_agency"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được thêm bản chụp và công bố quyết định."
    basis = "26/2026/QĐ-TTg, Điều 7.3.g"


def is_of_ministry(decision: RecognitionDecision) -> bool:
    """Tell whether the ministry decided on these certificates, and it is recorded here (art. 8.2.b)."""
    return decision.kind in ON_CERTIFICATES and decision.authority == MINISTRY


class PaperOfMinistry(Conflict):
    """What the ministry issued is read in its own paper."""

    code = "decision.paper_of_ministry"
    message = "Quyết định {number} do Bộ ban hành: hệ thống không in lại, hãy xem bản chụp văn bản."
    basis = "26/2026/QĐ-TTg, Điều 8.2.b"


def why_not_print(decision: RecognitionDecision) -> Refusal | None:
    """Only the province's own decisions are printed; the ministry's are kept as scans."""
    return PaperOfMinistry(number=decision.number) if is_of_ministry(decision) else None


def why_not_attach_scan(actor: Actor, decision: RecognitionDecision) -> Refusal | None:
    """Agency officers add the scan of a signed decision, and may replace it until it is published."""
    if not actor.has(Role.AGENCY_OFFICER):
        return PublishingByAgency()
    if decision.state is not DecisionState.SIGNED:
        return NotSigned(number=decision.number)
    if decision.published_at is not None:
        return DecisionPublished(number=decision.number)
    return None


def why_not_publish(actor: Actor, decision: RecognitionDecision) -> Refusal | None:
    """Agency officers publish a signed decision with its scan, once (art. 7.3.g, 8.3.c)."""
    if refusal := why_not_attach_scan(actor, decision):
        return refusal
    return None if decision.scan_sha256 else ScanMissing(number=decision.number)


def why_not_sign(actor: Actor, decision: RecognitionDecision) -> Refusal | None:
    """Say why this decision may not be signed: by a provincial signer, once.

    What the ministry decided on certificates is recorded by an agency officer (art. 8.2.b).
    """
    if is_of_ministry(decision):
        if not actor.has(Role.AGENCY_OFFICER):
            return RecordingByAgency()
    elif not actor.has(Role.PROVINCIAL_SIGNER):
        return SigningByProvince(basis=DECISION_BASIS[decision.kind])
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


class AnswerMissing(Conflict):
    """A scan belongs to an answer that is written down."""

    code = "centre.answer_missing"
    message = "Chưa ghi kết quả của Trung ương. Hãy ghi kết quả, kèm bản chụp văn bản."
    basis = CENTRE


def why_not_attach_answer(actor: Actor, submission: CentreSubmission) -> Refusal | None:
    """Agency officers add the scan of the ministry's answer once it is written down (art. 7.4)."""
    if refusal := why_not_forward(actor):
        return refusal
    return AnswerMissing() if submission.state is SubmissionState.SENT else None


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


_NOT_RENEWED = frozenset({Standing.REVOKED, Standing.SUPERSEDED, Standing.HOLDER_CHANGED})


def why_not_renew(actor: Actor, found: Certified) -> Refusal | None:
    """The applicant renews from 180 to 120 days before the end (art. 7.6.a; late ones art. 12.3)."""
    if refusal := why_not_open(actor, found.producer):
        return refusal
    if found.standing in _NOT_RENEWED:
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


class CasesByAgency(NotPermitted):
    """The agency checks, submits and drops what may lead to a revocation."""

    code = "revocation.by_agency"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được xử lý hồ sơ thu hồi giấy chứng nhận."
    basis = REVOCATION_STEPS


class OnlyStoppedByCommune(NotPermitted):
    """A commune confirms that nothing is produced any more; other grounds need a conclusion."""

    code = "revocation.only_stopped_by_commune"
    message = (
        "UBND cấp xã chỉ xác nhận việc chủ thể không còn sản xuất sản phẩm; trường hợp khác do cơ "
        "quan tham mưu OCOP cấp tỉnh mở hồ sơ theo kết luận của cơ quan có thẩm quyền."
    )
    basis = REVOCATION_CLOCK


class NothingToRevoke(Refused):
    """What ended already is not revoked."""

    code = "revocation.nothing_to_revoke"
    message = "Giấy chứng nhận đang ở tình trạng «{standing}», không còn gì để thu hồi."
    basis = REVOCATION_GROUNDS


class CaseRuns(Conflict):
    """A certificate has one open case at a time."""

    code = "revocation.case_runs"
    message = "Giấy chứng nhận này đang có hồ sơ thu hồi {case}: «{state}»."
    basis = REVOCATION_STEPS


class NotThisStep(Conflict):
    """The steps of a revocation come in their order."""

    code = "revocation.not_this_step"
    message = "Hồ sơ thu hồi đang ở bước «{state}», chưa hoặc không còn thực hiện được: {step}."
    basis = REVOCATION_STEPS


_TO_REVOKE = IN_FORCE | {Standing.PRODUCER_DISSOLVED}


def why_not_open_case(
    actor: Actor,
    found: Certified,
    running: RevocationCase | None,
    ground: RevocationGround | None = None,
) -> Refusal | None:
    """Agency officers open a case; the producer's commune confirms that production ended (art. 8.4).

    Without a ground: why the actor may open none at all.
    """
    if not actor.has(Role.AGENCY_OFFICER):
        if not _serves_commune(actor, found.producer):
            return CasesByAgency()
        if ground not in {None, RevocationGround.PRODUCTION_STOPPED}:
            return OnlyStoppedByCommune()
    if found.standing not in _TO_REVOKE:
        return NothingToRevoke(standing=STANDING_LABELS[found.standing])
    if running is not None:
        return CaseRuns(case=running.code, state=REVOCATION_LABELS[running.state])
    return None


def why_not_move_case(actor: Actor, case: RevocationCase, step: RevocationStep) -> Refusal | None:
    """Agency officers verify, submit and drop, each from where the table of moves lets it begin."""
    if not actor.has(Role.AGENCY_OFFICER):
        return CasesByAgency()
    if revocation_after(case.state, step) is None:
        return NotThisStep(
            state=REVOCATION_LABELS[case.state], step=REVOCATION_STEP_LABELS[step].lower()
        )
    return None


def why_not_attach_conclusion(
    actor: Actor, case: RevocationCase, producer: Producer
) -> Refusal | None:
    """Who may open such a case adds the scan of its conclusion while the case is open."""
    confirms = case.ground is RevocationGround.PRODUCTION_STOPPED
    if not (actor.has(Role.AGENCY_OFFICER) or (confirms and _serves_commune(actor, producer))):
        return CasesByAgency()
    if case.state not in OPEN_CASES:
        return NotThisStep(state=REVOCATION_LABELS[case.state], step="thêm bản quét kết luận")
    return None


def _serves_commune(actor: Actor, producer: Producer) -> bool:
    return actor.has_in_unit(producer.commune_code, Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER)


class EndingByCommune(NotPermitted):
    """The commune knows whether a producer still works; the agency may write it down too."""

    code = "producer.ending_by_commune"
    message = (
        "Chỉ UBND xã sở tại hoặc cán bộ cơ quan tham mưu OCOP cấp tỉnh được ghi nhận chủ thể ngừng "
        "hoạt động."
    )
    basis = REVOCATION_CLOCK


class UndoingByAgency(NotPermitted):
    """Only the agency takes back that a producer ended."""

    code = "producer.undoing_by_agency"
    message = "Chỉ cán bộ cơ quan tham mưu OCOP cấp tỉnh được hủy việc ghi nhận ngừng hoạt động."
    basis = REVOCATION_STEPS


class EndedAlready(Conflict):
    """A producer ends once."""

    code = "producer.ended_already"
    message = "Chủ thể đã được ghi nhận ngừng hoạt động từ {day}."
    basis = PRODUCTION_STOPPED


class NotEnded(Conflict):
    """There is nothing to take back."""

    code = "producer.not_ended"
    message = "Chủ thể đang hoạt động."
    basis = PRODUCTION_STOPPED


class RevokedForIt(Conflict):
    """What a decision revoked is not given back by taking a note back."""

    code = "producer.revoked_for_it"
    message = "Đã có giấy chứng nhận bị thu hồi vì chủ thể ngừng hoạt động, không hủy được nữa."
    basis = REVOCATION_STEPS


def why_not_dissolve(actor: Actor, producer: Producer) -> Refusal | None:
    """The producer's commune, or the agency, writes down once that it ended (art. 8.4)."""
    if not (actor.has(Role.AGENCY_OFFICER) or _serves_commune(actor, producer)):
        return EndingByCommune()
    if producer.dissolved_on is not None:
        return EndedAlready(day=f"{producer.dissolved_on:%d/%m/%Y}")
    return None


def why_not_undo_dissolution(
    actor: Actor, producer: Producer, *, revoked: bool = False
) -> Refusal | None:
    """The agency takes the end of a producer back while nothing was revoked for it."""
    if not actor.has(Role.AGENCY_OFFICER):
        return UndoingByAgency()
    if producer.dissolved_on is None:
        return NotEnded()
    return RevokedForIt() if revoked else None


class WatchingByOffice(NotPermitted):
    """The radar shows what is to be renewed to those who see to it."""

    code = "radar.by_office"
    message = "Lịch đánh giá lại dành cho UBND xã và cơ quan tham mưu OCOP cấp tỉnh."
    basis = RENEWAL_FILING


_WATCHING_COMMUNE = (Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER)


def why_not_watch_renewals(actor: Actor) -> Refusal | None:
    """The province sees what every commune has to renew, a commune its own."""
    return None if actor.sees_province or actor.has(*_WATCHING_COMMUNE) else WatchingByOffice()


def watched_communes(actor: Actor) -> frozenset[str] | None:
    """Return the communes whose renewals an actor sees to; None: those of the whole province."""
    if actor.sees_province:
        return None
    return frozenset(
        grant.unit_code
        for grant in actor.grants
        if grant.role in _WATCHING_COMMUNE and grant.unit_code
    )
