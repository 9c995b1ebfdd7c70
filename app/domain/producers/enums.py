"""Kinds of producer (26/2026/QĐ-TTg art. 2.3)."""

from enum import StrEnum


class ProducerKind(StrEnum):
    """Legal form of a producer; the last two only for tourism services."""

    COOPERATIVE = "cooperative"
    COOPERATIVE_GROUP = "cooperative_group"
    ENTERPRISE = "enterprise"
    FARM = "farm"
    HOUSEHOLD = "household"
    ASSOCIATION = "association"
    OPERATING_CENTRE = "operating_centre"


class Gender(StrEnum):
    """Gender as the forms of Annex III ask for it."""

    FEMALE = "female"
    MALE = "male"
    UNSTATED = "unstated"
