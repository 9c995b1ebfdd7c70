"""What every schema of a dossier shares: bounds, the version seen, texts as they are stored."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.core.text import normal
from app.domain.dossiers.enums import DossierPart

LONGEST_DESCRIPTION = 4000
LONGEST_REPORT_PART = 20_000
LONGEST_FINDING = 8000
MOST_NOTES = 80  # more criteria than any rubric has
MOST_ANSWERS = 60
MOST_EVIDENCE = 40
MOST_SAMPLES = 100
MOST_GATES = 40
LARGEST_AMOUNT = 10**15
FIRST_REVENUE_YEAR, LAST_REVENUE_YEAR = 2015, 2100
MOST_KILOGRAMS = 1_000_000_000
SHORTEST_REASON = 3
VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[3]
)


class Input(BaseModel):
    """What comes in: nothing beyond the named fields, texts as they are stored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _as_stored(cls, sent: object) -> object:
        """Measure a text as it will be stored: signs without a shape are no reason and no title."""
        if isinstance(sent, list):
            return [normal(one) if isinstance(one, str) else one for one in sent]
        return normal(sent) if isinstance(sent, str) else sent


def check_parts_once(parts: Sequence[DossierPart]) -> None:
    """Refuse a list that names a part of the dossier twice."""
    if len(set(parts)) != len(parts):
        message = "Mỗi phần chỉ nêu một lần."
        raise ValueError(message)
