"""After the council: the decision, its certificates, and stamps on their way to the producer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select

from app.core.clock import local_day
from app.core.signing import kids_in
from app.demonstration.journeys import AGENCY, Journey
from app.demonstration.sources import INVENTED
from app.demonstration.stage import Stage
from app.domain.recognition.actions import draft_decision, forward_to_centre, sign_decision
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.models import Certificate
from app.domain.recognition.schemas import DraftDecision, ForwardToCentre, SignDecision
from app.domain.stamps.actions import (
    activate_batch,
    approve_batch,
    create_stamp_key,
    deliver_batch,
    issue_batch,
    order_batch,
)
from app.domain.stamps.models import StampBatch
from app.domain.stamps.schemas import (
    ActivateBatch,
    ApproveBatch,
    DeliverBatch,
    IssueBatch,
    OrderBatch,
)
from app.rulebooks.loader import regime

HEAD, SIGNER = "truongcoquan", "lanhdaotinh"
_KEY_NUMBERS = range(200, 256)  # far from those an office begins with


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
class Roll:
    """A batch of stamps for a recognised product."""

    stage: Stage
    journey: Journey
    quantity: int
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
                purpose=f"Lô hàng {INVENTED}",
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
        """Let the agency make and sign the stamps."""
        issue_batch(
            self.stage.session,
            self.batch.code,
            IssueBatch(version=self.batch.version),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
            key_dir=self.stage.tool.key_dir,
        )

    def deliver(self, at: datetime) -> None:
        """Let the agency hand them over."""
        deliver_batch(
            self.stage.session,
            self.batch.code,
            DeliverBatch(
                version=self.batch.version,
                delivered_to=self.stage.cast.name(self.journey.office.applicant),
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
        )

    def activate(self, at: datetime) -> None:
        """Let the producer confirm receipt: the stamps say what they are worth."""
        activate_batch(
            self.stage.session,
            self.batch.code,
            ActivateBatch(version=self.batch.version),
            actor=self.stage.cast.actor(self.journey.office.applicant, at),
            at=at,
        )


def make_stamp_key(stage: Stage, at: datetime) -> None:
    """Make the demonstration's own key.

    A run that was cut leaves its key's file behind without a row; the next one takes another number.
    """
    taken = kids_in(stage.tool.key_dir)
    kid = next(number for number in _KEY_NUMBERS if number not in taken)
    create_stamp_key(stage.session, stage.tool.key_dir, kid, at=at)
    stage.session.flush()
