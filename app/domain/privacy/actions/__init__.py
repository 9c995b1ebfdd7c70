"""Asking and answering, erasing, copying out, recording who read, and forgetting in time."""

from app.domain.privacy.actions.asking import (
    TooManyOpen,
    answer_request,
    ask,
    withdraw_request,
    write_down,
)
from app.domain.privacy.actions.copying import copy_for_request, copy_own
from app.domain.privacy.actions.forgetting import apply_retention
from app.domain.privacy.actions.reading import note_reading, noting_later, read_personal

__all__ = [
    "TooManyOpen",
    "answer_request",
    "apply_retention",
    "ask",
    "copy_for_request",
    "copy_own",
    "note_reading",
    "noting_later",
    "read_personal",
    "withdraw_request",
    "write_down",
]
