"""Closed vocabularies of uploads."""

from enum import StrEnum


class UploadState(StrEnum):
    """Where a file on its way stands."""

    RECEIVING = "receiving"
    FINISHED = "finished"
    REFUSED = "refused"
