"""When everything of the demonstration happened: days on which offices work, rounds that fit."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from app.core.clock import VIET_NAM, local_day
from app.domain.councils.rules import round_dates, round_windows
from app.domain.places.rules import is_working_day
from app.rulebooks import loader

_MEETING_UNDER_WAY = time(9, 30)
_UPCOMING = 2
_DAY = timedelta(days=1)


class WorldError(Exception):
    """The world cannot be built here; the text says why, in Vietnamese."""


class TooEarlyError(WorldError):
    """The decree is too young: a whole round cannot have happened under it yet."""


@dataclass(frozen=True, slots=True)
class Window:
    """A round as the regime dates it; proposals for it come in after the cut-off before it."""

    year: int
    ordinal: int
    proposals_after: date
    proposals_before: date
    results_before: date


@dataclass(frozen=True, slots=True)
class Way:
    """The days on which a dossier went from its opening to its meeting, in one round."""

    window: Window
    opened: date
    written: date
    filed: date
    reported: date
    signed: date
    proposed: date
    accepted: date
    scheduled: date
    meeting: date


@dataclass(frozen=True, slots=True)
class Finished:
    """The days of a round that is over: the way to the meeting, the decision, the stamps."""

    way: Way
    decided: date
    ordered: date
    approved: date
    issued: date
    delivered: date
    activated: date


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the moment of a time of day in Viet Nam."""
    return datetime.combine(day, time(hour, minute), tzinfo=VIET_NAM).astimezone(UTC)


class Calendar:
    """Days before a present moment, and the rounds around it."""

    def __init__(self, at: datetime, holidays: Collection[date]) -> None:
        self.at = at
        self.today = local_day(at)
        self._holidays = holidays
        self.first_day = loader.in_force(self.today).in_force.first

    def working_day(self, day: date) -> date:
        """Return the day itself, or the last working day before it."""
        while not is_working_day(day, self._holidays):
            day -= _DAY
        return day

    def before(self, day: date, count: int) -> date:
        """Return the day that lies so many working days earlier."""
        for _ in range(count):
            day = self.working_day(day - _DAY)
        return day

    def ago(self, count: int) -> date:
        """Return the day that lies so many working days before today."""
        return self.before(self.today, count)

    def windows(self) -> tuple[Window, ...]:
        """Return the rounds from the year of the decree to next year, oldest first."""
        return tuple(self._windows())

    def upcoming(self) -> tuple[Window, ...]:
        """Return the rounds that take dossiers now and next."""
        return tuple(one for one in self.windows() if one.results_before > self.today)[:_UPCOMING]

    def window_for(self, proposed: date) -> Window:
        """Return the round for which a dossier proposed on this day is in time."""
        return next(one for one in self.upcoming() if proposed < one.proposals_before)

    def meeting_now(self) -> Way:
        """Return the way of the dossiers that are being scored at this moment."""
        here = self.at.astimezone(VIET_NAM)
        day = self.today if here.time() >= _MEETING_UNDER_WAY else self.today - _DAY
        return self._way(self.working_day(day), self.upcoming()[0])

    def finished(self) -> Finished:
        """Return the days of the newest round whose whole way fits before today."""
        activated = self.ago(1)
        delivered, issued = self.before(activated, 1), self.before(activated, 2)
        approved, ordered = self.before(activated, 3), self.before(activated, 4)
        for window in reversed(self.windows()):
            decided = self.working_day(min(self.before(ordered, 2), window.results_before - _DAY))
            way = self._way(self.before(decided, 3), window)
            if self._fits(way):
                return Finished(way, decided, ordered, approved, issued, delivered, activated)
        text = (
            "Dữ liệu minh họa cần một đợt đã xong theo quy định hiện hành: "
            "đồng hồ của máy phải từ tháng 7 năm 2026 trở đi."
        )
        raise TooEarlyError(text)

    def _windows(self) -> Iterator[Window]:
        regime = loader.in_force(self.today)
        rounds = round_windows(regime, loader.council_rules_in_force(self.today))
        previous = date.min
        for year in range(self.first_day.year, self.today.year + 2):
            for ordinal, window in sorted(rounds.items()):
                proposals, results = round_dates(window, year)
                yield Window(year, ordinal, previous, proposals, results)
                previous = proposals

    def _way(self, meeting: date, window: Window) -> Way:
        scheduled = self.before(meeting, 3)
        accepted = self.before(scheduled, 1)
        last = self.working_day(window.proposals_before - _DAY)
        proposed = min(self.before(accepted, 2), last)
        signed = self.before(proposed, 1)
        reported = self.before(signed, 1)
        filed = self.before(reported, 4)
        written = self.before(filed, 2)
        return Way(
            window=window,
            opened=self.before(written, 2),
            written=written,
            filed=filed,
            reported=reported,
            signed=signed,
            proposed=proposed,
            accepted=accepted,
            scheduled=scheduled,
            meeting=meeting,
        )

    def _fits(self, way: Way) -> bool:
        return (
            way.opened >= self.first_day
            and way.meeting.year == way.window.year
            and way.proposed >= way.window.proposals_after
        )
