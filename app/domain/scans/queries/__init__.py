"""Reads about scans: the answer to one with how often it was asked for, and the short way there."""

from app.domain.scans.queries.asking import TOLD_FROM, asked_about, look_up_and_count
from app.domain.scans.queries.flags import (
    FlagRow,
    SeenFlag,
    flag_detail,
    flag_for_update,
    flag_out,
    flags_page,
    flags_visible_to,
    seen_flag,
    work_for,
)
from app.domain.scans.queries.glances import Glance, Glances

__all__ = [
    "TOLD_FROM",
    "FlagRow",
    "Glance",
    "Glances",
    "SeenFlag",
    "asked_about",
    "flag_detail",
    "flag_for_update",
    "flag_out",
    "flags_page",
    "flags_visible_to",
    "look_up_and_count",
    "seen_flag",
    "work_for",
]
