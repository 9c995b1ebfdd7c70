"""What every schema of councils shares: limits, one line of text, the version that was seen."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.core.text import normal

MOST_SEATS = 40
MOST_DOSSIERS = 100
MOST_MARKS = 80
LONGEST_REMARK = 2000
LONGEST_OPINION = 4000
LONGEST_CONCLUSION = 20_000

Line = Annotated[str, AfterValidator(normal)]
VERSION = Field(
    ge=1, description="Phiên bản đã xem; khác phiên bản hiện tại thì bị từ chối.", examples=[1]
)


class Input(BaseModel):
    """What comes in: nothing beyond the named fields, no blanks around a text."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
