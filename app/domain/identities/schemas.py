"""What comes in about linked identities."""

from pydantic import BaseModel, ConfigDict, Field

from app.domain.identities.rules import LONGEST_SUBJECT


class LinkIdentity(BaseModel):
    """The subject of an account at the provider, as the provider's own administrator tells it."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    subject: str = Field(min_length=1, max_length=LONGEST_SUBJECT, examples=["b1f0c2d4"])
