"""Who somebody is at a provider: pure."""

from dataclasses import dataclass

LONGEST_ISSUER, LONGEST_SUBJECT = 200, 255


@dataclass(frozen=True, slots=True)
class Subject:
    """One person as a provider knows them: the pair never changes there, nor is it used again."""

    issuer: str
    subject: str
