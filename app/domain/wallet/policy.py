"""Who may keep a producer's papers: its own account, and the commune's officer on its behalf."""

from collections.abc import Sequence

from app.core.errors import Conflict, Refusal
from app.domain.accounts.rules import Actor
from app.domain.dossiers.models import Evidence
from app.domain.dossiers.policy import why_not_keep_evidence
from app.domain.producers.models import Producer
from app.domain.wallet.rules import WALLET


class PaperClosed(Conflict):
    """A paper that was replaced or put away stays as it was when dossiers cited it."""

    code = "paper.closed"
    message = "Giấy tờ «{title}» đã được thay hoặc đã thôi dùng, không sửa được nữa."
    basis = WALLET


class PaperNotWithdrawn(Conflict):
    """Only what was put away is taken out again."""

    code = "paper.not_withdrawn"
    message = "Giấy tờ «{title}» không ở tình trạng thôi dùng."


class PaperCited(Conflict):
    """A paper that a dossier cites is part of that dossier."""

    code = "paper.cited"
    message = "Không xóa được: hồ sơ {dossiers} đang dẫn giấy tờ này. Hãy chọn «Thôi dùng»."
    basis = WALLET


class PaperReplacesAnother(Conflict):
    """The history of a renewed paper is not cut."""

    code = "paper.replaces_another"
    message = "Không xóa được: giấy tờ này đã thay một giấy tờ cũ. Hãy chọn «Thôi dùng»."
    basis = WALLET


def why_not_add(actor: Actor, producer: Producer) -> Refusal | None:
    """The producer's own account, or the officer of its commune."""
    return why_not_keep_evidence(actor, producer)


def why_not_change(actor: Actor, paper: Evidence, producer: Producer) -> Refusal | None:
    """What a paper says is corrected, renewed or put away while it is in use."""
    refusal = why_not_keep_evidence(actor, producer)
    if refusal is None and not paper.is_offered:
        return PaperClosed(title=paper.title)
    return refusal


def why_not_restore(actor: Actor, paper: Evidence, producer: Producer) -> Refusal | None:
    """What was put away by mistake is taken out again."""
    refusal = why_not_keep_evidence(actor, producer)
    if refusal is None and paper.withdrawn_at is None:
        return PaperNotWithdrawn(title=paper.title)
    return refusal


def why_not_remove(
    actor: Actor,
    paper: Evidence,
    producer: Producer,
    *,
    cited_in: Sequence[str],
    replaces: bool,
) -> Refusal | None:
    """A paper may go for good when no dossier cites it and it is no part of a history."""
    refusal = why_not_keep_evidence(actor, producer)
    if refusal:
        return refusal
    if cited_in:
        return PaperCited(dossiers=", ".join(cited_in))
    if paper.replaced_by_id is not None:
        return PaperClosed(title=paper.title)
    return PaperReplacesAnother() if replaces else None
