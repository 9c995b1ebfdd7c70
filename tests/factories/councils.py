"""Builders of councils: a round, a council, a meeting at any point, through the real actions."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlmodel import col, select

from app.core.db import WriteSession
from app.domain.accounts.rules import Actor
from app.domain.councils.actions import (
    certify_item,
    close_meeting,
    lock_item,
    open_meeting,
    open_round,
    save_marks,
    schedule_meeting,
    set_up_council,
    submit_sheet,
)
from app.domain.councils.enums import Seat
from app.domain.councils.models import (
    AgendaItem,
    Council,
    CouncilMember,
    Meeting,
    Result,
    Round,
    ScoreSheet,
)
from app.domain.councils.queries import round_choice
from app.domain.councils.schemas import (
    CertifyItem,
    CloseMeeting,
    LockItem,
    MarkIn,
    OpenMeeting,
    OpenRound,
    SaveMarks,
    ScheduleMeeting,
    SeatIn,
    SetUpCouncil,
    SubmitSheet,
)
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.models import Dossier
from app.domain.dossiers.schemas import RoundChoice
from app.domain.products.models import Product
from app.rulebooks import loader
from app.rulebooks.scoring import sheet_score
from tests.factories.dossiers import complete_answers, make_dossier
from tests.factories.people import People
from tests.factories.register import make_product

CHAIR, SECRETARY, FIRST_MEMBER = 1, 2, 3  # numbers of People.council_member
SCORING_MEMBERS = 4  # beside the chair


def the_round(session: WriteSession, people: People) -> RoundChoice:
    """Return the second round of the tests' year, opened when first asked for."""
    known = session.exec(
        select(Round).where(col(Round.year) == people.at.year, col(Round.ordinal) == 2)
    ).one_or_none()
    row = known or open_round(
        session,
        OpenRound(year=people.at.year, ordinal=2),
        actor=people.agency(),
        at=people.at,
    )
    return round_choice(session, row.code)


def scorers(people: People, members: int = SCORING_MEMBERS) -> list[Actor]:
    """Return who scores on the tests' council: the chair first, then the members."""
    numbers = [CHAIR, *range(FIRST_MEMBER, FIRST_MEMBER + members)]
    return [people.council_member(number) for number in numbers]


def make_council(
    session: WriteSession, people: People, *, members: int = SCORING_MEMBERS
) -> Council:
    """Set a council up: chair hoidong1, secretary hoidong2 without vote, members hoidong3 …."""
    scorers(people, members)
    people.council_member(SECRETARY)
    seats = [
        SeatIn(username=f"hoidong{CHAIR}", seat=Seat.CHAIR),
        SeatIn(username=f"hoidong{SECRETARY}", seat=Seat.SECRETARY),
        *(
            SeatIn(username=f"hoidong{number}", seat=Seat.MEMBER)
            for number in range(FIRST_MEMBER, FIRST_MEMBER + members)
        ),
    ]
    return set_up_council(
        session,
        SetUpCouncil(
            decision_number="812/QĐ-UBND",
            decided_on=people.at.date() - timedelta(days=30),
            term_to=date(2099, 12, 31),
            seats=seats,
        ),
        actor=people.agency(),
        at=people.at,
    )


def make_meeting(
    session: WriteSession,
    people: People,
    *,
    products: Sequence[Product] = (),
    dossiers: Sequence[Dossier] = (),
    members: int = SCORING_MEMBERS,
) -> Meeting:
    """Schedule a meeting for today over dossiers that are taken to ACCEPTED where needed."""
    round_ = the_round(session, people)
    chosen = list(dossiers) or [
        make_dossier(session, people, state=DossierState.ACCEPTED, product=product, round_=round_)
        for product in (products or [make_product(session, people)])
    ]
    council = make_council(session, people, members=members)
    return schedule_meeting(
        session,
        ScheduleMeeting(
            council=council.code,
            round=round_.code,
            place="Phòng họp số 2",
            starts_at=people.at,
            dossiers=[dossier.code for dossier in chosen],
        ),
        actor=people.agency(),
        at=people.at,
    )


def convene(session: WriteSession, people: People, meeting: Meeting) -> Meeting:
    """Open a meeting with everybody of its council present."""
    names = [
        f"hoidong{number}"
        for number, _ in enumerate(
            session.exec(
                select(CouncilMember).where(col(CouncilMember.council_id) == meeting.council_id)
            ).all(),
            start=1,
        )
    ]
    return open_meeting(
        session,
        meeting.code,
        OpenMeeting(present=names, version=meeting.version),
        actor=people.council_member(SECRETARY),
        at=people.at,
    )


def items_of(session: WriteSession, meeting: Meeting) -> Sequence[AgendaItem]:
    """Return the agenda of a meeting in its order."""
    return session.exec(
        select(AgendaItem)
        .where(col(AgendaItem.meeting_id) == meeting.id)
        .order_by(col(AgendaItem.position))
    ).all()


def sheets_of(session: WriteSession, item: AgendaItem) -> Sequence[ScoreSheet]:
    """Return the sheets of a dossier, the chair's first."""
    return session.exec(
        select(ScoreSheet).where(col(ScoreSheet.item_id) == item.id).order_by(col(ScoreSheet.id))
    ).all()


def score(
    session: WriteSession,
    people: People,
    sheet: ScoreSheet,
    member: Actor,
    *,
    answers: Mapping[str, str] | None = None,
    submit: bool = True,
) -> ScoreSheet:
    """Fill a member's own sheet, with the best options unless told, and hand it in."""
    item = session.exec(select(AgendaItem).where(col(AgendaItem.id) == sheet.item_id)).one()
    dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
    chosen = answers or complete_answers(loader.rubric(dossier.rubric_code))
    save_marks(
        session,
        sheet.code,
        SaveMarks(
            marks=[
                MarkIn(criterion_code=code, option_code=option) for code, option in chosen.items()
            ],
            version=sheet.version,
        ),
        actor=member,
        at=people.at,
    )
    if submit:
        submit_sheet(
            session,
            sheet.code,
            SubmitSheet(opinion="Đồng ý.", version=sheet.version),
            actor=member,
            at=people.at,
        )
    return sheet


def score_all(
    session: WriteSession,
    people: People,
    item: AgendaItem,
    *,
    answers: Mapping[str, str] | None = None,
    each: Sequence[Mapping[str, str]] = (),
) -> None:
    """Let every member fill and submit the own sheet: all alike, or one mapping `each`."""
    sheets = sheets_of(session, item)
    members = scorers(people, len(sheets) - 1)
    for position, (sheet, member) in enumerate(zip(sheets, members, strict=True)):
        score(session, people, sheet, member, answers=each[position] if each else answers)


def certify(session: WriteSession, people: People, item: AgendaItem) -> AgendaItem:
    """Confirm the tally of a dossier as the secretary."""
    return certify_item(
        session,
        item.code,
        CertifyItem(version=item.version),
        actor=people.council_member(SECRETARY),
        at=people.at,
    )


def lock(session: WriteSession, people: People, item: AgendaItem) -> Result:
    """Lock the result of a dossier as the chair, once the secretary certified it."""
    certify(session, people, item)
    return lock_item(
        session,
        item.code,
        LockItem(version=item.version),
        actor=people.council_member(CHAIR),
        at=people.at,
    )


def close(session: WriteSession, people: People, meeting: Meeting) -> Meeting:
    """End a meeting with its minutes as the secretary."""
    return close_meeting(
        session,
        meeting.code,
        CloseMeeting(
            minutes_number="02/BB-HĐ",
            conclusion="Hội đồng thống nhất kết quả nêu trên.",
            version=meeting.version,
        ),
        actor=people.council_member(SECRETARY),
        at=people.at,
    )


def lower_answers(rubric_code: str, total: int) -> dict[str, str]:
    """Return complete answers whose points sum up to at most this total, as near as it goes."""
    rubric = loader.rubric(rubric_code)
    chosen = complete_answers(rubric)
    for criterion in reversed(rubric.criteria):
        for option in sorted(criterion.options, key=lambda one: -one.points):
            if sheet_score(rubric, chosen).total <= total:
                return chosen
            chosen[criterion.code] = option.code
    return chosen


def locked_result(
    session: WriteSession,
    people: People,
    *,
    product: Product | None = None,
    answers: Mapping[str, str] | None = None,
    star: int | None = None,
) -> Result:
    """Take a product all the way to a locked result; `star` 4 or 3 lowers the points to its band."""
    product = product or make_product(session, people)
    meeting = make_meeting(session, people, products=[product])
    convene(session, people, meeting)
    item = items_of(session, meeting)[0]
    if answers is None and star is not None:
        dossier = session.exec(select(Dossier).where(col(Dossier.id) == item.dossier_id)).one()
        regime = loader.regime(dossier.regime_code)
        answers = lower_answers(dossier.rubric_code, int(regime.band(star).high) - 1)
    score_all(session, people, item, answers=answers)
    return lock(session, people, item)
