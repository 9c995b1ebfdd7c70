"""Who may ask, answer and read about personal data.

Each function returns the refusal instead of raising it: actions raise it, pages grey the button.
"""

from app.core.errors import Conflict, NotPermitted, Refusal
from app.domain.accounts.enums import Role
from app.domain.accounts.rules import Actor
from app.domain.privacy.enums import RequestStep
from app.domain.privacy.models import PersonalDataRequest
from app.domain.privacy.rules import (
    LAW,
    RIGHTS,
    STATE_LABELS,
    STEP_LABELS,
    WITHOUT_CONSENT,
    state_after,
)
from app.domain.producers.models import Producer

AGENCY = (Role.AGENCY_OFFICER, Role.AGENCY_HEAD)
COMMUNE = (Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER)
# See every request; an officer of a commune sees those of the own commune.
SEE_ALL = (*AGENCY, Role.AUDITOR)
READERS = frozenset({*SEE_ALL, Role.COMMUNE_OFFICER})


class NotRequestReader(NotPermitted):
    """Requests are read by those who answer them."""

    code = "privacy.not_reader"
    message = "Chỉ cơ quan OCOP tỉnh, kiểm toán và cán bộ xã được xem yêu cầu của người khác."
    basis = RIGHTS


class NotWriter(NotPermitted):
    """An officer writes down what people of the own commune ask."""

    code = "privacy.not_writer"
    message = "Chỉ cán bộ xã sở tại và cơ quan OCOP tỉnh ghi giúp yêu cầu của chủ thể."
    basis = RIGHTS


class NotAnswerer(NotPermitted):
    """Who keeps the data answers for it."""

    code = "privacy.not_answerer"
    message = "Chỉ cơ quan OCOP tỉnh trả lời yêu cầu về dữ liệu cá nhân."
    basis = RIGHTS


class OwnRequest(NotPermitted):
    """Nobody decides about themselves."""

    code = "privacy.own_request"
    message = "Đồng nghiệp khác phải trả lời yêu cầu của chính bạn."
    basis = RIGHTS


class NotYours(NotPermitted):
    """Only the person withdraws what the person asked."""

    code = "privacy.not_yours"
    message = "Chỉ người yêu cầu rút được yêu cầu."
    basis = RIGHTS


class WrongRequestState(Conflict):
    """The table has no such step from here."""

    code = "privacy.wrong_state"
    message = "Yêu cầu đang ở trạng thái «{state}», không thực hiện được bước «{step}»."
    basis = RIGHTS


class NotNeeded(NotPermitted):
    """The data is for those whose work needs it."""

    code = "privacy.not_needed"
    message = "Chỉ xã sở tại và cơ quan OCOP tỉnh xem dữ liệu cá nhân của chủ thể."
    basis = WITHOUT_CONSENT


class MustKeep(Conflict):
    """A law keeps a part: the answer has to say so."""

    code = "privacy.must_keep"
    message = "Có phần luật buộc giữ. Hãy chọn thực hiện một phần và nói rõ phần được giữ."
    basis = LAW


def why_not_read(actor: Actor) -> Refusal | None:
    """Whether the actor may read requests of others at all."""
    return None if actor.has(*READERS) else NotRequestReader()


def why_not_write_down(actor: Actor, producer: Producer | None = None) -> Refusal | None:
    """The officer of its commune writes down what a producer asks, the agency what anybody asks."""
    if actor.has(*AGENCY):
        return None
    if not actor.has(Role.COMMUNE_OFFICER):
        return NotWriter()
    if producer is not None and not actor.has_in_unit(producer.commune_code, Role.COMMUNE_OFFICER):
        return NotWriter()
    return None


def why_not_answer(
    actor: Actor, request: PersonalDataRequest, step: RequestStep = RequestStep.REFUSE
) -> Refusal | None:
    """The agency answers, nobody about themselves, once."""
    if not actor.has(*AGENCY):
        return NotAnswerer()
    if request.user_id is not None and request.user_id == actor.user_id:
        return OwnRequest()
    return _why_not_step(request, step)


def why_not_withdraw(actor: Actor, request: PersonalDataRequest) -> Refusal | None:
    """The person withdraws what was not answered yet."""
    if request.user_id is None or request.user_id != actor.user_id:
        return NotYours()
    return _why_not_step(request, RequestStep.WITHDRAW)


def needs_recording(actor: Actor, producer: Producer) -> bool:
    """Tell whether it is noted that this actor reads what is personal: not a producer's own data."""
    return not actor.acts_for(producer.id)


def why_not_read_personal(actor: Actor, producer: Producer) -> Refusal | None:
    """A producer reads its own; its commune and the agency what their work needs, each time recorded."""
    if (
        actor.acts_for(producer.id)
        or actor.has_in_unit(producer.commune_code, *COMMUNE)
        or actor.has(*AGENCY)
    ):
        return None
    return NotNeeded()


def _why_not_step(request: PersonalDataRequest, step: RequestStep) -> Refusal | None:
    if state_after(request.state, step) is None:
        return WrongRequestState(state=STATE_LABELS[request.state], step=STEP_LABELS[step])
    return None
