"""What happens to a request, one function a step; by whom, see policy.py."""

from datetime import datetime
from typing import Any

from app.core.clock import local_day
from app.core.codes import new_code
from app.core.db import WriteSession
from app.core.errors import Conflict, Invalid, NotFound, check_version
from app.core.text import normal
from app.domain.accounts.models import User
from app.domain.accounts.rules import Actor
from app.domain.audit.actions import record
from app.domain.notices.actions import notify
from app.domain.notices.rules import agency, persons
from app.domain.privacy.actions.erasing import erase
from app.domain.privacy.enums import RequestKind, RequestState, RequestStep
from app.domain.privacy.letters import REQUEST_ANSWERED, REQUEST_CAME
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.policy import (
    AGENCY,
    MustKeep,
    why_not_answer,
    why_not_withdraw,
    why_not_write_down,
)
from app.domain.privacy.queries import (
    how_many_open,
    kept_by_law,
    own_request_for_update,
    person_asked_about,
    request_for_update,
)
from app.domain.privacy.rules import (
    EVENTS,
    INITIAL,
    KIND_LABELS,
    MOST_OPEN,
    RIGHTS,
    due_on,
    state_after,
)
from app.domain.privacy.schemas import (
    AnswerRequest,
    AskAboutData,
    WithdrawRequest,
    WriteDownRequest,
)
from app.domain.producers.queries import get_producer


class TooManyOpen(Conflict):
    """A few requests at a time: each of them has a day by which it is answered."""

    code = "privacy.too_many_open"
    message = "Đang có {most} yêu cầu chờ trả lời. Hãy đợi, hoặc rút bớt yêu cầu."
    basis = RIGHTS


def ask(
    session: WriteSession, data: AskAboutData, *, actor: Actor, at: datetime
) -> PersonalDataRequest:
    """Ask about one's own data; tells the agency, records personal_data_request.received.

    Who represents one producer asks about that one as well.
    """
    if actor.user_id is None:
        raise NotFound
    user = session.get_one(User, actor.user_id)
    own = next(iter(actor.producer_ids)) if len(actor.producer_ids) == 1 else None
    return _received(
        session,
        data,
        PersonalDataRequest(
            **_of(data, at), user_id=user.id, producer_id=own, subject_name=user.name
        ),
        actor=actor,
        at=at,
    )


def write_down(
    session: WriteSession, data: WriteDownRequest, *, actor: Actor, at: datetime
) -> PersonalDataRequest:
    """Write down what somebody without an account asks; records personal_data_request.received.

    An officer of a commune does so for producers of the commune, the agency for anybody.
    """
    refusal = why_not_write_down(actor)
    if refusal:
        raise refusal
    producer = None
    if data.producer:
        try:
            producer = get_producer(session, data.producer.upper(), actor=actor)
        except NotFound as nowhere:
            raise Invalid({"producer": "Không có chủ thể nào mang mã này."}) from nowhere
    elif not actor.has(*AGENCY):
        raise Invalid({"producer": "Hãy ghi mã chủ thể."})
    refusal = why_not_write_down(actor, producer)
    if refusal:
        raise refusal
    return _received(
        session,
        data,
        PersonalDataRequest(
            **_of(data, at),
            producer_id=producer.id if producer else None,
            subject_name=normal(data.subject_name),
            received_by=actor.name[:60],
        ),
        actor=actor,
        at=at,
    )


def withdraw_request(
    session: WriteSession, code: str, data: WithdrawRequest, *, actor: Actor, at: datetime
) -> PersonalDataRequest:
    """Take one's request back; records personal_data_request.withdrawn."""
    request = own_request_for_update(session, code, actor=actor)
    refusal = why_not_withdraw(actor, request)
    if refusal:
        raise refusal
    check_version(data.version, request.version)
    _move(session, request, RequestStep.WITHDRAW, actor=actor, at=at)
    return request


def answer_request(
    session: WriteSession, code: str, data: AnswerRequest, *, actor: Actor, at: datetime
) -> PersonalDataRequest:
    """Answer a request and do what the answer says; tells the person, records the step.

    Erasing deletes and empties what no law keeps, in this transaction. Where something is kept, only
    a part can be granted, and the outcome names it. Basis: Luật 91/2025/QH15, Điều 13, Điều 14.
    """
    request = request_for_update(session, code, actor=actor)
    refusal = why_not_answer(actor, request, data.step)
    if refusal:
        raise refusal
    check_version(data.version, request.version)
    outcome: dict[str, Any] = {}
    if data.step is not RequestStep.REFUSE:
        outcome = _done(session, request, data, at=at)
    request.answer, request.outcome = normal(data.answer), outcome
    _move(session, request, data.step, actor=actor, at=at, outcome=outcome)
    notify(
        session,
        REQUEST_ANSWERED,
        to=persons(request.user_id),
        subject=request,
        actor=actor,
        at=at,
        request=request.code,
    )
    return request


def _of(data: AskAboutData, at: datetime) -> dict[str, Any]:
    return {
        "code": new_code("DL"),
        "kind": data.kind,
        "state": INITIAL,
        "words_of_request": normal(data.words),
        "received_at": at,
        "due_on": due_on(data.kind, local_day(at)),
    }


def _received(
    session: WriteSession,
    data: AskAboutData,
    request: PersonalDataRequest,
    *,
    actor: Actor,
    at: datetime,
) -> PersonalDataRequest:
    is_of_somebody = request.user_id is not None or request.producer_id is not None
    if (
        is_of_somebody
        and how_many_open(session, user_id=request.user_id, producer_id=request.producer_id)
        >= MOST_OPEN
    ):
        raise TooManyOpen(most=MOST_OPEN)
    session.add(request)
    # What was asked stands in the request alone: it is forgotten in time, the log is not.
    record(
        session,
        "personal_data_request.received",
        subject=request,
        actor=actor,
        at=at,
        asked=KIND_LABELS[data.kind],
        due_on=request.due_on,
    )
    notify(
        session,
        REQUEST_CAME,
        to=agency(),
        subject=request,
        actor=actor,
        at=at,
        due_on=request.due_on,
        request=request.code,
    )
    return request


def _done(
    session: WriteSession, request: PersonalDataRequest, data: AnswerRequest, *, at: datetime
) -> dict[str, Any]:
    if request.kind is RequestKind.ERASURE:
        person = person_asked_about(request)
        kept = kept_by_law(session, person, on=local_day(at))
        if kept and data.step is RequestStep.GRANT:
            raise MustKeep
        return {"erased": erase(session, person, kept=kept, at=at), "kept": list(kept)}
    user = session.get(User, request.user_id) if request.user_id is not None else None
    if user is None:
        return {}
    if request.kind is RequestKind.CORRECTION and data.name:
        user.name = normal(data.name)
        return {"corrected": ["name"]}
    if request.kind in {RequestKind.RESTRICTION, RequestKind.OBJECTION}:
        # The work list stays: without it nobody could work. Nothing leaves the house any more.
        user.wants_email = user.wants_sms = False
        return {"stopped": ["email", "sms"]}
    return {}


def _move(
    session: WriteSession,
    request: PersonalDataRequest,
    step: RequestStep,
    *,
    actor: Actor,
    at: datetime,
    **said: object,
) -> None:
    after = state_after(request.state, step)
    if after is None:  # policy refused already
        raise Conflict
    request.state = RequestState(after)
    request.decided_at, request.decided_by = at, actor.name[:60]
    request.version += 1
    record(
        session,
        EVENTS[step],
        subject=request,
        actor=actor,
        at=at,
        asked=KIND_LABELS[request.kind],
        **said,
    )
