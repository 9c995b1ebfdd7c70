"""Keeping a producer's papers: what they say may be corrected, their files never change."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.errors import Invalid, check_version
from app.core.files import StoredFile
from app.core.text import fold, normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.actions import keep_paper
from app.domain.dossiers.models import Dossier, Evidence, EvidenceUse
from app.domain.notices.actions import notify_each
from app.domain.notices.rules import Draft, producer_account
from app.domain.producers.policy import is_helper
from app.domain.producers.queries import producer_for_update
from app.domain.wallet.letters import PAPER_EXPIRES
from app.domain.wallet.policy import why_not_add, why_not_change, why_not_remove, why_not_restore
from app.domain.wallet.queries import (
    PaperRow,
    get_paper,
    open_dossiers_for_update,
    paper_for_update,
    replaces_another,
    uses_of,
)
from app.domain.wallet.rules import NOTICE_DAYS, URGENT_DAYS
from app.domain.wallet.schemas import (
    AddPaper,
    ChangePaper,
    RemovePaper,
    ReplacePaper,
    RestorePaper,
    WithdrawPaper,
)

# What a paper says and people may correct.
_SAID = ("kind", "title", "number", "issuer", "issued_on", "expires_on")


def add_paper(
    session: WriteSession,
    producer_code: str,
    data: AddPaper,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> Evidence:
    """Keep a paper without citing it anywhere; records evidence.added.

    The file was stored before the first query. The same content again is the same paper: its first
    description stays.
    """
    producer = producer_for_update(session, producer_code, actor=actor)
    refusal = why_not_add(actor, producer)
    if refusal:
        raise refusal
    paper = keep_paper(session, producer, data, stored, file_name=file_name, actor=actor, at=at)
    session.flush()
    return paper


def change_paper(
    session: WriteSession, code: str, data: ChangePaper, *, actor: Actor, at: datetime
) -> Evidence:
    """Correct what a paper says; records evidence.changed with what it said before and after."""
    row = paper_for_update(session, code, actor=actor)
    paper = row.paper
    refusal = why_not_change(actor, paper, row.producer)
    if refusal:
        raise refusal
    check_version(data.version, paper.version)
    after = {
        name: normal(value) if type(value) is str else value
        for name, value in data.model_dump(include=set(_SAID)).items()
    }
    before = {name: getattr(paper, name) for name in _SAID}
    changed = [name for name in _SAID if before[name] != after[name]]
    if not changed:
        return paper
    paper.sqlmodel_update(after)
    paper.title_folded = fold(paper.title)
    paper.version += 1
    _note(
        session,
        "evidence.changed",
        row,
        actor=actor,
        at=at,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    return paper


def replace_paper(
    session: WriteSession,
    code: str,
    data: ReplacePaper,
    stored: StoredFile,
    *,
    file_name: str,
    actor: Actor,
    at: datetime,
) -> Evidence:
    """Let a renewed paper take the place of an old one, and return the renewed one.

    Dossiers that may still be written cite the renewed paper from now on (each records
    dossier.evidence_replaced); where a dossier was filed the old one stays. Records
    evidence.replaced. A file that is another paper of the producer already makes that paper the
    renewed one; the old paper's own file is refused.
    """
    row, dossiers = _locked(session, code, actor=actor)
    paper = row.paper
    refusal = why_not_change(actor, paper, row.producer)
    if refusal:
        raise refusal
    check_version(data.version, paper.version)
    if stored.sha256 == paper.sha256:
        raise Invalid(
            {"file": "Đây đúng là tệp của giấy tờ cũ. Hãy chọn tệp của giấy tờ mới."},
            code="paper.same_file",
        )
    newer = keep_paper(
        session,
        row.producer,
        data,
        stored,
        file_name=file_name,
        actor=actor,
        at=at,
        replaces=paper.code,
    )
    session.flush()
    paper.replaced_by_id, paper.replaced_at = newer.id, at
    paper.version += 1
    moved = _move_uses(session, row, newer, dossiers, actor=actor, at=at)
    _note(
        session,
        "evidence.replaced",
        row,
        actor=actor,
        at=at,
        new=newer.code,
        new_title=newer.title,
        dossiers=moved,
    )
    return newer


def withdraw_paper(
    session: WriteSession, code: str, data: WithdrawPaper, *, actor: Actor, at: datetime
) -> Evidence:
    """Put a paper away: no dossier may cite it any more; records evidence.withdrawn with the reason.

    It is taken out of the dossiers that may still be written; where one was filed it stays.
    """
    row, dossiers = _locked(session, code, actor=actor)
    paper = row.paper
    refusal = why_not_change(actor, paper, row.producer)
    if refusal:
        raise refusal
    check_version(data.version, paper.version)
    for dossier, criteria in _take_out(session, paper, dossiers):
        _note_dossier(
            session,
            "dossier.evidence_dropped",
            dossier,
            row,
            actor=actor,
            at=at,
            evidence=paper.code,
            criterion=", ".join(criteria),
        )
    paper.withdrawn_at, paper.withdrawn_reason = at, normal(data.reason)
    paper.version += 1
    _note(session, "evidence.withdrawn", row, actor=actor, at=at, reason=paper.withdrawn_reason)
    return paper


def restore_paper(
    session: WriteSession, code: str, data: RestorePaper, *, actor: Actor, at: datetime
) -> Evidence:
    """Take out again what was put away; records evidence.restored. Dossiers cite it anew by hand."""
    row = paper_for_update(session, code, actor=actor)
    paper = row.paper
    refusal = why_not_restore(actor, paper, row.producer)
    if refusal:
        raise refusal
    check_version(data.version, paper.version)
    paper.withdrawn_at, paper.withdrawn_reason = None, ""
    paper.version += 1
    _note(session, "evidence.restored", row, actor=actor, at=at)
    return paper


def remove_paper(
    session: WriteSession, code: str, data: RemovePaper, *, actor: Actor, at: datetime
) -> PaperRow:
    """Take a paper off the wallet for good; records evidence.removed with what it said.

    Refused when a dossier cites it or it is part of a history. Its file may belong to somebody
    else's paper as well and stays. Returns what was removed.
    """
    row, _ = _locked(session, code, actor=actor)
    paper = row.paper
    refusal = why_not_remove(
        actor,
        paper,
        row.producer,
        cited_in=[use.dossier.code for use in uses_of(session, row)],
        replaces=replaces_another(session, paper),
    )
    if refusal:
        raise refusal
    check_version(data.version, paper.version)
    _note(
        session,
        "evidence.removed",
        row,
        actor=actor,
        at=at,
        reason=normal(data.reason),
        title=paper.title,
        number=paper.number,
        sha256=paper.sha256,
    )
    session.delete(paper)
    session.flush()
    return row


def remind_of_expiry(session: WriteSession, *, at: datetime) -> int:
    """Tell producers which papers run out within ninety days, and again within thirty.

    Once each for a last day, whatever day the job runs on: the nearer of the two when both are due.
    Returns how many notices are new.
    """
    on = local_day(at)
    papers = session.exec(
        select(Evidence)
        .where(
            col(Evidence.replaced_by_id).is_(None),
            col(Evidence.withdrawn_at).is_(None),
            col(Evidence.expires_on).between(on, on + timedelta(days=NOTICE_DAYS)),
        )
        .order_by(col(Evidence.id))
    )
    drafts = []
    for paper in papers:
        end = paper.expires_on or on
        days = URGENT_DAYS if (end - on).days <= URGENT_DAYS else NOTICE_DAYS
        drafts.append(
            Draft(
                letter=PAPER_EXPIRES,
                to=producer_account(paper.producer_id),
                subject_code=paper.code,
                occasion=f"{days}/{end}",
                due_on=end,
                said={"title": paper.title, "last_day": end},
            )
        )
    return notify_each(session, drafts, at=at)


def _locked(
    session: WriteSession, code: str, *, actor: Actor
) -> tuple[PaperRow, Sequence[Dossier]]:
    """Lock the producer's open dossiers and then the paper, in the order of who cites a paper."""
    producer_id = get_paper(session, code, actor=actor).producer.id or 0
    dossiers = open_dossiers_for_update(session, producer_id)
    return paper_for_update(session, code, actor=actor), dossiers


def _move_uses(
    session: WriteSession,
    row: PaperRow,
    newer: Evidence,
    dossiers: Sequence[Dossier],
    *,
    actor: Actor,
    at: datetime,
) -> list[str]:
    """Let the open dossiers cite the renewed paper; return their codes."""
    moved = []
    for dossier, criteria in _take_out(session, row.paper, dossiers):
        for criterion in criteria:
            if session.get(EvidenceUse, (dossier.id, criterion, newer.id)) is None:
                session.add(
                    EvidenceUse(
                        dossier_id=dossier.id or 0,
                        criterion_code=criterion,
                        evidence_id=newer.id or 0,
                    )
                )
        _note_dossier(
            session,
            "dossier.evidence_replaced",
            dossier,
            row,
            actor=actor,
            at=at,
            old=row.paper.code,
            new=newer.code,
            criteria=", ".join(criteria),
        )
        moved.append(dossier.code)
    return moved


def _take_out(
    session: WriteSession, paper: Evidence, dossiers: Sequence[Dossier]
) -> list[tuple[Dossier, list[str]]]:
    """End a paper's uses in these dossiers; return which dossiers had it, and under what."""
    here = (
        col(EvidenceUse.evidence_id) == paper.id,
        col(EvidenceUse.dossier_id).in_([dossier.id for dossier in dossiers]),
    )
    criteria: dict[int, list[str]] = {}
    for use in session.exec(
        select(EvidenceUse).where(*here).order_by(col(EvidenceUse.criterion_code))
    ):
        criteria.setdefault(use.dossier_id, []).append(use.criterion_code)
    if criteria:
        session.exec(delete(EvidenceUse).where(*here))
    return [(one, criteria[one.id]) for one in dossiers if one.id in criteria]


def _note(
    session: WriteSession,
    kind: str,
    row: PaperRow,
    *,
    actor: Actor,
    at: datetime,
    **said: Any,
) -> None:
    record(
        session,
        kind,
        subject=row.paper,
        actor=actor,
        at=at,
        on_behalf=is_helper(actor, row.producer),
        **said,
    )


def _note_dossier(
    session: WriteSession,
    kind: str,
    dossier: Dossier,
    row: PaperRow,
    *,
    actor: Actor,
    at: datetime,
    **said: str,
) -> None:
    dossier.version += 1
    record(
        session,
        kind,
        subject=dossier,
        actor=actor,
        at=at,
        on_behalf=is_helper(actor, row.producer),
        **said,
    )
