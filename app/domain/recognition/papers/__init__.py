"""The papers of recognition: decisions, notices of results, sets for the ministry."""

from app.domain.recognition.papers.ministry import (
    Installation,
    SetIncomplete,
    ministry_set,
    why_not_set,
)
from app.domain.recognition.papers.notice import result_notice_paper
from app.domain.recognition.papers.official import (
    MeetingTold,
    decider,
    decision_data,
    decision_paper,
    signer,
)
from app.domain.recognition.papers.replaceable import replaceable_papers

__all__ = [
    "Installation",
    "MeetingTold",
    "SetIncomplete",
    "decider",
    "decision_data",
    "decision_paper",
    "ministry_set",
    "replaceable_papers",
    "result_notice_paper",
    "signer",
    "why_not_set",
]
