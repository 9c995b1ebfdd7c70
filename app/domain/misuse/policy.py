"""Who may read reports, work on them, and read how to reach a reporter.

Each function returns the refusal instead of raising it: actions raise it, pages grey the button.
"""

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.misuse.enums import ReportState, ReportStep
from app.domain.misuse.models import MisuseReport
from app.domain.misuse.rules import (
    PERSONAL_DATA,
    STATE_LABELS,
    STEP_LABELS,
    WATCHING,
    state_after,
)

AGENCY = (Role.AGENCY_OFFICER, Role.AGENCY_HEAD)
WORKERS = (*AGENCY, Role.INSPECTOR)
# See every report; an officer of a commune sees those of the commune.
SEE_ALL = (*WORKERS, Role.AUDITOR)
READERS = frozenset({*SEE_ALL, Role.COMMUNE_OFFICER})


class NotReader(NotPermitted):
    """Reports are for those who watch over the mark."""

    code = "misuse.not_reader"
    message = "Chỉ cơ quan OCOP tỉnh, kiểm soát viên thị trường, kiểm toán và cán bộ xã được xem phản ánh."
    basis = WATCHING


class NotWorker(NotPermitted):
    """Reports are checked by the agency and by market surveillance."""

    code = "misuse.not_worker"
    message = "Chỉ cơ quan OCOP tỉnh và kiểm soát viên thị trường kiểm tra phản ánh."
    basis = WATCHING


class NotTakenByYou(Conflict):
    """Whoever works on a report took it first, so that everybody knows who does."""

    code = "misuse.not_taken_by_you"
    message = "Hãy nhận kiểm tra phản ánh này trước."
    basis = WATCHING


class TakenAlready(Conflict):
    """It is yours already."""

    code = "misuse.taken_already"
    message = "Bạn đang kiểm tra phản ánh này."
    basis = WATCHING


class WrongReportState(Conflict):
    """The table has no such step from here."""

    code = "misuse.wrong_state"
    message = "Phản ánh đang ở trạng thái «{state}», không thực hiện được bước «{step}»."
    basis = WATCHING


class NoContact(Conflict):
    """The reporter left none, or is forgotten."""

    code = "misuse.no_contact"
    message = "Người phản ánh không để lại liên hệ, hoặc liên hệ đã được xóa."
    basis = PERSONAL_DATA


class NotAgency(NotPermitted):
    """Who keeps the data answers for deleting it."""

    code = "misuse.not_agency"
    message = "Chỉ cơ quan OCOP tỉnh xóa liên hệ của người phản ánh."
    basis = PERSONAL_DATA


def why_not_read(actor: Actor) -> Refusal | None:
    """Whether the actor may read any report at all."""
    return None if actor.has(*READERS) else NotReader()


def is_mine(actor: Actor, report: MisuseReport) -> bool:
    """Tell whether this actor checks the report at present."""
    return report.taken_by_id is not None and report.taken_by_id == actor.user_id


def why_not_step(actor: Actor, report: MisuseReport, step: ReportStep) -> Refusal | None:
    """Anybody at work on reports takes one; whoever took it takes every further step.

    A report that nobody took yet may be joined to another one at once.
    """
    if not actor.has(*WORKERS):
        return NotWorker()
    if state_after(report.state, step) is None:
        return WrongReportState(state=STATE_LABELS[report.state], step=STEP_LABELS[step])
    mine = is_mine(actor, report)
    if step is ReportStep.TAKE:
        return TakenAlready() if mine and report.state is ReportState.CHECKING else None
    if step is ReportStep.JOIN and report.state is ReportState.RECEIVED:
        return None
    return None if mine else NotTakenByYou()


def why_not_name_certificate(actor: Actor, report: MisuseReport) -> Refusal | None:
    """Whoever checks a report may find out which certificate it is about."""
    return why_not_step(actor, report, ReportStep.CLOSE)


def why_not_read_contact(actor: Actor, report: MisuseReport) -> Refusal | None:
    """Only whoever works on a report reads how to reach its reporter, also once it has ended."""
    if not actor.has(*WORKERS):
        return NotWorker(basis=PERSONAL_DATA)
    if not is_mine(actor, report):
        return NotTakenByYou(basis=PERSONAL_DATA)
    return None if report.has_contact else NoContact()


def why_not_forget(actor: Actor, report: MisuseReport) -> Refusal | None:
    """The agency deletes a reporter's contact when asked to, whatever state the report is in."""
    if not actor.has(*AGENCY):
        return NotAgency()
    return None if report.has_contact else NoContact()


def sees_position(actor: Actor) -> bool:
    """Whether the actor sees where a photo was taken, where its reporter gave that."""
    return actor.has(*WORKERS)
