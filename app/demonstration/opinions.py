"""A renewal on its way to the council, and the council asked about it in writing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import local_day
from app.demonstration.afterwards import Certified
from app.demonstration.journeys import AGENCY, Journey
from app.demonstration.sittings import Sitting
from app.domain.councils.actions import open_opinion
from app.domain.councils.schemas import OpenOpinion
from app.domain.dossiers.actions import accept_dossier
from app.domain.dossiers.schemas import AcceptDossier

FOR_OPINIONS = timedelta(days=10)


@dataclass
class Renewal(Journey):
    """The dossier of a renewal: opened from its certificate, taken into no round."""

    def open_from(self, certified: Certified, at: datetime) -> None:
        """Open it and say what changed since the recognition."""
        certified.renew(at)
        certified.tell_changes(at)
        self._dossier = certified.dossier

    def take_in(self, at: datetime) -> None:
        """Let the province accept it: its 45 days begin."""
        accept_dossier(
            self.stage.session,
            self.dossier.code,
            AcceptDossier(version=self.dossier.version),
            None,
            actor=self._actor(AGENCY, at),
            at=at,
        )


@dataclass
class Asking(Sitting):
    """A written opinion on renewals, under way."""

    def schedule(self, at: datetime) -> None:
        """Ask every voting member; the sheets are theirs at once."""
        self._meeting = open_opinion(
            self.stage.session,
            OpenOpinion(
                council=self.bench.council.code,
                dossiers=[journey.dossier.code for journey in self.journeys],
                due_on=local_day(at) + FOR_OPINIONS,
            ),
            actor=self.stage.cast.actor(AGENCY, at),
            at=at,
            council_rules_dir=self.stage.tool.council_rules_dir,
        )
        self.stage.session.flush()
