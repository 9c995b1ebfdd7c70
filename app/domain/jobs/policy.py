"""Who sees jobs: one's own everybody, all of them whoever looks after the system. The latter mend them."""

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import SYSTEM, Actor
from app.domain.jobs.enums import JobKind, JobState
from app.domain.jobs.models import Job

# What these make is the agency's, whoever of it asked.
OF_AGENCY = frozenset(
    {JobKind.LABEL_SHEETS, JobKind.PRINT_BUNDLE, JobKind.PROVINCE_REPORT, JobKind.MASTER_TABLE}
)
CARETAKERS = frozenset({Role.AGENCY_OFFICER, Role.AGENCY_HEAD, Role.ADMINISTRATOR})


class NotCaretaker(NotPermitted):
    """All jobs are the business of the agency and the administrator."""

    code = "job.not_yours"
    message = "Chỉ cơ quan OCOP tỉnh và quản trị hệ thống xem được mọi việc nền."


class NotDead(Conflict):
    """Only what was given up is begun anew by hand."""

    code = "job.not_dead"
    message = "Việc này không ở tình trạng «không làm được»."


class NotWaiting(Conflict):
    """What runs is let run, what is over is over."""

    code = "job.not_waiting"
    message = "Chỉ hủy được việc đang chờ."


class OwnerGone(NotPermitted):
    """Whoever asked for the job has no account any more."""

    code = "job.owner_gone"
    message = "Tài khoản đã giao việc này không còn mở."


def is_caretaker(actor: Actor) -> bool:
    """Tell whether this actor looks after all jobs; whoever types commands on the machine does."""
    return actor == SYSTEM or actor.has(*CARETAKERS)


def why_not_see_all(actor: Actor) -> Refusal | None:
    """Agency and administrator look after jobs."""
    return None if is_caretaker(actor) else NotCaretaker()


def sees(actor: Actor, job: Job) -> bool:
    """Tell whether this actor may see a job: one's own, or all."""
    return is_caretaker(actor) or (actor.user_id is not None and job.user_id == actor.user_id)


def may_fetch(actor: Actor, job: Job) -> bool:
    """Tell whether what a job made is this actor's to fetch: one's own; files of all for the agency."""
    is_own = actor.user_id is not None and job.user_id == actor.user_id
    return is_own or (job.kind in OF_AGENCY and actor.has(Role.AGENCY_OFFICER, Role.AGENCY_HEAD))


def why_not_try_again(actor: Actor, job: Job) -> Refusal | None:
    """Say why a job may not be begun anew: who sees it may, once it was given up."""
    if not sees(actor, job):
        return NotCaretaker()
    return None if job.state is JobState.DEAD else NotDead()


def why_not_cancel(actor: Actor, job: Job) -> Refusal | None:
    """Say why a job may not be cancelled: who sees it may, while it waits."""
    if not sees(actor, job):
        return NotCaretaker()
    return None if job.state is JobState.WAITING else NotWaiting()
