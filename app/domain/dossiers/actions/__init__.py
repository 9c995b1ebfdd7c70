"""Everything that can happen to a dossier, one function a step; by whom, see policy.py."""

from app.domain.dossiers.actions.advising import (
    attach,
    order_test,
    record_site_survey,
    record_test_result,
    save_advice,
    sign_advice,
    why_not_attach_to,
)
from app.domain.dossiers.actions.changing import NothingToCompare, save_changes
from app.domain.dossiers.actions.commune import (
    propose_dossier,
    return_dossier,
    save_commune_report,
    sign_commune_report,
)
from app.domain.dossiers.actions.completing import (
    CompletionUnanswered,
    answer_completion,
    check_at_province,
    recall_request,
    request_completion,
)
from app.domain.dossiers.actions.council import (
    close_without_recognition,
    lock_dossier,
    open_scoring,
    recognise_dossier,
    reopen_scoring,
    return_by_centre,
    schedule_dossier,
    send_to_centre,
    take_off_agenda,
)
from app.domain.dossiers.actions.evidence import (
    add_evidence,
    keep_paper,
    stop_using_evidence,
    use_evidence,
)
from app.domain.dossiers.actions.filing import DossierIncomplete, file_dossier, withdraw_dossier
from app.domain.dossiers.actions.intake import (
    FoundLacking,
    RoundClosed,
    TooLateForRound,
    accept_dossier,
)
from app.domain.dossiers.actions.opening import (
    AlreadyRecognised,
    DossierOpen,
    GateHolds,
    GatesUnanswered,
    OlderDecisionApplies,
    ProducerKindExcluded,
    RegistrationMissing,
    open_dossier,
    open_from_certificate,
    why_not_gates,
)
from app.domain.dossiers.actions.receiving import check_components, receive_dossier
from app.domain.dossiers.actions.telling import remind_of_overdue
from app.domain.dossiers.actions.writing import (
    PART_OF,
    UnknownSection,
    save_report_parts,
    save_section,
)

__all__ = [
    "PART_OF",
    "AlreadyRecognised",
    "CompletionUnanswered",
    "DossierIncomplete",
    "DossierOpen",
    "FoundLacking",
    "GateHolds",
    "GatesUnanswered",
    "NothingToCompare",
    "OlderDecisionApplies",
    "ProducerKindExcluded",
    "RegistrationMissing",
    "RoundClosed",
    "TooLateForRound",
    "UnknownSection",
    "accept_dossier",
    "add_evidence",
    "answer_completion",
    "attach",
    "check_at_province",
    "check_components",
    "close_without_recognition",
    "file_dossier",
    "keep_paper",
    "lock_dossier",
    "open_dossier",
    "open_from_certificate",
    "open_scoring",
    "order_test",
    "propose_dossier",
    "recall_request",
    "receive_dossier",
    "recognise_dossier",
    "record_site_survey",
    "record_test_result",
    "remind_of_overdue",
    "reopen_scoring",
    "request_completion",
    "return_by_centre",
    "return_dossier",
    "save_advice",
    "save_changes",
    "save_commune_report",
    "save_report_parts",
    "save_section",
    "schedule_dossier",
    "send_to_centre",
    "sign_advice",
    "sign_commune_report",
    "stop_using_evidence",
    "take_off_agenda",
    "use_evidence",
    "why_not_attach_to",
    "why_not_gates",
    "withdraw_dossier",
]
