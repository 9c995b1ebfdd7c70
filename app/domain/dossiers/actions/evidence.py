"""Papers: added once for a producer, cited by as many criteria and dossiers as they support."""

from datetime import datetime

from sqlmodel import col, delete, select

from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Invalid
from app.core.files import StoredFile
from app.core.text import fold, normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.enums import DossierPart
from app.domain.dossiers.models import Dossier, Evidence, EvidenceUse
from app.domain.dossiers.policy import why_not_cite, why_not_edit
from app.domain.dossiers.queries import DossierRow, dossier_for_update, get_evidence
from app.domain.dossiers.schemas import AddEvidence, CiteEvidence, DescribeEvidence
from app.domain.producers.models import Producer
from app.domain.producers.policy import is_helper

LONGEST_FILE_NAME = 120


def add_evidence(
    session: WriteSession,
    code: str,
    data: AddEvidence,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> Evidence:
    """Keep a paper of the dossier's producer, and cite it where asked; records evidence.added.

    The file was stored before the first query, see core/files.store. The same content again is the
    same paper: its first description stays.
    """
    row = _editable(session, code, actor=actor)
    if data.criterion_code:
        _check_criterion(row, data.criterion_code)
    paper = keep_paper(
        session,
        row.producer,
        data,
        stored,
        file_name=file_name,
        actor=actor,
        at=at,
        dossier=row.dossier.code,
    )
    if data.criterion_code:
        _cite(session, row, paper, data.criterion_code, actor=actor, at=at)
    return paper


def keep_paper(
    session: WriteSession,
    producer: Producer,
    data: DescribeEvidence,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
    **said: str,
) -> Evidence:
    """Return the producer's paper with this content, made when there is none; records evidence.added.

    Refused when the same content was replaced or put away: it is not brought back by sending it.
    """
    # Two who send the same file at once: the second waits here and then finds the first one's paper.
    session.exec(
        select(Producer.id).where(col(Producer.id) == producer.id).with_for_update(key_share=True)
    )
    known = session.exec(
        select(Evidence).where(
            col(Evidence.producer_id) == producer.id, col(Evidence.sha256) == stored.sha256
        )
    ).one_or_none()
    if known is None:
        return _new_paper(
            session, producer, data, stored, file_name=file_name, actor=actor, at=at, **said
        )
    refusal = why_not_cite(known)
    if refusal:
        raise refusal
    return known


def use_evidence(
    session: WriteSession, code: str, data: CiteEvidence, *, actor: Actor, at: datetime
) -> Dossier:
    """Let a paper support a criterion; records dossier.evidence_cited, once."""
    row = _editable(session, code, actor=actor)
    _check_criterion(row, data.criterion_code)
    paper = get_evidence(session, row, data.evidence_code, actor=actor)
    _cite(session, row, paper, data.criterion_code, actor=actor, at=at)
    return row.dossier


def stop_using_evidence(
    session: WriteSession, code: str, data: CiteEvidence, *, actor: Actor, at: datetime
) -> Dossier:
    """Let a paper no longer support a criterion; the paper itself stays with its producer.

    Records dossier.evidence_dropped; nothing when the paper did not support the criterion.
    """
    row = _editable(session, code, actor=actor)
    _check_criterion(row, data.criterion_code)
    paper = get_evidence(session, row, data.evidence_code, actor=actor)
    gone = session.exec(
        delete(EvidenceUse).where(
            col(EvidenceUse.dossier_id) == row.dossier.id,
            col(EvidenceUse.criterion_code) == data.criterion_code,
            col(EvidenceUse.evidence_id) == paper.id,
        )
    )
    if gone.rowcount:
        _note(
            session,
            "dossier.evidence_dropped",
            row,
            actor=actor,
            at=at,
            evidence=paper.code,
            criterion=data.criterion_code,
        )
    return row.dossier


def plain_file_name(name: str) -> str:
    """Return the last part of a sent file name, without anything a path or header could read."""
    last = normal(name).replace("\\", "/").rsplit("/", 1)[-1].replace("\n", " ").replace('"', "")
    if len(last) <= LONGEST_FILE_NAME:
        return last or "minh-chung"
    stem, dot, ending = last.rpartition(".")
    kept = LONGEST_FILE_NAME - len(ending) - 1
    return f"{stem[:kept]}.{ending}" if dot and kept > 0 else last[:LONGEST_FILE_NAME]


def _editable(session: WriteSession, code: str, *, actor: Actor) -> DossierRow:
    row = dossier_for_update(session, code, actor=actor)
    refusal = why_not_edit(actor, row.dossier, DossierPart.EVIDENCE)
    if refusal:
        raise refusal
    return row


def _check_criterion(row: DossierRow, criterion_code: str) -> None:
    if row.rubric.find_criterion(criterion_code) is None:
        raise Invalid(
            {"criterion_code": "Không có tiêu chí này."}, code="dossier.unknown_criterion"
        )


def _new_paper(
    session: WriteSession,
    producer: Producer,
    data: DescribeEvidence,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
    **said: str,
) -> Evidence:
    helped = is_helper(actor, producer)
    paper = Evidence(
        code=new_code("MC"),
        producer_id=producer.id or 0,
        kind=data.kind,
        title=normal(data.title),
        title_folded=fold(data.title),
        number=normal(data.number),
        issuer=normal(data.issuer),
        issued_on=data.issued_on,
        expires_on=data.expires_on,
        file_name=plain_file_name(file_name),
        media_type=stored.media_type,
        size=stored.size,
        pages=stored.pages,
        sha256=stored.sha256,
        added_at=at,
        added_by_helper=helped,
    )
    session.add(paper)
    record(
        session,
        "evidence.added",
        subject=paper,
        actor=actor,
        at=at,
        title=paper.title,
        evidence_kind=data.kind,
        sha256=stored.sha256,
        size=stored.size,
        on_behalf=helped,
        **said,
    )
    return paper


def _cite(
    session: WriteSession,
    row: DossierRow,
    paper: Evidence,
    criterion_code: str,
    *,
    actor: Actor,
    at: datetime,
) -> None:
    key = (row.dossier.id, criterion_code, paper.id)
    if session.get(EvidenceUse, key) is not None:
        return
    refusal = why_not_cite(paper)
    if refusal:
        raise refusal
    session.add(
        EvidenceUse(
            dossier_id=row.dossier.id or 0,
            criterion_code=criterion_code,
            evidence_id=paper.id or 0,
        )
    )
    _note(
        session,
        "dossier.evidence_cited",
        row,
        actor=actor,
        at=at,
        evidence=paper.code,
        criterion=criterion_code,
    )


def _note(
    session: WriteSession,
    kind: str,
    row: DossierRow,
    *,
    actor: Actor,
    at: datetime,
    **said: str,
) -> None:
    row.dossier.version += 1
    record(
        session,
        kind,
        subject=row.dossier,
        actor=actor,
        at=at,
        on_behalf=is_helper(actor, row.producer),
        **said,
    )
