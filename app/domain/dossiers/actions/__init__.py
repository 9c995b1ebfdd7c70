"""Everything that can happen to a dossier, one function a step; by whom, see policy.py."""

from app.domain.dossiers.actions.commune import (
    propose_dossier,
    return_dossier,
    save_commune_report,
    sign_commune_report,
)
from app.domain.dossiers.actions.council import (
    close_without_recognition,
    lock_dossier,
    open_scoring,
    recognise_dossier,
    schedule_dossier,
)
from app.domain.dossiers.actions.evidence import add_evidence, stop_using_evidence, use_evidence
from app.domain.dossiers.actions.filing import DossierIncomplete, file_dossier, withdraw_dossier
from app.domain.dossiers.actions.intake import RoundClosed, TooLateForRound, accept_dossier
from app.domain.dossiers.actions.opening import (
    AlreadyRecognised,
    DossierOpen,
    ProducerKindExcluded,
    open_dossier,
)
from app.domain.dossiers.actions.writing import UnknownSection, save_report_parts, save_section

__all__ = [
    "AlreadyRecognised",
    "DossierIncomplete",
    "DossierOpen",
    "ProducerKindExcluded",
    "RoundClosed",
    "TooLateForRound",
    "UnknownSection",
    "accept_dossier",
    "add_evidence",
    "close_without_recognition",
    "file_dossier",
    "lock_dossier",
    "open_dossier",
    "open_scoring",
    "propose_dossier",
    "recognise_dossier",
    "return_dossier",
    "save_commune_report",
    "save_report_parts",
    "save_section",
    "schedule_dossier",
    "sign_commune_report",
    "stop_using_evidence",
    "use_evidence",
    "withdraw_dossier",
]
