"""What lies in `data/`, read and checked: people, products, worked examples."""

import csv
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from app.domain.accounts.enums import Role
from app.domain.councils.enums import Seat
from app.domain.dossiers.enums import EvidenceKind
from app.domain.producers.enums import Gender, ProducerKind
from app.rulebooks import loader

DATA = Path(__file__).parent / "data"
EVIDENCE = DATA / "evidence"
PHOTOS = DATA / "photos"
INVENTED = "minh họa"
_EXAMPLES = ("03", "04", "06")
_DISTRICTS_RECOGNISED_SINCE = 2023  # 148/QĐ-TTg; before, the province recognised three stars too
_THREE_STARS = 3


class Status(StrEnum):
    """What public sources tell of a product."""

    RECOGNISED = "recognised"
    DISTRICT_PASSED = "district_passed"
    LISTED = "listed"


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Person(_Read):
    """An invented account; `council_role` is its seat on the demonstration's council."""

    username: str
    name: str
    role: Role
    unit_code: str
    agency_code: str
    organisation: str
    council_role: Seat | None

    @model_validator(mode="after")
    def _says_so(self) -> Self:
        if INVENTED not in self.name:
            message = f"{self.username} does not say that it is invented"
            raise ValueError(message)
        return self


class Listed(_Read):
    """A product as public sources tell of it."""

    name: str
    producer_name: str
    producer_type: ProducerKind | None
    district_2022: str
    commune_2025_code: str
    set_number: int
    stars: int | None
    year: int | None
    status: Status
    source_url: str
    confidence: str
    note: str

    @property
    def can_be_registered(self) -> bool:
        """Whether the sources name what a registration needs: who makes it, and where."""
        return bool(self.producer_name and self.producer_type and self.commune_2025_code)

    @property
    def can_be_recognised(self) -> bool:
        """Whether the sources name star and year of a recognition."""
        return self.status is Status.RECOGNISED and None not in {self.stars, self.year}

    @property
    def issued_on(self) -> date:
        """The day that stands for a year: the end of the round the source names, or of the year."""
        year = self.year or 0
        return date(year, 6, 30) if "đợt 1" in self.note else date(year, 12, 31)

    @property
    def regime_code(self) -> str:
        """The regime under which products were recognised on that day."""
        for code in loader.regime_codes():
            span = loader.regime(code).dossiers_filed
            if span.first <= self.issued_on and (span.last is None or self.issued_on <= span.last):
                return code
        message = f"{self.name}: no regime was in force on {self.issued_on}"
        raise ValueError(message)

    @property
    def authority(self) -> str:
        """Who recognised under the rules of that year."""
        by_district = self.stars == _THREE_STARS and (self.year or 0) >= _DISTRICTS_RECOGNISED_SINCE
        where = self.district_2022 if by_district else "tỉnh Lai Châu"
        return f"Ủy ban nhân dân {where[:1].lower()}{where[1:]}"

    @property
    def told(self) -> str:
        """What may be said of the product: where it is known from, and what is not known."""
        source = (
            f"Nguồn: {self.source_url}." if self.source_url else "Nguồn: bài báo, không còn trang."
        )
        if self.can_be_recognised:
            return source
        if self.status is Status.RECOGNISED:
            return f"{source} Nguồn không nêu đủ hạng sao và năm công nhận: ở đây không gắn sao."
        return f"{source} Nguồn không nêu kết quả công nhận: ở đây không gắn sao."


class Paper(_Read):
    """A file of `data/evidence` and the criteria it is cited for."""

    file: str
    kind: EvidenceKind
    title: str
    criteria: tuple[str, ...]


class Claim(_Read):
    """What a producer claims for a criterion."""

    option: str
    description: str


class ExampleProducer(_Read):
    """A producer of a worked example."""

    name: str
    kind: ProducerKind
    address: str
    representative: str
    representative_title: str
    representative_gender: Gender
    representative_ethnicity: str


class ExampleProduct(_Read):
    """A product of a worked example."""

    name: str
    set_number: int
    description: str
    packaging: str
    story: str
    gtin: str = ""  # invented, of the range 952 that GS1 keeps for demonstrations
    invented: bool


class ExampleReport(_Read):
    """The commune's findings of a worked example."""

    material_finding: str
    material_local_percent: int
    labour_finding: str
    workers_total: int
    workers_local: int
    idea_finding: str
    identity_finding: str


class Expected(_Read):
    """What the sheets of a worked example add up to."""

    totals: tuple[int, ...]
    average: str
    band_star: int
    star: int
    minima_missed: tuple[str, ...]


class Example(_Read):
    """A worked example: all that is claimed, found and scored about one product."""

    rubric: str
    account: str
    commune_code: str
    producer: ExampleProducer
    product: ExampleProduct
    commune_report: ExampleReport
    evidence: tuple[Paper, ...] = ()
    self_assessment: dict[str, Claim]
    sheets: dict[str, dict[str, str]]
    expected: Expected

    def at_its_best(self) -> Self:
        """Return the example with every sheet at the most points its rubric holds."""
        best = {
            criterion.code: max(criterion.options, key=lambda option: option.points).code
            for criterion in loader.rubric(self.rubric).criteria
        }
        return self.model_copy(update={"sheets": dict.fromkeys(self.sheets, best)})


def _rows(name: str) -> list[dict[str, str | None]]:
    with (DATA / name).open(encoding="utf-8", newline="") as source:
        return [dict(row) for row in csv.DictReader(source)]


def _with_none(row: dict[str, str | None], *names: str) -> dict[str, str | None]:
    return row | {name: row[name] or None for name in names}


@cache
def people() -> tuple[Person, ...]:
    """Return the invented accounts."""
    return tuple(
        Person.model_validate(_with_none(row, "council_role")) for row in _rows("people.csv")
    )


@cache
def products() -> tuple[Listed, ...]:
    """Return the products of public sources."""
    return tuple(
        Listed.model_validate(_with_none(row, "producer_type", "stars", "year"))
        for row in _rows("products.csv")
    )


@cache
def examples() -> tuple[Example, ...]:
    """Return the worked examples: rice, honey, corn cake."""
    return tuple(
        Example.model_validate(
            yaml.load(
                (DATA / f"self_assessment_{number}.yaml").read_bytes(),
                Loader=yaml.CSafeLoader,
            )
        )
        for number in _EXAMPLES
    )
