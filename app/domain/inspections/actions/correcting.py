"""What was found and can be mended: asked for with a day, answered, accepted or refused."""

from datetime import date, datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, check_version
from app.core.files import StoredFile
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.inspections.actions.telling import (
    tell_answered,
    tell_correction_asked,
    tell_refused,
)
from app.domain.inspections.enums import CorrectionState, CorrectionStep, Finding, InspectionState
from app.domain.inspections.models import CheckedItem, CorrectionAnswer
from app.domain.inspections.policy import why_not_answer, why_not_ask_correction, why_not_judge
from app.domain.inspections.queries import (
    InspectionRow,
    inspection_for_update,
    items_of,
    next_due,
    team_of,
)
from app.domain.inspections.rules import (
    CHECKING,
    CORRECTION_LABELS,
    CORRECTION_MOVES,
    LONGEST_CORRECTION_DAYS,
)
from app.domain.inspections.schemas import AnswerCorrection, AskCorrection, JudgeCorrection
from app.domain.producers.policy import is_helper

LONGEST_FILE_NAME = 200


class WrongCorrectionState(Conflict):
    """A finding is answered while it waits, and judged once it was answered."""

    code = "inspection.correction_state"
    message = "Nội dung khắc phục đang ở trạng thái «{state}», không thực hiện được việc này."
    basis = CHECKING


def ask_correction(
    session: WriteSession, code: str, data: AskCorrection, *, actor: Actor, at: datetime
) -> InspectionRow:
    """Set what is to be mended until a day; records inspection.correction_asked.

    Only what was found not kept; the producer's side is told.
    """
    on = local_day(at)
    row = inspection_for_update(session, code, actor=actor, on=on)
    inspection = row.inspection
    if refusal := why_not_ask_correction(actor, inspection, team_of(session, inspection)):
        raise refusal
    check_version(data.version, inspection.version)
    _check_due(data.due_on, on)
    items = items_of(session, inspection)
    wanted = list(dict.fromkeys(data.items))
    for item in wanted:
        if item not in items or items[item].finding is not Finding.NOT_KEPT:
            raise Invalid({"items": "Chỉ yêu cầu khắc phục nội dung không duy trì."})
    for item in wanted:
        items[item].correction = CorrectionState.ASKED
        items[item].demand = data.demand
        items[item].due_on = data.due_on
    inspection.state = InspectionState.CORRECTING
    inspection.correction_due_on = data.due_on
    inspection.version += 1
    record(
        session,
        "inspection.correction_asked",
        subject=inspection,
        actor=actor,
        at=at,
        items=wanted,
        day=f"{data.due_on:%d/%m/%Y}",
        demand=data.demand,
    )
    tell_correction_asked(session, row, len(wanted), data.due_on, actor=actor, at=at)
    return row


def answer_correction(
    session: WriteSession,
    code: str,
    data: AnswerCorrection,
    stored: StoredFile | None = None,
    *,
    file_name: str = "",
    actor: Actor,
    at: datetime,
) -> CorrectionAnswer:
    """Answer one finding, with a paper or photo where there is one; records inspection.correction_answered.

    A late answer still counts until the agency concludes; a further answer stands beside the first.
    """
    row = inspection_for_update(session, code, actor=actor, on=local_day(at))
    inspection = row.inspection
    if refusal := why_not_answer(actor, inspection, row.producer):
        raise refusal
    check_version(data.version, inspection.version)
    item = _item_at(session, row, data.item, CorrectionStep.ANSWER)
    answer = CorrectionAnswer(
        code=new_code("KP"),
        inspection_id=inspection.id or 0,
        item=data.item,
        ordinal=len(_answers(session, row, data.item)) + 1,
        text=data.text,
        sha256=stored.sha256 if stored else None,
        media_type=stored.media_type if stored else "",
        file_name=(normal(file_name)[:LONGEST_FILE_NAME] or "minh-chung") if stored else "",
        answered_at=at,
        answered_by=actor.name,
        on_behalf=is_helper(actor, row.producer),
    )
    session.add(answer)
    item.correction = CorrectionState.ANSWERED
    inspection.version += 1
    record(
        session,
        "inspection.correction_answered",
        subject=inspection,
        actor=actor,
        at=at,
        item=data.item,
        answer=answer.code,
        sha256=answer.sha256,
        on_behalf=answer.on_behalf,
    )
    tell_answered(session, row, team_of(session, inspection), answer.code, actor=actor, at=at)
    return answer


def judge_correction(
    session: WriteSession, code: str, data: JudgeCorrection, *, actor: Actor, at: datetime
) -> InspectionRow:
    """Accept the newest answer to a finding, or refuse it with a reason and another day.

    Records inspection.correction_accepted or inspection.correction_refused.
    """
    on = local_day(at)
    row = inspection_for_update(session, code, actor=actor, on=on)
    inspection = row.inspection
    if refusal := why_not_judge(actor, inspection):
        raise refusal
    check_version(data.version, inspection.version)
    step = CorrectionStep.ACCEPT if data.accepted else CorrectionStep.REFUSE
    item = _item_at(session, row, data.item, step)
    if not data.accepted:
        _check_refusal(data, on)
    answer = _answers(session, row, data.item)[-1]
    answer.accepted, answer.judgement = data.accepted, data.judgement
    answer.judged_at, answer.judged_by = at, actor.name
    item.correction = CorrectionState.ACCEPTED if data.accepted else CorrectionState.REFUSED
    if data.due_on is not None and not data.accepted:
        item.due_on = data.due_on
    session.flush()
    inspection.correction_due_on = next_due(session, inspection)
    inspection.version += 1
    record(
        session,
        "inspection.correction_accepted" if data.accepted else "inspection.correction_refused",
        subject=inspection,
        actor=actor,
        at=at,
        item=data.item,
        answer=answer.code,
        reason=data.judgement,
        day=f"{item.due_on:%d/%m/%Y}" if item.due_on else "",
    )
    if not data.accepted and item.due_on is not None:
        tell_refused(session, row, answer.code, item.due_on, actor=actor, at=at)
    return row


def _check_due(due_on: date, on: date, *, field: str = "due_on") -> None:
    if due_on <= on:
        raise Invalid({field: "Hạn khắc phục phải sau hôm nay."})
    if due_on > on + timedelta(days=LONGEST_CORRECTION_DAYS):
        raise Invalid({field: "Hạn khắc phục xa quá 180 ngày."})


def _check_refusal(data: JudgeCorrection, on: date) -> None:
    if not data.judgement:
        raise Invalid({"judgement": "Hãy ghi vì sao chưa đạt."})
    if data.due_on is None:
        raise Invalid({"due_on": "Hãy ghi hạn mới."})
    _check_due(data.due_on, on)


def _item_at(
    session: WriteSession, row: InspectionRow, code: str, step: CorrectionStep
) -> CheckedItem:
    """Return a finding at which this step may be taken."""
    item = session.get(CheckedItem, (row.inspection.id, code))
    if item is None or item.correction is None:
        raise Invalid({"item": "Nội dung này không phải khắc phục."})
    if not any(one.step == step and one.before == item.correction for one in CORRECTION_MOVES):
        raise WrongCorrectionState(state=CORRECTION_LABELS[item.correction])
    return item


def _answers(session: WriteSession, row: InspectionRow, item: str) -> list[CorrectionAnswer]:
    return list(
        session.exec(
            select(CorrectionAnswer)
            .where(
                col(CorrectionAnswer.inspection_id) == row.inspection.id,
                col(CorrectionAnswer.item) == item,
            )
            .order_by(col(CorrectionAnswer.ordinal))
        ).all()
    )
