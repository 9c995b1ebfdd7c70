"""After the council: the decision, its certificates, and stamps on their way to the producer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.db import WriteSession
from app.core.signing import create_pepper, kids_in
from app.demonstration.journeys import AGENCY, Journey
from app.demonstration.sources import INVENTED
from app.demonstration.stage import Stage, Tool
from app.domain.recognition.actions import draft_decision, forward_to_centre, sign_decision
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.models import Certificate
from app.domain.recognition.schemas import DraftDecision, ForwardToCentre, SignDecision
from app.domain.stamps.actions import (
    activate_rolls,
    approve_batch,
    create_stamp_key,
    deliver_rolls,
    issue_next_roll,
    open_printing,
    order_batch,
    start_issue,
    withdraw_stamps,
)
from app.domain.stamps.enums import KeyPurpose, PrintForm, WithdrawalKind
from app.domain.stamps.models import StampBatch
from app.domain.stamps.queries import placed_stamps, published_keys, rolls_page, stamp_out
from app.domain.stamps.schemas import (
    SMALLEST_ROLL,
    ActivateRolls,
    ApproveBatch,
    DeliverRolls,
    OpenPrinting,
    OrderBatch,
    StartIssue,
    WithdrawStamps,
)
from app.rulebooks.loader import regime

HEAD, SIGNER = "truongcoquan", "lanhdaotinh"
_KEY_NUMBERS = range(200, 256)  # far from those an office begins with
_PACKS_A_YEAR = 6_000
_SPOILT = slice(3, 5)  # places on the first roll


@dataclass
class Honour:
    """A decision over some dossiers."""

    stage: Stage
    journeys: Sequence[Journey]
    kind: DecisionKind = DecisionKind.RECOGNITION
    _code: str = field(default="", init=False)
    _version: int = field(default=1, init=False)

    def draft(self, at: datetime) -> None:
        """Let the agency prepare the decision, dated the same day."""
        made = draft_decision(
            self.stage.session,
            DraftDecision(
                kind=self.kind,
                number=self.stage.paper_number("QĐ"),
                decided_on=local_day(at),
                dossiers=[journey.dossier.code for journey in self.journeys],
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
        )
        self.stage.session.flush()
        self._code, self._version = made.code, made.version

    def sign(self, at: datetime) -> None:
        """Let the province's leader sign: the products are recognised, or may go to the ministry."""
        sign_decision(
            self.stage.session,
            self._code,
            SignDecision(
                version=self._version,
                signed_by=self.stage.cast.name(SIGNER),
                signed_title="Phó Chủ tịch",
                on_behalf="TM. ỦY BAN NHÂN DÂN, KT. CHỦ TỊCH",
            ),
            actor=self.stage.cast.actor(SIGNER, at),
            at=at,
        )
        self.stage.session.flush()


@dataclass
class Candidate:
    """A product of ninety points and more whose result is approved."""

    stage: Stage
    journey: Journey

    def go_to_the_ministry(self, at: datetime) -> None:
        """Let the agency hand it over with its samples."""
        dossier = self.journey.dossier
        forward_to_centre(
            self.stage.session,
            dossier.code,
            ForwardToCentre(
                letter_number=self.stage.paper_number("UBND"),
                sent_on=local_day(at),
                samples=regime(dossier.regime_code).procedure.samples.count,
                version=dossier.version,
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
        )
        self.stage.session.flush()


@dataclass
class Rolls:
    """A batch of stamps for a recognised product, in rolls as small as they may be."""

    stage: Stage
    journey: Journey
    quantity: int
    with_pin: bool = False
    form: PrintForm = PrintForm.SHEETS_25
    _batch: StampBatch | None = field(default=None, init=False)

    @property
    def batch(self) -> StampBatch:
        """The batch, once ordered."""
        if self._batch is None:
            message = "the batch is not ordered yet"
            raise LookupError(message)
        return self._batch

    def order(self, at: datetime) -> None:
        """Let the producer ask for stamps."""
        certificate = self.stage.session.exec(
            select(Certificate).where(col(Certificate.dossier_id) == self.journey.dossier.id)
        ).one()
        self._batch = order_batch(
            self.stage.session,
            OrderBatch(
                certificate=certificate.code,
                quantity=self.quantity,
                packs_a_year=_PACKS_A_YEAR,
                purpose=f"Lô hàng {INVENTED}",
                roll_size=SMALLEST_ROLL,
                with_pin=self.with_pin,
            ),
            actor=self.stage.cast.actor(self.journey.office.applicant, at),
            at=at,
        )
        self.stage.session.flush()

    def approve(self, at: datetime) -> None:
        """Let the agency's head agree."""
        approve_batch(
            self.stage.session,
            self.batch.code,
            ApproveBatch(version=self.batch.version),
            actor=self.stage.cast.actor(HEAD, at),
            at=at,
        )

    def issue(self, at: datetime) -> None:
        """Let the agency have the stamps made, signed and printed."""
        session, actor = self.stage.session, self.stage.cast.actor(AGENCY, at)
        start_issue(
            session, self.batch.code, StartIssue(version=self.batch.version), actor=actor, at=at
        )
        while issue_next_roll(session, at=at, key_dir=self.stage.tool.key_dir):
            session.flush()
        open_printing(
            session,
            self.batch.code,
            OpenPrinting(
                version=self.batch.version,
                form=self.form,
                printer=f"Nhà in {INVENTED}",
            ),
            actor=actor,
            at=at,
        )

    def deliver(self, at: datetime) -> None:
        """Let the agency hand them over."""
        deliver_rolls(
            self.stage.session,
            self.batch.code,
            DeliverRolls(
                version=self.batch.version,
                delivered_to=self.stage.cast.name(self.journey.office.applicant),
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
        )

    def activate(self, at: datetime) -> None:
        """Let the producer confirm receipt: the stamps say what they are worth."""
        activate_rolls(
            self.stage.session,
            self.batch.code,
            ActivateRolls(version=self.batch.version),
            actor=self.stage.cast.actor(self.journey.office.applicant, at),
            at=at,
        )

    def spoil(self, at: datetime) -> None:
        """Let the producer tell that two stamps tore while they were put on."""
        session = self.stage.session
        first = rolls_page(session, self.batch, limit=1).items[0]
        torn = [
            stamp_out(placed, host="").serial for placed in placed_stamps(session, first)[_SPOILT]
        ]
        withdraw_stamps(
            session,
            self.batch.code,
            WithdrawStamps(
                version=self.batch.version,
                kind=WithdrawalKind.SPOILT,
                serials=torn,
                reason=f"Rách khi dán (ví dụ {INVENTED})",
            ),
            actor=self.stage.cast.actor(self.journey.office.applicant, at),
            at=at,
        )


def make_keys(session: WriteSession, tool: Tool, at: datetime) -> None:
    """Make the demonstration's own keys, of each purpose one, and the secret of scratch codes.

    What is there stays. A run that was cut leaves the files of its keys behind without rows; the next
    one takes other numbers.
    """
    known = published_keys(session)
    taken = {key.kid for key in known} | {*kids_in(tool.key_dir), *kids_in(tool.answer_key_dir)}
    numbers = iter([number for number in _KEY_NUMBERS if number not in taken])
    for purpose in KeyPurpose:
        if all(key.purpose is not purpose for key in known):
            directory = tool.answer_key_dir if purpose is KeyPurpose.ANSWERS else tool.key_dir
            create_stamp_key(session, directory, next(numbers), at=at, purpose=purpose)
    create_pepper(tool.answer_key_dir)
    session.flush()
