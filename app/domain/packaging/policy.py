"""Who may do what with a request to print the mark on packaging, now.

The producer's side (or the commune's officer who helps) writes, sends and takes back; the agency
looks, grants, returns, declines, withdraws.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from app.core.errors import Conflict, NotPermitted, Refusal, Refused
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.packaging.enums import PermissionState
from app.domain.packaging.models import PackagingPermission
from app.domain.packaging.rules import (
    MARK,
    MISUSE,
    MOST_ARTWORKS,
    MOVES,
    OPEN,
    STATE_LABELS,
    TERM,
    Finding,
)
from app.domain.products.models import Product
from app.domain.recognition.models import Certificate
from app.domain.recognition.rules import is_in_force
from app.domain.stamps.policy import is_producer_side
from app.rulebooks.loader import in_force


class AskingByProducer(NotPermitted):
    """The holder of the certificate asks, or the commune's officer on its behalf."""

    code = "packaging.asking_by_producer"
    message = "Chỉ chủ thể của giấy chứng nhận, hoặc cán bộ xã sở tại làm hộ, được làm việc này."
    basis = MARK


class CheckingByAgency(NotPermitted):
    """The agency looks at artwork."""

    code = "packaging.checking_by_agency"
    message = "Chỉ cơ quan OCOP cấp tỉnh được kiểm tra, chấp thuận và thu hồi mẫu bao bì."
    basis = MARK


class WrongPermissionState(Conflict):
    """A step cannot be skipped or repeated; what was granted is not edited."""

    code = "packaging.state"
    message = (
        "Đề nghị đang ở bước «{state}», việc này chỉ làm được ở bước «{needed}». Mẫu đã chấp thuận "
        "không sửa: bao bì khác thì lập đề nghị mới."
    )


class CertificateNotInForce(Refused):
    """No artwork for a star that has ended."""

    code = "packaging.certificate_not_in_force"
    message = "Giấy chứng nhận {certificate} không còn hiệu lực vào ngày {day}: không in nhãn hiệu và sao."
    basis = TERM


class NoArtwork(Refused):
    """Nothing to look at."""

    code = "packaging.no_artwork"
    message = "Hãy thêm ít nhất một tệp mẫu bao bì trước khi gửi."


class TooManyArtworks(Refused):
    """A package has few sides."""

    code = "packaging.too_many_artworks"
    message = "Mỗi đề nghị có nhiều nhất {most} tệp mẫu."


class ArtworkWrong(Refused):
    """The program found what must not be printed; its finding is the sentence."""

    code = "packaging.artwork_wrong"
    basis = MISUSE


class SymbolNotMade(Refused):
    """The code of a certificate exists once the server with the key has sealed it."""

    code = "packaging.symbol_not_made"
    message = (
        "Giấy chứng nhận {certificate} chưa được ký điện tử nên chưa có mã QR để in. Hãy báo cơ quan "
        "OCOP cấp tỉnh."
    )


class PermissionNotGranted(Refused):
    """A paper is of something that was granted."""

    code = "packaging.not_granted"
    message = "Chưa có phiếu: mẫu bao bì này chưa được chấp thuận."
    basis = MARK


def _not_in(permission: PackagingPermission, states: Collection[PermissionState]) -> Refusal | None:
    if permission.state in states:
        return None
    needed = " / ".join(words for state, words in STATE_LABELS.items() if state in states)
    return WrongPermissionState(state=STATE_LABELS[permission.state], needed=needed)


def _not_before(permission: PackagingPermission, step: str) -> Refusal | None:
    return _not_in(permission, {move.before for move in MOVES if move.step == step})


def _not_in_force(certificate: Certificate, on: date) -> Refusal | None:
    if is_in_force(certificate, on, in_force(on)):
        return None
    return CertificateNotInForce(certificate=certificate.code, day=f"{on:%d/%m/%Y}")


def is_agency(actor: Actor) -> bool:
    """Tell whether this is an officer or the head of the provincial agency."""
    return actor.has(Role.AGENCY_OFFICER, Role.AGENCY_HEAD)


def why_not_ask(
    actor: Actor, certificate: Certificate, product: Product, on: date
) -> Refusal | None:
    """Say why nothing may be asked for: the holder's side, while the certificate is in force."""
    if not is_producer_side(actor, certificate.producer_id, product):
        return AskingByProducer()
    return _not_in_force(certificate, on)


def why_not_revise(
    actor: Actor, permission: PackagingPermission, product: Product
) -> Refusal | None:
    """Say why a request may not be written anew: the holder's side, before it is sent."""
    if not is_producer_side(actor, permission.producer_id, product):
        return AskingByProducer()
    return _not_in(permission, OPEN)


def why_not_add(
    actor: Actor, permission: PackagingPermission, product: Product, artworks: int
) -> Refusal | None:
    """Say why no further file may be added: as for revising, and at most six."""
    if refusal := why_not_revise(actor, permission, product):
        return refusal
    return TooManyArtworks(most=MOST_ARTWORKS) if artworks >= MOST_ARTWORKS else None


def why_not_send(
    actor: Actor,
    permission: PackagingPermission,
    product: Product,
    findings: Sequence[Finding],
    artworks: int,
) -> Refusal | None:
    """Say why a request may not be sent: without a file, or with what must not be printed."""
    if refusal := why_not_revise(actor, permission, product):
        return refusal
    return _wrong(findings) or (None if artworks else NoArtwork())


def why_not_cancel(
    actor: Actor, permission: PackagingPermission, product: Product
) -> Refusal | None:
    """Say why a request may not be taken back: the holder's side, before it is decided."""
    if not is_producer_side(actor, permission.producer_id, product):
        return AskingByProducer()
    return _not_before(permission, "cancel")


def why_not_check(actor: Actor, permission: PackagingPermission) -> Refusal | None:
    """Say why artwork may not be looked at: the agency, once it was sent."""
    return _not_before(permission, "grant") if is_agency(actor) else CheckingByAgency()


def why_not_grant(
    actor: Actor, permission: PackagingPermission, findings: Sequence[Finding]
) -> Refusal | None:
    """Say why nothing may be granted: as for looking, and with what must not be printed."""
    return why_not_check(actor, permission) or _wrong(findings)


def why_not_withdraw(actor: Actor, permission: PackagingPermission) -> Refusal | None:
    """Say why a permission may not be taken back: the agency, once it was granted."""
    return _not_before(permission, "withdraw") if is_agency(actor) else CheckingByAgency()


def why_not_print_paper(permission: PackagingPermission) -> Refusal | None:
    """Say why there is no paper: it is of a permission that was granted."""
    return None if permission.number is not None else PermissionNotGranted()


def why_not_design(
    actor: Actor, certificate: Certificate, product: Product, on: date
) -> Refusal | None:
    """Say why the designer's files are not given: to holder's side and agency, while in force."""
    if not is_agency(actor) and not is_producer_side(actor, certificate.producer_id, product):
        return AskingByProducer()
    return _not_in_force(certificate, on)


def _wrong(findings: Sequence[Finding]) -> Refusal | None:
    found = next((one for one in findings if one.blocks), None)
    if found is None:
        return None
    params: dict[str, Any] = dict(found.said.params)
    return ArtworkWrong(found.said.template, **params)
