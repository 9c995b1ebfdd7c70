"""What the province asks to complete before it evaluates, and the answers of producer and commune."""

from datetime import datetime

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Invalid, Refused, check_version
from app.core.text import normal
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.dossiers.actions.filing import DossierIncomplete
from app.domain.dossiers.actions.moving import move
from app.domain.dossiers.enums import CheckedPart, DossierPart, Step
from app.domain.dossiers.models import CompletionRequest, Dossier, ProvinceCheck
from app.domain.dossiers.policy import (
    answers_for,
    why_not_check_at_province,
    why_not_complete,
    why_not_recall_request,
    why_not_request_completion,
)
from app.domain.dossiers.queries import (
    completion_requests_of,
    dossier_for_update,
    find_advice,
    find_check,
    pending_request,
    self_assessment,
)
from app.domain.dossiers.rules import CHECKED_LABELS, PROVINCE_INTAKE
from app.domain.dossiers.schemas import (
    AnswerCompletion,
    CheckAtProvince,
    RecallRequest,
    RequestCompletion,
)
from app.domain.producers.policy import is_helper

ANSWER_MESSAGES = {
    "not_asked": "Tỉnh không yêu cầu hoàn thiện phần này.",
    "of_the_commune": "Phần này do Ủy ban nhân dân xã trả lời.",
}


class CompletionUnanswered(Refused):
    """Everything that was asked for is answered before the dossier goes back."""

    code = "dossier.completion_unanswered"
    message = "Chưa trả lời yêu cầu về: {parts}."
    basis = PROVINCE_INTAKE


def check_at_province(
    session: WriteSession, code: str, data: CheckAtProvince, *, actor: Actor, at: datetime
) -> Dossier:
    """Keep the agency's check of every part; records dossier.checked_at_province.

    Basis: 26/2026/QĐ-TTg art. 7.3.a. A later check replaces it until completion is asked for.
    """
    dossier = dossier_for_update(session, code, actor=actor).dossier
    if refusal := why_not_check_at_province(actor, dossier):
        raise refusal
    check_version(data.version, dossier.version)
    check = find_check(session, dossier)
    if check is None:
        check = ProvinceCheck(
            dossier_id=dossier.id or 0,
            ordinal=len(completion_requests_of(session, dossier)),
            version=0,
            checked_by=actor.name,
            checked_at=at,
        )
    check.items = [
        {
            "part": item.part.value,
            "lacks": "" if item.is_complete else normal(item.note),
            "note": normal(item.note) if item.is_complete else "",
        }
        for item in data.items
    ]
    check.checked_by, check.checked_at = actor.name, at
    check.version += 1
    session.add(check)
    dossier.version += 1
    record(
        session,
        "dossier.checked_at_province",
        subject=dossier,
        actor=actor,
        at=at,
        items=check.items,
    )
    return dossier


def request_completion(
    session: WriteSession, code: str, data: RequestCompletion, *, actor: Actor, at: datetime
) -> CompletionRequest:
    """Ask producer and commune to complete what is named; records dossier.completion_requested.

    The parts named are open to the applicant until the dossier is sent back. A signed advisory
    report loses its signature: what it was about may change.
    """
    dossier = dossier_for_update(session, code, actor=actor).dossier
    if refusal := why_not_request_completion(actor, dossier):
        raise refusal
    check_version(data.version, dossier.version)
    if data.due_on <= local_day(at):
        raise Invalid({"due_on": "Hạn hoàn thiện phải sau hôm nay."})
    request = CompletionRequest(
        code=new_code("YC"),
        dossier_id=dossier.id or 0,
        ordinal=len(completion_requests_of(session, dossier)) + 1,
        letter_number=normal(data.letter_number),
        due_on=data.due_on,
        items=[
            {
                "part": item.part.value,
                "addressee": item.addressee.value,
                "reason": normal(item.reason),
                "answer": "",
                "answered_by": "",
            }
            for item in data.items
        ],
        requested_by=actor.name,
        requested_at=at,
    )
    session.add(request)
    advice = find_advice(session, dossier)
    if advice is not None and advice.signed_at is not None:
        advice.signed_by, advice.signed_at = None, None
        advice.version += 1
    own_parts = {part.value for part in DossierPart}
    dossier.asked_parts = [item.part.value for item in data.items if item.part.value in own_parts]
    dossier.completion_due_on = data.due_on
    move(
        session,
        dossier,
        Step.REQUEST_COMPLETION,
        actor=actor,
        at=at,
        request=request.code,
        letter_number=request.letter_number,
        due_on=request.due_on,
        items=request.items,
    )
    return request


def answer_completion(
    session: WriteSession, code: str, data: AnswerCompletion, *, actor: Actor, at: datetime
) -> Dossier:
    """Keep answers, and send the dossier back when asked to; records dossier.completion_answered.

    Sent back (dossier.completed) it is proposed as before: the day of the commune's proposal stays,
    because art. 5.1 counts that day and art. 7.3.a lets the province have a proposal completed.
    Refused: an answer that somebody else must give, sending while one is lacking or while the
    dossier would not be complete (art. 6.1).
    """
    row = dossier_for_update(session, code, actor=actor)
    dossier = row.dossier
    if refusal := why_not_complete(actor, dossier):
        raise refusal
    check_version(data.version, dossier.version)
    request = pending_request(session, dossier)
    answered = _store_answers(dossier, request, data, actor=actor)
    helped = is_helper(actor, row.producer)
    if answered:
        dossier.version += 1
        record(
            session,
            "dossier.completion_answered",
            subject=dossier,
            actor=actor,
            at=at,
            request=request.code,
            items=answered,
            on_behalf=helped,
        )
    if not data.send:
        return dossier
    open_parts = [
        CHECKED_LABELS[CheckedPart(item["part"])] for item in request.items if not item["answer"]
    ]
    if open_parts:
        raise CompletionUnanswered(parts=", ".join(open_parts))
    if missing := self_assessment(session, row, actor=actor).missing_on(local_day(at)):
        raise DossierIncomplete(missing)
    request.answered_at = at
    dossier.asked_parts, dossier.completion_due_on = [], None
    return move(
        session,
        dossier,
        Step.COMPLETE,
        actor=actor,
        at=at,
        request=request.code,
        on_behalf=helped,
    )


def recall_request(
    session: WriteSession, code: str, data: RecallRequest, *, actor: Actor, at: datetime
) -> Dossier:
    """Take a request back with the reason; the dossier is proposed as it was.

    Records dossier.completion_recalled. The law sets no end to waiting, so somebody must.
    """
    dossier = dossier_for_update(session, code, actor=actor).dossier
    if refusal := why_not_recall_request(actor, dossier):
        raise refusal
    check_version(data.version, dossier.version)
    request = pending_request(session, dossier)
    request.recalled_at, request.recall_reason = at, normal(data.reason)
    dossier.asked_parts, dossier.completion_due_on = [], None
    return move(
        session,
        dossier,
        Step.RECALL_REQUEST,
        actor=actor,
        at=at,
        request=request.code,
        reason=request.recall_reason,
    )


def _store_answers(
    dossier: Dossier, request: CompletionRequest, data: AnswerCompletion, *, actor: Actor
) -> list[str]:
    """Put new answers into the request and return the parts they are about."""
    own = set(answers_for(actor, dossier, request))
    places = {item["part"]: place for place, item in enumerate(request.items)}
    wrong, items, changed = {}, [dict(item) for item in request.items], []
    for given in data.answers:
        place = places.get(given.part.value)
        text = normal(given.answer)
        if place is None:
            wrong[given.part.value] = ANSWER_MESSAGES["not_asked"]
        elif text == items[place]["answer"]:
            continue
        elif place not in own:
            wrong[given.part.value] = ANSWER_MESSAGES["of_the_commune"]
        else:
            items[place] |= {"answer": text, "answered_by": actor.name}
            changed.append(given.part.value)
    if wrong:
        raise Invalid(wrong, code="dossier.not_asked")
    if changed:
        request.items = items
    return changed
