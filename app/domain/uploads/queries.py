"""Reads of uploads: visible to whoever may write the dossier, or keep the papers, they are for."""

from collections.abc import Collection

from sqlmodel import col, func, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound, Refusal
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.policy import why_not_edit
from app.domain.dossiers.queries import get_dossier
from app.domain.producers.queries import get_producer
from app.domain.uploads.enums import UploadPurpose, UploadState
from app.domain.uploads.models import Upload
from app.domain.uploads.rules import read_resume_code
from app.domain.wallet.policy import why_not_add, why_not_change
from app.domain.wallet.queries import get_paper


class UploadUnknown(NotFound):
    """No such upload, or none of something this actor may see."""

    code = "upload.unknown"
    message = "Không tìm thấy tệp gửi dở này. Có thể tệp đã quá hạn, hoặc mã chưa đúng."


def get_upload(session: ReadSession, code: str, *, actor: Actor) -> Upload:
    """Return an upload to whoever may write where it belongs."""
    found = session.exec(select(Upload).where(col(Upload.code) == code)).one_or_none()
    return _writable(session, found, actor=actor)


def upload_for_update(session: WriteSession, code: str, *, actor: Actor) -> Upload:
    """Return the same, locked until the transaction ends."""
    found = session.exec(
        select(Upload).where(col(Upload.code) == code).with_for_update()
    ).one_or_none()
    return _writable(session, found, actor=actor)


def upload_to_continue(session: ReadSession, typed: str, *, actor: Actor) -> Upload:
    """Return the upload behind the eight characters somebody typed."""
    code = read_resume_code(typed)
    found = session.exec(
        select(Upload).where(
            col(Upload.resume_code) == code, col(Upload.state) == UploadState.RECEIVING
        )
    ).one_or_none()
    return _writable(session, found, actor=actor)


def unfinished_of(session: ReadSession, owner_id: int) -> tuple[int, int]:
    """Return how many files of a person are on their way, and how long they are together."""
    files, total = session.exec(
        select(func.count(), func.coalesce(func.sum(col(Upload.length)), 0)).where(
            col(Upload.owner_id) == owner_id, col(Upload.state) == UploadState.RECEIVING
        )
    ).one()
    return int(files), int(total)


def known_codes(session: ReadSession, codes: Collection[str]) -> set[str]:
    """Return those codes that belong to a file still on its way."""
    return set(
        session.exec(
            select(Upload.code).where(
                col(Upload.code).in_(codes), col(Upload.state) == UploadState.RECEIVING
            )
        )
    )


def why_not_send(
    session: ReadSession,
    purpose: UploadPurpose,
    subject_code: str,
    *,
    actor: Actor,
    finished: bool = False,
) -> Refusal | None:
    """Who may write the dossier or keep the producer's papers now; NotFound for who may not see it.

    A renewal that is finished closed the old paper itself: its sender may still hear of it.
    """
    match purpose:
        case UploadPurpose.EVIDENCE:
            dossier = get_dossier(session, subject_code, actor=actor).dossier
            return why_not_edit(actor, dossier, DossierPart.EVIDENCE)
        case UploadPurpose.PAPER:
            return why_not_add(actor, get_producer(session, subject_code, actor=actor))
        case UploadPurpose.RENEWAL:
            row = get_paper(session, subject_code, actor=actor)
            if finished:
                return why_not_add(actor, row.producer)
            return why_not_change(actor, row.paper, row.producer)


def _writable(session: ReadSession, found: Upload | None, *, actor: Actor) -> Upload:
    if found is None:
        raise UploadUnknown
    finished = found.state is UploadState.FINISHED
    try:
        refusal = why_not_send(
            session, found.purpose, found.subject_code, actor=actor, finished=finished
        )
    except NotFound as unseen:
        raise UploadUnknown from unseen
    if refusal:
        raise refusal
    return found
