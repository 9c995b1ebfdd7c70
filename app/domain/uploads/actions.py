"""Writes of uploads. Their bytes are no business of the database: see core/parts and the door."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Invalid, check_version
from app.core.files import StoredFile
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.dossiers.actions import add_evidence
from app.domain.dossiers.models import Evidence
from app.domain.dossiers.queries import get_dossier
from app.domain.dossiers.schemas import AddEvidence
from app.domain.uploads.enums import UploadPurpose, UploadState
from app.domain.uploads.models import Upload
from app.domain.uploads.policy import too_much_unfinished, why_not_continue
from app.domain.uploads.queries import unfinished_of, upload_for_update, why_not_send
from app.domain.uploads.rules import KEPT_FOR, is_over_quota, new_resume_code
from app.domain.uploads.schemas import StartUpload
from app.domain.wallet.actions import add_paper, replace_paper
from app.domain.wallet.queries import get_paper
from app.domain.wallet.schemas import AddPaper, ReplacePaper


def start_upload(session: WriteSession, data: StartUpload, *, actor: Actor, at: datetime) -> Upload:
    """Open a place for a file; with the key of an earlier start, return that one.

    Refused to whoever may not write the dossier or keep the papers it is for, and beyond what one
    person may leave unfinished. Nothing is recorded: only the paper that comes of it is.
    """
    if refusal := why_not_send(session, data.purpose, data.subject_code, actor=actor):
        raise refusal
    _check_description(session, data, actor=actor)
    # Two starts at once are counted one after the other.
    owner_id = (
        session.exec(select(User.id).where(col(User.id) == actor.user_id).with_for_update()).one()
        or 0
    )
    if data.start_key and (known := _started(session, owner_id, data.start_key)):
        return known
    files, total = unfinished_of(session, owner_id)
    if is_over_quota(files=files, total=total, length=data.length):
        raise too_much_unfinished()
    upload = Upload(
        code=new_code("TL"),
        resume_code=new_resume_code(),
        owner_id=owner_id,
        start_key=data.start_key,
        purpose=data.purpose,
        subject_code=data.subject_code,
        state=UploadState.RECEIVING,
        file_name=data.file_name,
        length=data.length,
        sha256=data.sha256,
        described={
            name: str(said)
            for name, said in data.described.model_dump(mode="json", exclude_none=True).items()
        },
        begun_at=at,
        expires_at=at + KEPT_FOR,
    )
    session.add(upload)
    session.flush()
    return upload


def _check_description(session: WriteSession, data: StartUpload, *, actor: Actor) -> None:
    """Refuse what could be seen to be wrong only once the whole file had come."""
    match data.described:
        case AddEvidence(criterion_code=criterion) if criterion:
            row = get_dossier(session, data.subject_code, actor=actor)
            if row.rubric.find_criterion(criterion) is None:
                raise Invalid(
                    {"criterion_code": "Không có tiêu chí này."}, code="dossier.unknown_criterion"
                )
        case ReplacePaper(version=version):
            check_version(version, get_paper(session, data.subject_code, actor=actor).paper.version)


def _started(session: WriteSession, owner_id: int, key: str) -> Upload | None:
    return session.exec(
        select(Upload).where(col(Upload.owner_id) == owner_id, col(Upload.start_key) == key)
    ).one_or_none()


def note_progress(
    session: WriteSession, code: str, received: int, *, actor: Actor, at: datetime
) -> Upload:
    """Note how much has come, and keep the file so much longer; refused when it is gone."""
    upload = upload_for_update(session, code, actor=actor)
    if refusal := why_not_continue(upload, at=at):
        raise refusal
    if upload.state is UploadState.RECEIVING:
        upload.received = received
        upload.expires_at = at + KEPT_FOR
    return upload


def finish_upload(
    session: WriteSession, code: str, stored: StoredFile, *, actor: Actor, at: datetime
) -> Upload:
    """Make the whole file the paper it was sent for, once; records what adding or renewing records."""
    upload = upload_for_update(session, code, actor=actor)
    if refusal := why_not_continue(upload, at=at):
        raise refusal
    if upload.state is UploadState.FINISHED:
        return upload
    if upload.sha256 and upload.sha256 != stored.sha256:
        raise Invalid(
            {"file": "Tệp gửi lên khác tệp đã chọn lúc đầu. Hãy gửi lại từ đầu."},
            code="file.differs",
        )
    paper = _paper_of(session, upload, stored, actor=actor, at=at)
    upload.received = upload.length
    upload.state = UploadState.FINISHED
    upload.evidence_code = paper.code
    return upload


def _paper_of(
    session: WriteSession, upload: Upload, stored: StoredFile, *, actor: Actor, at: datetime
) -> Evidence:
    subject, said, name = upload.subject_code, upload.described, upload.file_name
    match upload.purpose:
        case UploadPurpose.EVIDENCE:
            evidence = AddEvidence.model_validate(said)
            return add_evidence(
                session, subject, evidence, stored, file_name=name, actor=actor, at=at
            )
        case UploadPurpose.PAPER:
            data = AddPaper.model_validate(said)
            return add_paper(session, subject, data, stored, file_name=name, actor=actor, at=at)
        case UploadPurpose.RENEWAL:
            # Seen when the file set out: a title mended on the way is no reason to send it again.
            version = get_paper(session, subject, actor=actor).paper.version
            newer = ReplacePaper.model_validate(said | {"version": version})
            return replace_paper(
                session, subject, newer, stored, file_name=name, actor=actor, at=at
            )


def refuse_upload(
    session: WriteSession, code: str, why: Invalid, *, actor: Actor, at: datetime
) -> Upload:
    """Note that the content is none we keep, with the sentence the sender is to read."""
    upload = upload_for_update(session, code, actor=actor)
    if upload.state is UploadState.RECEIVING:
        upload.state = UploadState.REFUSED
        upload.refusal = " ".join(why.fields.values()) or why.text
        upload.expires_at = at + KEPT_FOR
    return upload


def end_upload(session: WriteSession, code: str, *, actor: Actor) -> None:
    """Forget an upload; evidence that came of it stays."""
    session.delete(upload_for_update(session, code, actor=actor))


def forget_expired_uploads(session: WriteSession, *, at: datetime) -> int:
    """Forget every upload whose day has passed, and return how many there were."""
    gone = session.exec(sa.delete(Upload).where(col(Upload.expires_at) <= at))
    return int(gone.rowcount)
