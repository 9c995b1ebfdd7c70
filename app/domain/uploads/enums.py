"""Closed vocabularies of uploads."""

from enum import StrEnum


class UploadPurpose(StrEnum):
    """What a file becomes: evidence of a dossier, a paper of a wallet, or a paper's renewal."""

    EVIDENCE = "evidence"
    PAPER = "paper"
    RENEWAL = "renewal"


class UploadState(StrEnum):
    """Where a file on its way stands."""

    RECEIVING = "receiving"
    FINISHED = "finished"
    REFUSED = "refused"
