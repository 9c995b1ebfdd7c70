"""Two people stand for a result: the secretary certifies the tally, then whoever presides locks."""

from sqlmodel import col, select

from app.core.db import WriteSession
from app.core.errors import NotFound, NotPermitted, Refused, StaleVersion
from app.domain.councils.actions import (
    certify_item,
    lock_item,
    open_meeting,
    recuse_sheet,
    rescore_item,
)
from app.domain.councils.enums import SheetState
from app.domain.councils.models import AgendaItem
from app.domain.councils.queries import get_item
from app.domain.councils.schemas import (
    CertifyItem,
    LockItem,
    OpenMeeting,
    RecuseSheet,
    RescoreItem,
)
from tests.conftest import AT
from tests.domain.councils.board import (
    by,
    confirm_all,
    events,
    hand_in,
    lock_with,
    opened,
    refused,
    take_back,
    with_total,
)
from tests.factories.councils import (
    CHAIR,
    SECRETARY,
    certify,
    items_of,
    make_meeting,
    score,
    score_all,
    sheets_of,
)
from tests.factories.people import People


def locks(session: WriteSession, people: People, item: AgendaItem, note: str = "") -> None:
    lock_item(
        session,
        item.code,
        LockItem(version=item.version, divergence_note=note),
        **by(people.council_member(CHAIR)),
    )


def test_a_result_has_the_name_of_who_certified_and_of_who_locked(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    with refused(Refused, code="item.not_certified", says="Thư ký", basis="Điều 7.3.d"):
        locks(session, people, item)
    certify(session, people, item)
    locks(session, people, item)
    assert item.certified_by == people.council_member(SECRETARY).name
    assert item.locked_by == people.council_member(CHAIR).name
    assert item.certified_at == item.locked_at == AT
    (event,) = events(session, "item.certified")
    assert event.data["scoring_round"] == 1
    assert "average" not in event.data


def test_only_the_secretary_certifies_and_on_the_version_seen(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    for actor in (people.council_member(CHAIR), people.council_member(3), people.agency()):
        with refused(NotPermitted, code="item.not_certifying", says="không tự xác nhận"):
            certify_item(session, item.code, CertifyItem(version=item.version), **by(actor))
    with refused(NotFound, code="not_found"):
        certify_item(session, item.code, CertifyItem(version=1), **by(people.officer()))
    with refused(StaleVersion, code="stale_version"):
        certify_item(
            session, item.code, CertifyItem(version=9), **by(people.council_member(SECRETARY))
        )


def test_nothing_is_certified_while_a_sheet_is_missing(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    for number, sheet in zip((1, 3, 4), sheets_of(session, item), strict=False):
        score(session, people, sheet, people.council_member(number))
    with refused(Refused, code="item.sheets_missing", says="3/5"):
        certify(session, people, item)


def test_a_changed_sheet_makes_the_certificate_stale_and_the_same_sheet_does_not(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item, answers=with_total(75))
    certify(session, people, item)
    sheet = sheets_of(session, item)[1]
    take_back(session, people, sheet, 3)
    with refused(Refused, code="item.sheets_missing"):
        locks(session, people, item)
    score(session, people, sheet, people.council_member(3), answers=with_total(76))
    with refused(Refused, code="item.certified_otherwise", says="cần xác nhận lại"):
        locks(session, people, item)
    take_back(session, people, sheet, 3)
    score(session, people, sheet, people.council_member(3), answers=with_total(75))
    locks(session, people, item)
    assert item.certified_by == people.council_member(SECRETARY).name


def test_a_recusal_after_the_certificate_makes_it_stale(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    score_all(session, people, item)
    certify(session, people, item)
    sheet = take_back(session, people, sheets_of(session, item)[1], 3)
    recuse_sheet(
        session,
        sheet.code,
        RecuseSheet(reason="Có góp vốn.", version=sheet.version),
        **by(people.council_member(3)),
    )
    assert sheet.state is SheetState.RECUSED
    with refused(Refused, code="item.certified_otherwise"):
        locks(session, people, item)


def test_differences_that_stay_are_certified_and_explained_by_the_chair(
    session: WriteSession, people: People
) -> None:
    item = opened(session, people)
    each = [with_total(total) for total in (75, 75, 75, 75, 86)]
    score_all(session, people, item, each=each)
    confirm_all(session, people, item)
    with refused(Refused, code="item.divergent"):
        certify(session, people, item)
    rescore_item(
        session,
        item.code,
        RescoreItem(reason="Chênh nhau 11 điểm.", version=item.version),
        **by(people.council_member(CHAIR)),
    )
    with refused(Refused, code="item.sheets_missing"):
        certify(session, people, item)
    for number, sheet in zip((1, 3, 4, 5, 6), sheets_of(session, item), strict=True):
        hand_in(session, people, sheet, number)
    confirm_all(session, people, item)
    certify(session, people, item)
    with refused(Refused, code="item.divergence_unexplained"):
        locks(session, people, item)
    locks(session, people, item, "Hội đồng giữ nguyên ý kiến.")


def test_who_stands_in_for_an_absent_secretary_certifies_and_sees_the_tally(
    session: WriteSession, people: People
) -> None:
    meeting = make_meeting(session, people)
    open_meeting(
        session,
        meeting.code,
        OpenMeeting(present=[f"hoidong{n}" for n in (1, 3, 4, 5, 6)], version=meeting.version),
        **by(people.council_member(CHAIR)),
    )
    item = items_of(session, meeting)[0]
    score_all(session, people, item)
    stands_in = people.council_member(4)
    assert get_item(session, item.code, actor=stands_in).settling is not None
    assert get_item(session, item.code, actor=stands_in).certifies
    with refused(NotPermitted, code="item.not_certifying"):
        certify_item(
            session,
            item.code,
            CertifyItem(version=item.version),
            **by(people.council_member(CHAIR)),
        )
    certify_item(session, item.code, CertifyItem(version=item.version), **by(stands_in))
    locks(session, people, item)
    assert item.certified_by == stands_in.name


def test_median_and_spread_stand_beside_the_average(session: WriteSession, people: People) -> None:
    item = opened(session, people)
    totals = [75, 76, 77, 78, 80]
    score_all(session, people, item, each=[with_total(total) for total in totals])
    confirm_all(session, people, item)
    result = lock_with(session, people, item)
    assert (result.median_numerator, result.median_denominator, result.spread) == (77, 1, 5)
    kept = session.exec(select(AgendaItem).where(col(AgendaItem.id) == item.id)).one()
    out = get_item(session, kept.code, actor=people.council_member(3)).out()
    assert (out.locked_by, out.certified_by) == (item.locked_by, item.certified_by)
