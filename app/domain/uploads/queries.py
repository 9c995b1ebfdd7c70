"""Reads of uploads: visible to whoever may write the dossier they are for."""

from collections.abc import Collection

from sqlmodel import col, func, select

from app.core.db import ReadSession, WriteSession
from app.core.errors import NotFound
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.policy import why_not_edit
from app.domain.dossiers.queries import get_dossier
from app.domain.uploads.enums import UploadState
from app.domain.uploads.models import Upload
from app.domain.uploads.rules import read_resume_code


class UploadUnknown(NotFound):
    """No such upload, or none of a dossier this actor may see."""

    code = "upload.unknown"
    message = "Không tìm thấy tệp gửi dở này. Có thể tệp đã quá hạn, hoặc mã chưa đúng."


def get_upload(session: ReadSession, code: str, *, actor: Actor) -> Upload:
    """Return an upload to whoever may write its dossier."""
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


def _writable(session: ReadSession, found: Upload | None, *, actor: Actor) -> Upload:
    if found is None:
        raise UploadUnknown
    try:
        row = get_dossier(session, found.dossier_code, actor=actor)
    except NotFound as unseen:
        raise UploadUnknown from unseen
    if refusal := why_not_edit(actor, row.dossier, DossierPart.EVIDENCE):
        raise refusal
    return found
