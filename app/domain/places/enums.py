"""Closed vocabularies of places."""

from enum import StrEnum


class UnitLevel(StrEnum):
    """Level of an administrative unit; districts ended on 30/06/2025."""

    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"
