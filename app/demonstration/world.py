"""The world of `ocop run`: built once, in one transaction, around the moment of its building."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine
from sqlmodel import func, select

from app.core.clock import local_day
from app.core.db import ReadSession, reading, transaction
from app.core.files import StoredFile
from app.core.pictures import StoredPicture
from app.core.settings import Settings
from app.demonstration.after_ceremony import Pack, Season, Watched
from app.demonstration.afterwards import ENDED_LATELY, MIDWAY, Beside, Certified
from app.demonstration.calendar import Calendar, Finished, Way, Window, WorldError, moment
from app.demonstration.cast import PASSWORD
from app.demonstration.copies import have_a_copy_scanned
from app.demonstration.honours import Candidate, Honour, Rolls, make_keys
from app.demonstration.journeys import AGENCY, PLACEHOLDER, Journey, Office
from app.demonstration.messages import choose_ways, tell_today
from app.demonstration.opinions import Asking, Renewal
from app.demonstration.sittings import Bench, Sitting
from app.demonstration.sources import (
    INVENTED,
    Example,
    ExampleProducer,
    ExampleProduct,
    Person,
    examples,
    people,
)
from app.demonstration.stage import Script, Stage, Tool
from app.domain.accounts.models import User
from app.domain.accounts.queries import find_user
from app.domain.accounts.rules import ROLE_LABELS, SYSTEM
from app.domain.councils.actions import open_round
from app.domain.councils.rules import SEAT_LABELS
from app.domain.councils.schemas import OpenRound
from app.domain.credentials.actions import seal_certificates
from app.domain.credentials.rules import Issuer
from app.domain.places.actions import load_reference
from app.domain.places.queries import holidays_between
from app.domain.producers.enums import Gender, ProducerKind
from app.domain.producers.models import Producer
from app.domain.recognition.enums import DecisionKind
from app.domain.stamps.enums import PrintForm

__all__ = ["ACCOUNTS_NOTE", "WorldError", "accounts", "build_world", "is_demonstration"]

ACCOUNTS_NOTE = (
    "Tài khoản minh họa: người và chủ thể không có thật, mật khẩu ai cũng biết. "
    "Không dùng cho việc thật."
)
SPECIMEN_DOMAIN = ".example"
_MARKER = "quantri"
_HORIZON = timedelta(days=400)
_TERM_AHEAD = timedelta(days=365)
_TWO_ROLLS, _STAMPS, _FEW_STAMPS = 100, 48, 24
_MOST_CERTIFICATES = 1_000  # more than the province has recognised

_THAN_UYEN = Office(applicant="chuthe", officer="canboxa", leader="lanhdaoxa")
_BY_OFFICER = Office(applicant="canboxa", officer="canboxa", leader="lanhdaoxa")
_MUONG_THAN = Office(applicant="chuthe2", officer="canboxa2", leader="lanhdaoxa2")
_SECOND = ExampleProducer(
    name="Tổ hợp tác Ví Dụ (tổ chức minh họa)",
    kind=ProducerKind.COOPERATIVE_GROUP,
    address="Xã Mường Than, tỉnh Lai Châu",
    representative="Lò Thị Ví Dụ (nhân vật minh họa)",
    representative_title="Tổ trưởng",
    representative_gender=Gender.FEMALE,
    representative_ethnicity="",
)
_SECOND_COMMUNE = "03618"


class RealDataError(WorldError):
    """The database is in real use: invented things would mix with true ones."""


class NotDemonstrationError(WorldError):
    """The installation does not say that it is a demonstration."""


def accounts() -> list[tuple[str, str, str]]:
    """Return name, password and office of every account of the world."""
    return [(one.username, PASSWORD, _who(one)) for one in people()]


def _who(person: Person) -> str:
    post = SEAT_LABELS[person.council_role] if person.council_role else ROLE_LABELS[person.role]
    return " · ".join(filter(None, (post, person.name, person.organisation)))


def is_demonstration(session: ReadSession) -> bool:
    """Tell whether this database holds the demonstration world, told by one of its accounts."""
    name = next(one.name for one in people() if one.username == _MARKER)
    found = find_user(session, _MARKER)
    return found is not None and found.name == name


def build_world(engine: Engine, settings: Settings, *, at: datetime) -> bool:
    """Build the world around this moment, once; tell whether it was built now.

    Refused where anything is real, or where pages and stamps would not say that it is invented.
    """
    if not (settings.demonstration and settings.stamp_host.endswith(SPECIMEN_DOMAIN)):
        text = (
            "Dữ liệu minh họa chỉ được dựng khi OCOP_DEMONSTRATION=true và OCOP_STAMP_HOST "
            f"có đuôi {SPECIMEN_DOMAIN}."
        )
        raise NotDemonstrationError(text)
    with reading(engine) as session:
        if is_demonstration(session):
            return False
        _refuse_real_data(session)
    kept = _Kept(Stage.stored(settings.files), Stage.pictures(settings.files))
    with transaction(engine) as session:
        load_reference(session)
        _World(Stage(session, Tool.of(settings)), kept, at).play()
        session.flush()
        seal_certificates(
            session,
            actor=SYSTEM,
            at=at,
            issuer=Issuer.of(settings),
            key_dir=settings.private_key_dir,
            limit=_MOST_CERTIFICATES,
        )
    have_a_copy_scanned(engine, settings, at=at)
    return True


def _refuse_real_data(session: ReadSession) -> None:
    for table in (User, Producer):
        if session.exec(select(func.count()).select_from(table)).one():
            text = (
                "Cơ sở dữ liệu này đã có dữ liệu thật, không dựng dữ liệu minh họa vào đó. "
                "Hãy chọn thư mục khác bằng OCOP_DATA_DIR, hoặc dùng «ocop serve»."
            )
            raise RealDataError(text)


@dataclass(frozen=True)
class _Worked:
    """The three worked examples by what they are about."""

    rice: Example
    honey: Example
    cake: Example


@dataclass(frozen=True)
class _Kept:
    """Files and drawings by name, kept before the first statement."""

    files: Mapping[str, StoredFile]
    pictures: Mapping[str, StoredPicture]


class _World:
    """The whole story, written down scene by scene and then played in the order of time."""

    def __init__(self, stage: Stage, kept: _Kept, at: datetime) -> None:
        self._stage = stage
        self._kept = kept
        self._at = at
        holidays = holidays_between(
            stage.session, local_day(at) - _HORIZON, local_day(at) + _HORIZON
        )
        self._calendar = Calendar(at, holidays)
        self._script = Script()
        self._bench = Bench(stage)
        self._worked = _Worked(*examples())

    def play(self) -> None:
        """Write every scene down, then let everything happen."""
        finished, now = self._calendar.finished(), self._calendar.meeting_now()
        self._begin(finished, now)
        self._finish_a_round(finished)
        self._meet_now(now)
        self._leave_work()
        self._go_on(now)
        self._watch_over_stars()
        self._ask_in_writing()
        self._script.add(
            self._at, partial(choose_ways, self._stage), partial(tell_today, self._stage)
        )
        self._script.play()

    # --- scenes ---------------------------------------------------------------------------------

    def _begin(self, finished: Finished, now: Way) -> None:
        """Register everybody and everything, open the rounds, set the council up."""
        day = min(finished.way.opened, now.opened)
        windows = dict.fromkeys((finished.way.window, *self._calendar.upcoming()))
        self._script.add(
            moment(day, 7),
            self._stage.cast.open_offices,
            self._register,
            lambda at: make_keys(self._stage.session, self._stage.tool, at),
        )
        for window in windows:
            self._script.add(moment(day, 8), partial(self._open_round, window))
        self._script.add(
            moment(day, 8, 30),
            partial(self._bench.set_up, until=self._calendar.today + _TERM_AHEAD),
            partial(self._bench.set_up_team, until=self._calendar.today + _TERM_AHEAD),
        )
        self._script.add(moment(finished.way.scheduled, 8), self._bench.amend)

    def _open_round(self, window: Window, at: datetime) -> None:
        open_round(
            self._stage.session,
            OpenRound(year=window.year, ordinal=window.ordinal),
            actor=self._stage.cast.actor(AGENCY, at),
            at=at,
            council_rules_dir=self._stage.tool.council_rules_dir,
        )

    def _register(self, at: datetime) -> None:
        cake, stage = self._worked.cake, self._stage
        stage.register_listed(at)
        stage.register_producer(cake.producer, cake.commune_code, at)
        stage.register_producer(_SECOND, _SECOND_COMMUNE, at)
        for example, invented in (
            (self._worked.rice, cake.producer),
            (self._worked.honey, _SECOND),
        ):
            own = [stage.producers[example.producer.name], stage.producers[invented.name]]
            stage.cast.open_producer(example.account, own, at)

    def _finish_a_round(self, days: Finished) -> None:
        """Take the worked examples and an invented product to their ends, and two nearly there."""
        rice = self._example(self._worked.rice, _THAN_UYEN)
        honey = self._example(self._worked.honey, _MUONG_THAN)
        cake = self._example(self._worked.cake, _BY_OFFICER)
        to_sign = self._invented("Gạo nếp nương Mẫu", self._worked.rice, _THAN_UYEN)
        to_decide = self._invented("Mật ong bạc hà Ví Dụ", self._worked.honey, _MUONG_THAN)
        mountain = self._invented("Mật ong núi Ví Dụ", self._worked.honey, _MUONG_THAN)
        best = self._invented("Mật ong chúa Ví Dụ", self._worked.honey.at_its_best(), _MUONG_THAN)
        journeys = (rice, honey, cake, to_sign, to_decide, mountain, best)
        way, script = days.way, self._script
        sitting = self._sit(journeys, way, moment(way.meeting, 8))
        script.add(moment(way.meeting, 8), sitting.open)
        script.add(moment(way.meeting, 9), sitting.score_all)
        script.add(moment(way.meeting, 11), sitting.lock_all)
        script.add(moment(way.meeting, 11, 30), sitting.close)
        decision = Honour(self._stage, (rice, honey, mountain))
        script.add(moment(days.decided, 9), decision.draft)
        script.add(moment(days.decided, 15), decision.sign)
        script.add(moment(days.activated, 8), Honour(self._stage, (to_sign,)).draft)
        approval = Honour(self._stage, (best,), DecisionKind.APPROVAL)
        script.add(moment(way.accepted, 15), best.advise)
        script.add(moment(days.decided, 10), approval.draft)
        script.add(moment(days.decided, 16), approval.sign)
        script.add(moment(days.ordered, 11), Candidate(self._stage, best).go_to_the_ministry)
        self._print_stamps(days, rice, honey)
        script.add(moment(self._calendar.ago(2), 14), Season(self._stage, (rice, honey)).plan)
        script.add(moment(self._calendar.ago(1), 14), Pack(self._stage, rice).ask)
        self._upgrade(mountain)

    def _upgrade(self, journey: Journey) -> None:
        """Begin the upgrade of a product that was just recognised."""
        again, script, ago = self._certified(journey), self._script, self._calendar.ago
        script.add(moment(ago(2), 11), again.upgrade)
        script.add(moment(ago(1), 9), again.tell_changes)
        script.add(moment(ago(1), 9, 30), partial(again.better_first_section, journey.example))
        self._show(Beside(self._stage, journey.office, journey.producer), again, "mat-ong.png")

    def _print_stamps(self, days: Finished, rice: Journey, honey: Journey) -> None:
        """Bring one batch into use, spoil two of its stamps, and leave one at each step before."""
        whole = Rolls(self._stage, rice, _TWO_ROLLS)
        script = self._script
        script.add(moment(days.ordered, 9), whole.order)
        script.add(moment(days.approved, 9), whole.approve)
        script.add(moment(days.issued, 9), whole.issue)
        script.add(moment(days.delivered, 9), whole.deliver)
        script.add(moment(days.activated, 9), whole.activate)
        script.add(moment(days.activated, 16), whole.spoil)
        arriving = Rolls(self._stage, honey, _STAMPS)
        script.add(moment(days.ordered, 10), arriving.order)
        script.add(moment(days.approved, 10), arriving.approve)
        script.add(moment(days.issued, 10), arriving.issue)
        script.add(moment(days.activated, 10), arriving.deliver)
        scratched = Rolls(self._stage, rice, _FEW_STAMPS, with_pin=True, form=PrintForm.PRINT_HOUSE)
        script.add(moment(days.delivered, 10), scratched.order)
        script.add(moment(days.delivered, 13), scratched.approve)
        script.add(moment(days.activated, 11), scratched.issue)
        script.add(moment(days.delivered, 11), Rolls(self._stage, honey, _FEW_STAMPS).order)
        approved = Rolls(self._stage, rice, _FEW_STAMPS)
        script.add(moment(days.delivered, 14), approved.order)
        script.add(moment(days.activated, 14), approved.approve)

    def _meet_now(self, way: Way) -> None:
        """Hold a meeting that is open at this moment, and have one waiting for its opening."""
        scored = (
            self._invented("Gạo đỏ Mẫu", self._worked.rice, _THAN_UYEN),
            self._invented("Mật ong rừng Ví Dụ", self._worked.honey, _MUONG_THAN),
        )
        sitting = self._sit(scored, way, moment(way.meeting, 8))
        self._script.add(moment(way.accepted, 15), scored[0].advise)
        self._script.add(moment(way.scheduled, 15), sitting.declare, self._bench.delegate)
        self._script.add(moment(way.meeting, 8), sitting.open)
        self._script.add(moment(way.meeting, 9), sitting.score_some)
        next_one = self._invented("Bánh ngô nướng Mẫu", self._worked.cake, _THAN_UYEN)
        self._sit((next_one,), way, moment(way.meeting, 14))

    def _leave_work(self) -> None:
        """Leave dossiers at every step before the council, in two communes."""
        worked, script, ago = self._worked, self._script, self._calendar.ago
        draft = self._invented("Mật ong hoa rừng Mẫu", worked.honey, _THAN_UYEN)
        script.add(moment(ago(3), 9), draft.open)
        script.add(moment(ago(2), 9), draft.begin_writing)
        self._filed("Gạo tẻ Mẫu", worked.rice, _THAN_UYEN)
        self._filed("Gạo nếp Ví Dụ", worked.rice, _MUONG_THAN)
        returned = self._filed("Bánh ngô hấp Mẫu", worked.cake, _THAN_UYEN)
        script.add(moment(ago(1), 10), returned.give_back)
        ready = self._filed("Mật ong nhãn Mẫu", worked.honey, _THAN_UYEN)
        also_ready = self._filed("Bánh ngô chiên Ví Dụ", worked.cake, _MUONG_THAN)
        script.add(moment(ago(1), 14), ready.report, also_ready.report)
        signed = self._filed("Gạo nương Mẫu", worked.rice, _THAN_UYEN)
        script.add(moment(ago(2), 14), signed.report)
        script.add(moment(ago(1), 15), signed.sign)
        proposed = self._filed("Mật ong vải Ví Dụ", worked.honey, _MUONG_THAN)
        accepted = self._filed("Gạo lứt Ví Dụ", worked.rice, _MUONG_THAN)
        asked = self._filed("Bánh ngô cuộn Mẫu", worked.cake, _THAN_UYEN)
        at_province = (proposed, accepted, asked)
        script.add(moment(ago(3), 15), *(one.report for one in at_province))
        script.add(moment(ago(2), 15), *(one.sign for one in at_province))
        script.add(moment(ago(2), 16), *(one.propose for one in at_province))
        script.add(moment(ago(1), 11), asked.ask_completion)
        window = self._calendar.window_for(ago(2))
        round_code = f"D{window.ordinal}-{window.year}"
        script.add(moment(ago(1), 16), lambda at: accepted.accept(at, round_code))

    def _go_on(self, now: Way) -> None:
        """Leave renewals, ideas, papers that run out, and drawings in the place of photos."""
        script, ago, worked = self._script, self._calendar.ago, self._worked
        waiting = self._certified(self._invented("Bánh ngô lạc Mẫu", worked.cake, _THAN_UYEN))
        begun = self._certified(self._invented("Gạo tám Mẫu", worked.rice, _THAN_UYEN))
        script.add(moment(ago(4), 8), waiting.recognise, begun.recognise)
        script.add(moment(ago(2), 11), begun.renew)
        script.add(moment(ago(1), 10), begun.tell_changes)
        beside = Beside(self._stage, _THAN_UYEN, worked.cake.producer.name)
        keep = partial(beside.keep_papers, self._kept.files, self._calendar.today)
        script.add(moment(min(now.opened, ago(6)), 9), keep)
        script.add(moment(ago(3), 8), beside.have_ideas)
        for certified, picture in ((waiting, "banh-ngo.png"), (begun, "gao.png")):
            self._show(beside, certified, picture)

    def _watch_over_stars(self) -> None:
        """Leave a star that is extended, one that was revoked, one the signer is to revoke."""
        script, ago, worked = self._script, self._calendar.ago, self._worked
        scan = self._kept.files[PLACEHOLDER]
        late = self._watched("Mật ong hoa ban Ví Dụ", worked.honey, _MUONG_THAN, ENDED_LATELY)
        gone = self._watched("Bánh ngô mật Mẫu", worked.cake, _THAN_UYEN, MIDWAY)
        wrong = self._watched("Gạo dẻo Mẫu", worked.rice, _THAN_UYEN, MIDWAY)
        for one in (late, gone, wrong):
            script.add(moment(ago(9), 8), one.certified.recognise)
        script.add(moment(ago(6), 9), late.draft_extension)
        script.add(moment(ago(6), 14), late.sign)
        script.add(moment(ago(5), 15), partial(late.publish, scan))
        script.add(moment(ago(8), 9), gone.be_checked)
        script.add(moment(ago(7), 10), gone.be_found_out)
        script.add(moment(ago(5), 9), gone.go_before_the_province)
        script.add(moment(ago(3), 9), gone.draft_revocation)
        script.add(moment(ago(3), 15), gone.sign)
        script.add(moment(ago(2), 15), partial(gone.publish, scan))
        script.add(moment(ago(8), 15), wrong.be_reported)
        script.add(moment(ago(7), 14), wrong.be_checked)
        script.add(moment(ago(5), 10), wrong.be_found_out)
        script.add(moment(ago(4), 14), wrong.go_before_the_province)
        script.add(moment(ago(1), 15), wrong.draft_revocation)

    def _watched(self, name: str, example: Example, office: Office, began: timedelta) -> Watched:
        journey = self._invented(name, example, office)
        certified = Certified(self._stage, journey.office, journey.producer, journey.product, began)
        return Watched(self._stage, certified)

    def _ask_in_writing(self) -> None:
        """Leave a written opinion on a renewal under way: some members answered, some have not."""
        script, ago, worked = self._script, self._calendar.ago, self._worked.honey
        product = self._invented("Mật ong chanh leo Ví Dụ", worked, _MUONG_THAN)
        certified = self._certified(product)
        renewal = Renewal(
            self._stage,
            self._kept.files,
            _MUONG_THAN,
            product.producer,
            product.product,
            worked,
        )
        asking = Asking(self._bench, (renewal,), "", self._at)
        script.add(moment(ago(9), 8), certified.recognise)
        script.add(moment(ago(9), 10), partial(renewal.open_from, certified))
        script.add(moment(ago(8), 9), renewal.write)
        script.add(moment(ago(7), 9), renewal.file)
        script.add(moment(ago(5), 15), renewal.report)
        script.add(moment(ago(4), 10), renewal.sign, renewal.propose)
        script.add(moment(ago(3), 10), renewal.take_in)
        script.add(moment(ago(3), 15), renewal.advise)
        script.add(moment(ago(2), 9), asking.schedule)
        script.add(moment(ago(1), 9), asking.score_some)

    def _show(self, beside: Beside, certified: Certified, picture: str) -> None:
        show = partial(beside.show_picture, certified.product.name, self._kept.pictures[picture])
        self._script.add(moment(self._calendar.ago(3), 9), show)

    # --- pieces ---------------------------------------------------------------------------------

    def _sit(self, journeys: tuple[Journey, ...], way: Way, starts_at: datetime) -> Sitting:
        round_code = f"D{way.window.ordinal}-{way.window.year}"
        for journey in journeys:
            journey.play_until_accepted(self._script, way, round_code)
        sitting = Sitting(self._bench, journeys, round_code, starts_at)
        self._script.add(moment(way.scheduled, 10), sitting.schedule)
        return sitting

    def _certified(self, journey: Journey) -> Certified:
        return Certified(self._stage, journey.office, journey.producer, journey.product)

    def _filed(self, name: str, example: Example, office: Office) -> Journey:
        """Note a dossier that was filed some days ago."""
        journey, ago = self._invented(name, example, office), self._calendar.ago
        self._script.add(moment(ago(6), 9), journey.open)
        self._script.add(moment(ago(5), 9), journey.write)
        self._script.add(moment(ago(4), 9), journey.file)
        return journey

    def _example(self, example: Example, office: Office) -> Journey:
        return Journey(
            self._stage, self._kept.files, office, example.producer.name, example.product, example
        )

    def _invented(self, name: str, example: Example, office: Office) -> Journey:
        """Return the journey of a product that does not exist, claimed and scored as the example."""
        product = ExampleProduct(
            name=f"{name} (sản phẩm {INVENTED})",
            set_number=example.product.set_number,
            description="Minh họa: sản phẩm này không có thật.",
            packaging="Minh họa: hộp giấy",
            story="",
            invented=True,
        )
        invented_by = _SECOND if office is _MUONG_THAN else self._worked.cake.producer
        return Journey(self._stage, self._kept.files, office, invented_by.name, product, example)
