"""What stands beside a paper: until when it is good, in words and with a colour."""

from dataclasses import dataclass
from datetime import date

from app.domain.dossiers.models import Evidence
from app.domain.wallet.enums import PaperState
from app.domain.wallet.queries import paper_state
from app.domain.wallet.rules import STATE_LABELS, is_urgent

_EXPIRED, _URGENT, _SOON = "bad", "warn", "info"
EXPIRY_LABELS: dict[str, str] = {
    _EXPIRED: "đã hết hạn {day}",
    _URGENT: "hết hạn {day}, còn {left} ngày",
    _SOON: "hết hạn {day}",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence with its parameters and its colour; the sentence says the same without it."""

    template: str
    params: dict[str, str | int]
    tone: str


def mark_of(paper: Evidence, on: date) -> Mark | None:
    """Return what to mark a paper with on a day; nothing while it is good for long, or for ever."""
    state = paper_state(paper, on)
    if state in {PaperState.REPLACED, PaperState.WITHDRAWN}:
        return Mark(STATE_LABELS[state], {}, "")
    if state is PaperState.VALID or paper.expires_on is None:
        return None
    params: dict[str, str | int] = {
        "day": paper.expires_on.strftime("%d/%m/%Y"),
        "left": (paper.expires_on - on).days,
    }
    tone = _SOON
    if state is PaperState.EXPIRED:
        tone = _EXPIRED
    elif is_urgent(paper.expires_on, on):
        tone = _URGENT
    return Mark(EXPIRY_LABELS[tone], params, tone)
