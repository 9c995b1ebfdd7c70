"""How lines of the register are counted for a year's report: every table adds up to the same total."""

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeAlias

from app.core.text import fold
from app.domain.exports.enums import Answer
from app.domain.exports.rules.lines import RegisterLine
from app.domain.producers.enums import Gender, ProducerKind
from app.domain.recognition.enums import Replacement, Standing

KINH = frozenset({"kinh", "nguoi kinh", "dan toc kinh", "viet", "kinh viet"})
ANSWER_LABELS: dict[Answer, str] = {
    Answer.YES: "Có",
    Answer.NO: "Không",
    Answer.UNSTATED: "Chưa ghi",
}
_MONTHS_A_YEAR = 12


class EndKind(StrEnum):
    """How a certificate ended, as a report tells it apart."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    UPGRADED = "upgraded"
    RENEWED = "renewed"
    RECOGNISED_ANEW = "recognised_anew"
    HOLDER_CHANGED = "holder_changed"
    PRODUCER_DISSOLVED = "producer_dissolved"


END_LABELS: dict[EndKind, str] = {
    EndKind.EXPIRED: "Hết hạn",
    EndKind.REVOKED: "Bị thu hồi",
    EndKind.UPGRADED: "Thay bằng giấy mới do nâng hạng",
    EndKind.RENEWED: "Thay bằng giấy mới do đánh giá lại",
    EndKind.RECOGNISED_ANEW: "Thay bằng giấy mới khác",
    EndKind.HOLDER_CHANGED: "Chuyển cho chủ thể kế thừa",
    EndKind.PRODUCER_DISSOLVED: "Chủ thể ngừng hoạt động",
}
_REPLACED: dict[Replacement, EndKind] = {
    Replacement.RECOGNITION: EndKind.RECOGNISED_ANEW,
    Replacement.UPGRADE: EndKind.UPGRADED,
    Replacement.RENEWAL: EndKind.RENEWED,
    Replacement.HOLDER_CHANGE: EndKind.HOLDER_CHANGED,
}
_ENDS: dict[Standing, EndKind] = {
    Standing.REVOKED: EndKind.REVOKED,
    Standing.PRODUCER_DISSOLVED: EndKind.PRODUCER_DISSOLVED,
}
Cell: TypeAlias = tuple[str, int]


def months_later(on: date, months: int) -> date:
    """Return the corresponding day so many months on, or the last of its month (Civil Code art. 147)."""
    count = on.month - 1 + months
    year, month = on.year + count // _MONTHS_A_YEAR, count % _MONTHS_A_YEAR + 1
    return date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Person:
    """What a report counts of a producer's representative; it leaves the program as numbers only."""

    producer_id: int
    gender: Gender
    ethnicity: str

    @property
    def is_woman(self) -> Answer:
        """Whether a woman represents the producer."""
        if self.gender is Gender.UNSTATED:
            return Answer.UNSTATED
        return Answer.YES if self.gender is Gender.FEMALE else Answer.NO

    @property
    def is_of_minority(self) -> Answer:
        """Whether the representative is of an ethnic minority: any people stated but the Kinh."""
        said = fold(self.ethnicity)
        if not said:
            return Answer.UNSTATED
        return Answer.NO if said in KINH else Answer.YES


@dataclass(slots=True)
class Tally:
    """What lines come to for one year up to a day: counted once, from one reading of the register."""

    year_from: date
    on: date
    running: dict[str, Counter[Cell]] = field(default_factory=dict)
    issued: Counter[Cell] = field(default_factory=Counter)
    ended: Counter[Cell] = field(default_factory=Counter)
    at_start: Counter[int] = field(default_factory=Counter)
    expiring: Counter[str] = field(default_factory=Counter)
    issued_in: Counter[str] = field(default_factory=Counter)
    ended_in: Counter[str] = field(default_factory=Counter)
    producers: dict[str, set[int]] = field(default_factory=dict)
    producers_of_kind: dict[ProducerKind, set[int]] = field(default_factory=dict)
    producers_in: dict[str, set[int]] = field(default_factory=dict)

    def add(self, line: RegisterLine, person: Person) -> None:
        """Count one line."""
        ended_on = line.ended_on
        if line.issued_on < self.year_from and (ended_on is None or ended_on >= self.year_from):
            self.at_start[line.star] += 1
        if self.issues(line):
            self.issued[line.origin, line.star] += 1
            self.issued_in[line.commune_code] += 1
        if self.ends(line):
            self.ended[end_of(line), line.star] += 1
            self.ended_in[line.commune_code] += 1
        if ended_on is None:
            self._add_running(line, person)

    def issues(self, line: RegisterLine) -> bool:
        """Tell whether it was issued in the year, by the day."""
        return line.issued_on >= self.year_from

    def ends(self, line: RegisterLine) -> bool:
        """Tell whether it ended in the year, by the day."""
        return line.ended_on is not None and line.ended_on >= self.year_from

    def expires_soon(self, line: RegisterLine) -> bool:
        """Tell whether it runs and ends by itself within twelve months from the day."""
        return line.is_running and line.last_day <= months_later(self.on, _MONTHS_A_YEAR)

    def _add_running(self, line: RegisterLine, person: Person) -> None:
        for table, key in (
            ("category", line.category),
            ("kind", line.producer_kind.value),
            ("commune", line.commune_code),
            ("woman", person.is_woman.value),
            ("minority", person.is_of_minority.value),
            ("standing", line.standing.value),
        ):
            self.running.setdefault(table, Counter())[key, line.star] += 1
        self.expiring[line.commune_code] += self.expires_soon(line)
        self.producers_of_kind.setdefault(line.producer_kind, set()).add(person.producer_id)
        self.producers_in.setdefault(line.commune_code, set()).add(person.producer_id)
        for answer, name in ((person.is_woman, "woman"), (person.is_of_minority, "minority")):
            self.producers.setdefault(f"{name}/{answer.value}", set()).add(person.producer_id)

    def total_running(self) -> int:
        """Return how many run on the day."""
        return sum(self.running.get("standing", Counter()).values())

    def keys_of(self, table: str) -> set[str]:
        """Return the keys of a table that were met."""
        return {key for key, _ in self.running.get(table, Counter())}


def stars_of(counts: Counter[Cell], keys: Iterable[str], star: int) -> int:
    """Return what some keys of a table come to in one star."""
    return sum(counts[key, star] for key in keys)


def end_of(line: RegisterLine) -> EndKind:
    """Return how a line that ended did so."""
    ended_as = line.ended_as
    if ended_as in {Standing.SUPERSEDED, Standing.HOLDER_CHANGED}:
        return _REPLACED[line.superseded_how or Replacement.RECOGNITION]
    return _ENDS.get(ended_as or Standing.EXPIRED, EndKind.EXPIRED)
