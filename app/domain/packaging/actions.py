"""What happens to a request to print the mark: drafted, sent, looked at, granted, withdrawn."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core.artwork_reading import StoredArtwork
from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, check_version
from app.core.numbering import next_number
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.notices.actions import notify
from app.domain.notices.rules import Letter, Recipients, commune_officers, producer_account
from app.domain.packaging.enums import ArtworkItem, CheckDecision, PermissionState
from app.domain.packaging.letters import DECLINED, GRANTED, RETURNED, WITHDRAWN
from app.domain.packaging.models import PackagingArtwork, PackagingCheck, PackagingPermission
from app.domain.packaging.policy import (
    why_not_add,
    why_not_ask,
    why_not_cancel,
    why_not_check,
    why_not_grant,
    why_not_revise,
    why_not_send,
    why_not_withdraw,
)
from app.domain.packaging.queries import (
    PermissionRow,
    artworks_of,
    finding_out,
    findings_of,
    get_artwork,
    permission_for_update,
)
from app.domain.packaging.rules import DECIDED, Finding
from app.domain.packaging.schemas import (
    AddArtwork,
    CancelPermission,
    CheckPermission,
    DraftPermission,
    RemoveArtwork,
    RevisePermission,
    SendPermission,
    WithdrawPermission,
)
from app.domain.recognition.queries import certificate_for_update

LONGEST_NAME = 200
ANSWER_MESSAGES: dict[str, str] = {
    "no_reason": "Hãy ghi lý do không chấp thuận.",
    "silent": "Hãy chọn đạt hay chưa đạt.",
    "not_ok": "Còn nội dung chưa đạt thì không chấp thuận được.",
    "what_to_change": "Hãy ghi cần sửa gì.",
    "nothing_to_change": "Mọi nội dung đều đạt: hãy chấp thuận, hoặc nêu nội dung chưa đạt.",
}
_PACKAGE = ("package_name", "net_content", "size", "star", "planned_quantity", "printer")


class ArtworkThere(Conflict):
    """The same content is one file."""

    code = "packaging.artwork_there"
    message = "Tệp này đã có trong đề nghị."


def draft_permission(
    session: WriteSession, certificate: str, data: DraftPermission, *, actor: Actor, at: datetime
) -> PackagingPermission:
    """Begin a request for one certificate in force; records packaging.drafted."""
    found = certificate_for_update(session, certificate, actor=actor, on=local_day(at))
    if refusal := why_not_ask(actor, found.certificate, found.product, local_day(at)):
        raise refusal
    permission = PackagingPermission(
        code=new_code("BB"),
        state=PermissionState.DRAFT,
        certificate_id=found.certificate.id or 0,
        producer_id=found.certificate.producer_id,
        created_at=at,
        by_helper=not actor.acts_for(found.certificate.producer_id),
        **data.model_dump(include=set(_PACKAGE)),
    )
    session.add(permission)
    session.flush()
    record(
        session,
        "packaging.drafted",
        subject=permission,
        actor=actor,
        at=at,
        certificate=found.certificate.code,
        package=permission.package_name,
        star=permission.star,
        on_behalf=permission.by_helper,
    )
    return permission


def revise_permission(
    session: WriteSession, code: str, data: RevisePermission, *, actor: Actor, at: datetime
) -> PackagingPermission:
    """Write a package anew before it is sent; records packaging.revised."""
    row = permission_for_update(session, code, actor=actor, on=local_day(at))
    permission = row.permission
    if refusal := why_not_revise(actor, permission, row.product):
        raise refusal
    check_version(data.version, permission.version)
    for name in _PACKAGE:
        setattr(permission, name, getattr(data, name))
    permission.version += 1
    record(
        session,
        "packaging.revised",
        subject=permission,
        actor=actor,
        at=at,
        package=permission.package_name,
        star=permission.star,
    )
    return permission


def add_artwork(
    session: WriteSession,
    code: str,
    data: AddArtwork,
    stored: StoredArtwork,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> PackagingPermission:
    """Add a file that was kept and read; at most six; records packaging.artwork_added."""
    row = permission_for_update(session, code, actor=actor, on=local_day(at))
    permission = row.permission
    known = artworks_of(session, permission)
    if refusal := why_not_add(actor, permission, row.product, len(known)):
        raise refusal
    check_version(data.version, permission.version)
    if any(one.sha256 == stored.file.sha256 for one in known):
        raise ArtworkThere
    thumbnail = stored.thumbnail
    session.add(
        PackagingArtwork(
            code=new_code("MB"),
            permission_id=permission.id or 0,
            sha256=stored.file.sha256,
            media_type=stored.file.media_type,
            file_name=normal(file_name)[:LONGEST_NAME] or "mau-bao-bi",
            size=stored.file.size,
            pages=stored.file.pages,
            reading=stored.reading.plain(),
            thumbnail_sha256=thumbnail.sha256 if thumbnail else None,
            thumbnail_width=thumbnail.width if thumbnail else 0,
            thumbnail_height=thumbnail.height if thumbnail else 0,
            added_at=at,
            added_by=actor.name,
        )
    )
    permission.version += 1
    record(
        session,
        "packaging.artwork_added",
        subject=permission,
        actor=actor,
        at=at,
        file=normal(file_name)[:LONGEST_NAME],
        sha256=stored.file.sha256,
    )
    return permission


def remove_artwork(
    session: WriteSession,
    code: str,
    artwork: str,
    data: RemoveArtwork,
    *,
    actor: Actor,
    at: datetime,
) -> PackagingPermission:
    """Take a file back before the request is sent; records packaging.artwork_removed."""
    row = permission_for_update(session, code, actor=actor, on=local_day(at))
    permission = row.permission
    if refusal := why_not_revise(actor, permission, row.product):
        raise refusal
    check_version(data.version, permission.version)
    found = get_artwork(session, permission, artwork)
    session.delete(found)
    permission.version += 1
    record(
        session,
        "packaging.artwork_removed",
        subject=permission,
        actor=actor,
        at=at,
        file=found.file_name,
        sha256=found.sha256,
    )
    return permission


def send_permission(
    session: WriteSession,
    code: str,
    data: SendPermission,
    *,
    actor: Actor,
    at: datetime,
    host: str,
) -> PackagingPermission:
    """Send a request to the agency; refused with what must not be printed; records packaging.sent.

    `host` is the one stamps are printed with.
    """
    row = permission_for_update(session, code, actor=actor, on=local_day(at))
    permission = row.permission
    artworks = artworks_of(session, permission)
    findings = findings_of(session, row, artworks, actor=actor, host=host)
    if refusal := why_not_send(actor, permission, row.product, findings, len(artworks)):
        raise refusal
    check_version(data.version, permission.version)
    permission.sent_at = at
    _move(
        session,
        permission,
        PermissionState.SENT,
        "packaging.sent",
        actor=actor,
        at=at,
        files=[one.sha256 for one in artworks],
        on_behalf=not actor.acts_for(permission.producer_id),
    )
    return permission


def cancel_permission(
    session: WriteSession, code: str, data: CancelPermission, *, actor: Actor, at: datetime
) -> PackagingPermission:
    """Take a request back before it is decided; records packaging.cancelled."""
    row = permission_for_update(session, code, actor=actor, on=local_day(at))
    permission = row.permission
    if refusal := why_not_cancel(actor, permission, row.product):
        raise refusal
    check_version(data.version, permission.version)
    _move(session, permission, PermissionState.CANCELLED, "packaging.cancelled", actor=actor, at=at)
    return permission


def check_permission(
    session: WriteSession,
    code: str,
    data: CheckPermission,
    *,
    actor: Actor,
    at: datetime,
    host: str,
) -> PackagingPermission:
    """Look at artwork along the list and decide: grant under a number, return, or decline.

    What was found and on which files is kept, append-only. A grant numbers the permission within
    its year and keeps the names of the certificate of that day. Records packaging.granted,
    packaging.returned or packaging.declined, and tells the producer.
    """
    row = permission_for_update(session, code, actor=actor, on=local_day(at))
    permission = row.permission
    if refusal := why_not_check(actor, permission):
        raise refusal
    artworks = artworks_of(session, permission)
    findings = findings_of(session, row, artworks, actor=actor, host=host)
    if data.decision is CheckDecision.GRANT and (
        refusal := why_not_grant(actor, permission, findings)
    ):
        raise refusal
    check_version(data.version, permission.version)
    _check_answers(data)
    _keep_check(session, permission, data, artworks, findings, actor=actor, at=at)
    said: dict[str, Any] = {}
    if data.decision is CheckDecision.GRANT:
        said = _grant(session, row, actor=actor, at=at)
    elif data.decision is CheckDecision.RETURN:
        said = {"items": [one.item for one in data.answers if not one.ok]}
    else:
        said = {"reason": data.reason}
    kind, letter = _TOLD[data.decision]
    _move(session, permission, DECIDED[data.decision], kind, actor=actor, at=at, **said)
    _tell(session, row, letter, actor=actor, at=at, reason=data.reason)
    return permission


_TOLD: dict[CheckDecision, tuple[str, Letter]] = {
    CheckDecision.GRANT: ("packaging.granted", GRANTED),
    CheckDecision.RETURN: ("packaging.returned", RETURNED),
    CheckDecision.DECLINE: ("packaging.declined", DECLINED),
}


def withdraw_permission(
    session: WriteSession, code: str, data: WithdrawPermission, *, actor: Actor, at: datetime
) -> PackagingPermission:
    """Take a permission back from today on, for a reason; records packaging.withdrawn."""
    row = permission_for_update(session, code, actor=actor, on=local_day(at))
    permission = row.permission
    if refusal := why_not_withdraw(actor, permission):
        raise refusal
    check_version(data.version, permission.version)
    permission.withdrawn_on = local_day(at)
    permission.withdrawn_by = actor.name
    permission.withdrawal_reason = data.reason
    _move(
        session,
        permission,
        PermissionState.WITHDRAWN,
        "packaging.withdrawn",
        actor=actor,
        at=at,
        number=row.number,
        reason=data.reason,
    )
    _tell(session, row, WITHDRAWN, actor=actor, at=at, reason=data.reason)
    return permission


def _grant(
    session: WriteSession, row: PermissionRow, *, actor: Actor, at: datetime
) -> dict[str, Any]:
    permission, certificate, day = row.permission, row.certificate, local_day(at)
    permission.year = day.year
    permission.number = next_number(session, f"packaging/{day.year}")
    permission.granted_on = day
    permission.granted_by = actor.name
    permission.product_name = certificate.product_name
    permission.producer_name = certificate.producer_name
    permission.producer_address = certificate.producer_address
    return {"number": row.number, "until": row.until}


def _check_answers(data: CheckPermission) -> None:
    """Refuse a decision its answers do not bear, field by field."""
    wrong: dict[str, str] = {}
    if data.decision is CheckDecision.DECLINE:
        if not data.reason:
            wrong["reason"] = ANSWER_MESSAGES["no_reason"]
    else:
        silent = set(ArtworkItem) - {one.item for one in data.answers}
        wrong |= {f"ok.{item}": ANSWER_MESSAGES["silent"] for item in ArtworkItem if item in silent}
    not_ok = [one for one in data.answers if not one.ok]
    if data.decision is CheckDecision.GRANT:
        wrong |= {f"ok.{one.item}": ANSWER_MESSAGES["not_ok"] for one in not_ok}
    else:
        wrong |= {
            f"reason.{one.item}": ANSWER_MESSAGES["what_to_change"]
            for one in not_ok
            if not one.reason
        }
    if not wrong and data.decision is CheckDecision.RETURN and not not_ok:
        wrong["decision"] = ANSWER_MESSAGES["nothing_to_change"]
    if wrong:
        raise Invalid(wrong)


def _keep_check(
    session: WriteSession,
    permission: PackagingPermission,
    data: CheckPermission,
    artworks: Sequence[PackagingArtwork],
    findings: Sequence[Finding],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    session.add(
        PackagingCheck(
            permission_id=permission.id or 0,
            decision=data.decision,
            answers=[one.model_dump(mode="json") for one in data.answers],
            findings=[finding_out(one).model_dump(mode="json") for one in findings],
            file_hashes=[one.sha256 for one in artworks],
            reason=data.reason,
            checked_at=at,
            checked_by=actor.name,
        )
    )


def _tell(
    session: WriteSession,
    row: PermissionRow,
    letter: Letter,
    *,
    actor: Actor,
    at: datetime,
    reason: str,
) -> None:
    """Tell the producer, and the commune's officers where they asked on its behalf."""
    permission = row.permission
    helpers = commune_officers(row.product.commune_code) if permission.by_helper else Recipients()
    notify(
        session,
        letter,
        to=producer_account(permission.producer_id) | helpers,
        subject=permission,
        actor=actor,
        at=at,
        occasion=f"v{permission.version}",
        package=permission.package_name,
        product=row.certificate.product_name,
        number=row.number,
        last_day=row.until,
        reason=reason,
    )


def _move(
    session: WriteSession,
    permission: PackagingPermission,
    after: PermissionState,
    kind: str,
    *,
    actor: Actor,
    at: datetime,
    **said: object,
) -> None:
    before, permission.state = permission.state, after
    permission.version += 1
    record(
        session, kind, subject=permission, actor=actor, at=at, before=before, after=after, **said
    )
