"""What happens to scoring without network: files handed in and applied, paper keyed in twice."""

from app.domain.packs.actions.paper_sheets import (
    attach_scan,
    discard_paper,
    enter_paper,
    key_paper,
    resolve_paper,
)
from app.domain.packs.actions.returns import apply_return, hand_in, read_answer_file

__all__ = [
    "apply_return",
    "attach_scan",
    "discard_paper",
    "enter_paper",
    "hand_in",
    "key_paper",
    "read_answer_file",
    "resolve_paper",
]
