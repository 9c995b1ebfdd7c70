"""Agendas and written opinions over JSON: before a meeting opens, and instead of one (art. 7.6.d)."""

from pydantic import BaseModel, Field

from app.api.councils import ItemCode, MeetingCode, Reading, RoundCode, Writing
from app.api.deps import Call, api_router
from app.core.clock import local_day
from app.domain.councils.actions import (
    add_to_agenda,
    arrange_agenda,
    end_collection,
    extend_opinion,
    open_opinion,
    put_to_meeting,
    remind_members,
    take_off,
    wish_for_meeting,
)
from app.domain.councils.queries import get_item, get_meeting, get_round, not_taken_in, schedulable
from app.domain.councils.schemas import (
    AddToAgenda,
    ArrangeAgenda,
    EndCollection,
    ExtendOpinion,
    ItemDetailOut,
    MeetingOut,
    OpenOpinion,
    PutToMeeting,
    TakeOffAgenda,
    WishForMeeting,
)
from app.domain.dossiers.schemas import DossierOut

router = api_router(tags=["councils"])


class Reminded(BaseModel):
    """How many members were reminded now; nobody is reminded twice on a day."""

    reminded: int = Field(examples=[2])


# --- before a meeting -------------------------------------------------------------------------


@router.get("/rounds/{code}/proposals", summary="Đề nghị của đợt mà tỉnh chưa tiếp nhận")
def proposals(call: Reading, code: RoundCode) -> list[DossierOut]:
    """List what communes proposed in time for a round and the province has not accepted yet."""
    day = local_day(call.at)
    row = get_round(call.session, code, actor=call.actor)
    return [one.out(day) for one in not_taken_in(call.session, row, actor=call.actor)]


@router.put("/meetings/{code}/agenda", summary="Sắp xếp chương trình phiên họp")
def arrange(call: Writing, code: MeetingCode, data: ArrangeAgenda) -> MeetingOut:
    """Give the whole agenda its order, each dossier its day."""
    arrange_agenda(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, code)


@router.post("/meetings/{code}/agenda", summary="Thêm hồ sơ vào chương trình")
def add(call: Writing, code: MeetingCode, data: AddToAgenda) -> MeetingOut:
    """Put further dossiers at the end of the agenda, with the reason."""
    add_to_agenda(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, code)


@router.post("/items/{code}/take-off", summary="Rút hồ sơ khỏi chương trình")
def remove(call: Writing, code: ItemCode, data: TakeOffAgenda) -> MeetingOut:
    """Take a dossier off the agenda, with the reason; it waits for another meeting."""
    meeting = take_off(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, meeting.code)


# --- written opinions -------------------------------------------------------------------------


@router.get("/renewals/waiting", summary="Hồ sơ đánh giá lại chờ Hội đồng")
def waiting_renewals(call: Reading) -> list[DossierOut]:
    """List the accepted renewals on which no opinion is asked yet, for the province."""
    day = local_day(call.at)
    return [one.out(day) for one in schedulable(call.session, None, actor=call.actor)]


@router.post("/opinions", status_code=201, summary="Lấy ý kiến bằng văn bản")
def ask(call: Writing, data: OpenOpinion) -> MeetingOut:
    """Ask a council in writing about renewals; afterwards it is read and closed like a meeting."""
    meeting = open_opinion(
        call.session,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, meeting.code)


@router.post("/meetings/{code}/remind", summary="Nhắc thành viên chưa gửi ý kiến")
def remind(call: Writing, code: MeetingCode) -> Reminded:
    """Remind everybody whose opinion is missing."""
    told = remind_members(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return Reminded(reminded=told)


@router.post("/meetings/{code}/extend", summary="Lùi hạn gửi ý kiến")
def extend(call: Writing, code: MeetingCode, data: ExtendOpinion) -> MeetingOut:
    """Give members until a later day; what had lapsed may be filled in again."""
    extend_opinion(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, code)


@router.post("/meetings/{code}/end-collection", summary="Kết thúc nhận ý kiến")
def end(call: Writing, code: MeetingCode, data: EndCollection) -> MeetingOut:
    """End the collection after its day; sheets that are not handed in lapse."""
    end_collection(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _meeting(call, code)


@router.post("/items/{code}/wish", status_code=201, summary="Đề nghị họp trực tiếp")
def wish(call: Writing, code: ItemCode, data: WishForMeeting) -> ItemDetailOut:
    """Ask that a renewal be discussed in a meeting instead."""
    wish_for_meeting(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, code)


@router.post("/items/{code}/to-meeting", summary="Chuyển hồ sơ đánh giá lại ra họp")
def to_meeting(call: Writing, code: ItemCode, data: PutToMeeting) -> ItemDetailOut:
    """Put a renewal before a meeting; the opinions given so far are kept."""
    put_to_meeting(
        call.session,
        code,
        data,
        actor=call.actor,
        at=call.at,
        council_rules_dir=call.settings.council_rules_dir,
    )
    return _item(call, code)


def _meeting(call: Call, code: str) -> MeetingOut:
    return get_meeting(
        call.session, code, actor=call.actor, rules_dir=call.settings.council_rules_dir
    ).out()


def _item(call: Call, code: str) -> ItemDetailOut:
    return get_item(
        call.session, code, actor=call.actor, rules_dir=call.settings.council_rules_dir
    ).out()
