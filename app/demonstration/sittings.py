"""The council at work: a meeting from its agenda to its minutes, sheets in their members' hands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlmodel import col, select

from app.core.clock import local_day
from app.demonstration.journeys import AGENCY, Journey
from app.demonstration.sources import INVENTED, people
from app.demonstration.stage import Stage
from app.domain.accounts.enums import Role
from app.domain.advisory.actions import set_up_team
from app.domain.advisory.enums import Duty
from app.domain.advisory.schemas import PlaceIn, SetUpTeam
from app.domain.councils.actions import (
    amend_council,
    certify_item,
    close_meeting,
    confirm_minimum,
    declare_conflicts,
    delegate_chair,
    lock_item,
    open_meeting,
    save_marks,
    schedule_meeting,
    set_up_council,
    submit_sheet,
)
from app.domain.councils.enums import Seat
from app.domain.councils.models import AgendaItem, Council, CouncilMember, Meeting, ScoreSheet
from app.domain.councils.queries import item_for_update
from app.domain.councils.schemas import (
    AmendCouncil,
    CertifyItem,
    CloseMeeting,
    ConfirmMinimum,
    DeclareConflict,
    DeclareConflicts,
    DelegateChair,
    LockItem,
    MarkIn,
    OpenMeeting,
    SaveMarks,
    ScheduleMeeting,
    SeatIn,
    SetUpCouncil,
    SubmitSheet,
)
from app.domain.dossiers.models import Evidence, EvidenceUse
from app.rulebooks.scoring import MinimumFinding

CHAIR, SECRETARY = "chutich", "thuky"
PLACE = f"Phòng họp {INVENTED}, cơ quan OCOP tỉnh"
HALF = 2
PREDECESSOR, SUCCESSOR, DELEGATE = "thanhviencu", "hoidong6", "hoidong1"
DELEGATED_FOR = timedelta(days=30)
TITLES: dict[Seat, str] = {
    Seat.CHAIR: "Phó Chủ tịch",
    Seat.SECRETARY: "Trưởng phòng",
    Seat.MEMBER: "Phó Giám đốc",
    Seat.INVITED: "Chuyên gia",
}


@dataclass
class Bench:
    """The council of the demonstration, once it is set up."""

    stage: Stage
    _council: Council | None = field(default=None, init=False)

    @property
    def council(self) -> Council:
        """The council."""
        if self._council is None:
            message = "the council is not set up yet"
            raise LookupError(message)
        return self._council

    def set_up(self, at: datetime, *, until: date) -> None:
        """Seat everybody who has a seat in `people.csv`, but one in whose seat another sits first."""
        self._council = set_up_council(
            self.stage.session,
            SetUpCouncil(
                decision_number=self.stage.paper_number("QĐ"),
                decided_on=local_day(at),
                term_to=until,
                seats=[
                    SeatIn(
                        username=PREDECESSOR if one.username == SUCCESSOR else one.username,
                        seat=one.council_role,
                        title=TITLES[one.council_role],
                    )
                    for one in people()
                    if one.council_role
                ],
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )
        self.stage.session.flush()

    def set_up_team(self, at: datetime, *, until: date) -> None:
        """Have an advisory team by decision, the first of its members as the head."""
        advisors = [one.username for one in people() if one.role is Role.ADVISORY_MEMBER]
        set_up_team(
            self.stage.session,
            SetUpTeam(
                decision_number=self.stage.paper_number("QĐ"),
                decided_on=local_day(at),
                term_to=until,
                places=[
                    PlaceIn(username=name, duty=Duty.MEMBER if place else Duty.HEAD)
                    for place, name in enumerate(advisors)
                ],
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
        )

    def amend(self, at: datetime) -> None:
        """Replace a member by a later decision, before any meeting."""
        amend_council(
            self.stage.session,
            self.council.code,
            AmendCouncil(
                decision_number=self.stage.paper_number("QĐ"),
                decided_on=local_day(at),
                leaves=[PREDECESSOR],
                joins=[SeatIn(username=SUCCESSOR, seat=Seat.MEMBER, title=TITLES[Seat.MEMBER])],
                version=self.council.version,
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
        )
        self.stage.session.flush()

    def delegate(self, at: datetime) -> None:
        """Record the chair's paper for the days around a meeting."""
        day = local_day(at)
        delegate_chair(
            self.stage.session,
            self.council.code,
            DelegateChair(
                delegate=DELEGATE,
                number=self.stage.paper_number("GUQ"),
                signed_on=day,
                scope="Minh họa: chủ trì các phiên họp khi Chủ tịch vắng mặt.",
                first_day=day,
                last_day=min(day + DELEGATED_FOR, self.council.term_to),
            ),
            actor=self.stage.cast.actor(SECRETARY, at),
            at=at,
        )

    def present(self) -> list[str]:
        """Return who comes to a meeting: every seat but the invited guests'."""
        return [one.username for one in people() if one.council_role not in {None, Seat.INVITED}]


@dataclass
class Sitting:
    """One meeting of the council over some dossiers."""

    bench: Bench
    journeys: Sequence[Journey]
    round_code: str
    starts_at: datetime
    _meeting: Meeting | None = field(default=None, init=False)

    @property
    def stage(self) -> Stage:
        """What all scenes share."""
        return self.bench.stage

    @property
    def meeting(self) -> Meeting:
        """The meeting, once scheduled."""
        if self._meeting is None:
            message = "the meeting is not scheduled yet"
            raise LookupError(message)
        return self._meeting

    def schedule(self, at: datetime) -> None:
        """Put the dossiers on the agenda."""
        self._meeting = schedule_meeting(
            self.stage.session,
            ScheduleMeeting(
                council=self.bench.council.code,
                round=self.round_code,
                place=PLACE,
                starts_at=self.starts_at,
                dossiers=[journey.dossier.code for journey in self.journeys],
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )
        self.stage.session.flush()

    def open(self, at: datetime) -> None:
        """Open with everybody present: the members get their sheets."""
        open_meeting(
            self.stage.session,
            self.meeting.code,
            OpenMeeting(present=self.bench.present(), version=self.meeting.version),
            actor=self.stage.cast.actor(SECRETARY, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )
        self.stage.session.flush()

    def declare(self, at: datetime) -> None:
        """Let one member declare no interest in anything, and another one in the last product."""
        items = [self._item(journey).code for journey in self.journeys]
        none = [DeclareConflict(item=item, has_conflict=False) for item in items]
        conflict = DeclareConflict(
            item=items[-1],
            has_conflict=True,
            reason="Minh họa: anh trai là thành viên của chủ thể.",
        )
        for username, said in ((DELEGATE, none), (SUCCESSOR, [*none[:-1], conflict])):
            declare_conflicts(
                self.stage.session,
                self.meeting.code,
                DeclareConflicts(declarations=said),
                actor=self.stage.cast.actor(username, at),
                at=at,
                council_rules_dir=self.stage.tool.council_rules_dir,
            )
        self.stage.session.flush()

    def score_all(self, at: datetime) -> None:
        """Let every member fill and hand in every sheet, one after another."""
        for minute, username in enumerate(self.journeys[0].example.sheets):
            for journey in self.journeys:
                self._mark(journey, username, at + timedelta(minutes=minute))
                self._submit(journey, username, at + timedelta(minutes=minute))

    def score_some(self, at: datetime) -> None:
        """Let some be ready with the first dossier and some have begun with the next."""
        first, *others = self.journeys
        ready = list(first.example.sheets)[: len(first.example.sheets) // HALF]
        waiting = [name for name in first.example.sheets if name not in ready]
        for username in ready:
            self._mark(first, username, at)
            self._submit(first, username, at)
        self._mark(first, waiting[0], at, half=True)
        for journey in others:
            self._mark(journey, ready[0], at, half=True)

    def lock_all(self, at: datetime) -> None:
        """Let the chair settle what the sheets do not see alike, and lock every result."""
        for journey in self.journeys:
            item = self._item(journey)
            for finding in self._unsettled(item, at):
                confirm_minimum(
                    self.stage.session,
                    item.code,
                    ConfirmMinimum(
                        criterion_code=finding.criterion_code,
                        star=finding.star,
                        met=finding.reached_by * HALF > finding.counted,
                        reason="Minh họa: theo ý kiến của đa số thành viên.",
                    ),
                    actor=self.stage.cast.actor(CHAIR, at),
                    at=at,
                    council_rules_dir=self.stage.tool.council_rules_dir,
                )
            self.stage.session.flush()
            certify_item(
                self.stage.session,
                item.code,
                CertifyItem(version=item.version),
                actor=self.stage.cast.actor(SECRETARY, at),
                at=at,
                council_rules_dir=self.stage.tool.council_rules_dir,
            )
            self.stage.session.flush()
            lock_item(
                self.stage.session,
                item.code,
                LockItem(version=item.version),
                actor=self.stage.cast.actor(CHAIR, at),
                at=at,
                council_rules_dir=self.stage.tool.council_rules_dir,
            )
            self.stage.session.flush()

    def close(self, at: datetime) -> None:
        """End with the minutes."""
        close_meeting(
            self.stage.session,
            self.meeting.code,
            CloseMeeting(
                minutes_number=self.stage.paper_number("BB"),
                conclusion="Minh họa: Hội đồng thống nhất kết quả của từng sản phẩm.",
                version=self.meeting.version,
            ),
            actor=self.stage.cast.actor(SECRETARY, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )

    def _unsettled(self, item: AgendaItem, at: datetime) -> tuple[MinimumFinding, ...]:
        detail = item_for_update(
            self.stage.session,
            item.code,
            actor=self.stage.cast.actor(CHAIR, at),
            rules_dir=self.stage.tool.council_rules_dir,
        )
        return detail.computed.awaiting_chair if detail.computed else ()

    def _item(self, journey: Journey) -> AgendaItem:
        return self.stage.session.exec(
            select(AgendaItem).where(
                col(AgendaItem.meeting_id) == self.meeting.id,
                col(AgendaItem.dossier_id) == journey.dossier.id,
            )
        ).one()

    def _sheet(self, journey: Journey, username: str) -> ScoreSheet:
        return self.stage.session.exec(
            select(ScoreSheet)
            .join(AgendaItem, col(AgendaItem.id) == col(ScoreSheet.item_id))
            .join(CouncilMember, col(CouncilMember.id) == col(ScoreSheet.member_id))
            .where(
                col(AgendaItem.meeting_id) == self.meeting.id,
                col(AgendaItem.dossier_id) == journey.dossier.id,
                col(CouncilMember.user_id) == self.stage.cast.user_id(username),
            )
        ).one()

    def _mark(self, journey: Journey, username: str, at: datetime, *, half: bool = False) -> None:
        sheet = self._sheet(journey, username)
        shown = self._papers(journey)
        marks = [
            MarkIn(
                criterion_code=criterion,
                option_code=option,
                evidence_code=shown.get(criterion),
                evidence_page=1 if criterion in shown else None,
            )
            for criterion, option in journey.example.sheets[username].items()
        ]
        save_marks(
            self.stage.session,
            sheet.code,
            SaveMarks(marks=marks[: len(marks) // HALF] if half else marks, version=sheet.version),
            actor=self.stage.cast.actor(username, at),
            at=at,
        )

    def _papers(self, journey: Journey) -> dict[str, str]:
        """Return the paper that the dossier cites under a criterion, where it cites one."""
        return dict(
            self.stage.session.exec(
                select(EvidenceUse.criterion_code, Evidence.code)
                .join(Evidence, col(Evidence.id) == col(EvidenceUse.evidence_id))
                .where(col(EvidenceUse.dossier_id) == journey.dossier.id)
            ).all()
        )

    def _submit(self, journey: Journey, username: str, at: datetime) -> None:
        sheet = self._sheet(journey, username)
        submit_sheet(
            self.stage.session,
            sheet.code,
            SubmitSheet(opinion="Minh họa: nhất trí.", version=sheet.version),
            actor=self.stage.cast.actor(username, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )
