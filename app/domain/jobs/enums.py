"""Kinds, states and steps of jobs: closed vocabularies."""

from enum import StrEnum


class JobKind(StrEnum):
    """What is to be done; `app/worker.py` knows how."""

    LABEL_SHEETS = "stamps.label_sheets"
    PRINT_BUNDLE = "stamps.print_bundle"
    FORGET_PRINT_FILES = "stamps.forget_print_files"
    STAMP_BALANCE = "stamps.balance"
    PROVINCE_REPORT = "exports.province_report"
    MASTER_TABLE = "exports.master_table"
    SNAPSHOT = "register.snapshot"
    IMPORT = "imports.apply"
    REMIND = "notices.remind"
    EXPIRE_UPLOADS = "uploads.expire"
    FORGET_PERSONAL = "privacy.forget"
    FORGET_KEYS = "requests.forget"
    SWEEP_FILES = "files.sweep"


class JobState(StrEnum):
    """Where a job is on its way."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"  # tried as often as it may be; a person looks at it and may have it tried again
    CANCELLED = "cancelled"


class JobStep(StrEnum):
    """What moves a job from one state to another."""

    BEGIN = "begin"
    BEGIN_AGAIN = "begin_again"
    FINISH = "finish"
    PUT_OFF = "put_off"
    GIVE_UP = "give_up"
    TRY_AGAIN = "try_again"
    CANCEL = "cancel"


class Every(StrEnum):
    """How often something is done by itself."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
