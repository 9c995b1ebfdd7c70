"""Who may do what in recognition: the agency drafts decisions, the province's leader signs."""

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.recognition.enums import DecisionState
from app.domain.recognition.models import RecognitionDecision


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


def why_not_import(actor: Actor) -> Refusal | None:
    """Say why history may not be loaded: by the system itself or an administrator only."""
    if actor.user_id is None or actor.has(Role.ADMINISTRATOR):
        return None
    return ImportingNotYours()
