"""Files of large printings: asked for, made by a job, taken away when the printing is over."""

from datetime import datetime

from app.core.db import WriteSession
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.jobs.actions import drop_waiting, put_down, take_file_away
from app.domain.jobs.enums import JobKind
from app.domain.jobs.models import Job
from app.domain.jobs.queries import jobs_about
from app.domain.stamps.enums import PrintForm
from app.domain.stamps.models import StampPrinting
from app.domain.stamps.policy import why_not_fetch
from app.domain.stamps.queries import PRINT_KINDS, get_batch, get_printing, print_jobs_ended


def ask_print_files(
    session: WriteSession, code: str, printing_code: str, *, actor: Actor, at: datetime
) -> Job:
    """Have the files of an open printing made, once however often it is asked; records job.asked."""
    row = get_batch(session, code, actor=actor)
    printing = get_printing(session, row.batch, printing_code)
    if refusal := why_not_fetch(actor, printing, at):
        raise refusal
    is_for_house = printing.form is PrintForm.PRINT_HOUSE
    return put_down(
        session,
        JobKind.PRINT_BUNDLE if is_for_house else JobKind.LABEL_SHEETS,
        {"batch": code, "printing": printing.code},
        subject_code=printing.code,
        actor=actor,
        at=at,
        occasion=printing.code,
    )


def end_print_files(session: WriteSession, printing: StampPrinting, *, at: datetime) -> None:
    """Let the files of a closed printing be deleted soon, and make none any more."""
    if jobs_about(session, [printing.code], kinds=PRINT_KINDS):
        drop_waiting(session, printing.code, kinds=PRINT_KINDS, at=at)
        put_down(
            session,
            JobKind.FORGET_PRINT_FILES,
            {},
            subject_code=printing.code,
            actor=SYSTEM,
            at=at,
            occasion=printing.code,
        )


def forget_print_files(session: WriteSession, *, at: datetime) -> list[str]:
    """Name the files of printings that are over no more; return their hashes, to be deleted afterwards."""
    return [take_file_away(job) for job in print_jobs_ended(session, at=at)]
