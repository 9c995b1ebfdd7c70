"""The colour beside a word of state; the word always says the same without it."""

from app.domain.councils.enums import ItemState
from app.domain.ideas.enums import IdeaState
from app.domain.imports.enums import ImportState
from app.domain.inspections.enums import (
    CorrectionState,
    Finding,
    InspectionState,
    Outcome,
    PlanState,
    Risk,
)
from app.domain.jobs.enums import JobState
from app.domain.misuse.enums import ReportState
from app.domain.privacy.enums import RequestState
from app.domain.recognition.enums import (
    ChangeKind,
    DecisionState,
    RevocationState,
    Standing,
    SubmissionState,
)
from app.domain.scans.enums import FlagState
from app.domain.stamps.enums import BatchState, RollState

DECISION_TONES: dict[DecisionState, str] = {
    DecisionState.DRAFT: "warn",
    DecisionState.SIGNED: "good",
}
SUBMISSION_TONES: dict[SubmissionState, str] = {
    SubmissionState.SENT: "warn",
    SubmissionState.RECOGNISED: "good",
    SubmissionState.NOT_REACHED: "bad",
}
REVOCATION_TONES: dict[RevocationState, str] = {
    RevocationState.OPENED: "warn",
    RevocationState.VERIFIED: "warn",
    RevocationState.SUBMITTED: "info",
    RevocationState.REVOKED: "bad",
    RevocationState.DROPPED: "",
}
STANDING_TONES: dict[Standing, str] = {
    Standing.VALID: "good",
    Standing.RENEWAL_WINDOW: "warn",
    Standing.LATE: "warn",
    Standing.EXTENDED: "warn",
    Standing.EXPIRED: "bad",
    Standing.PRODUCER_DISSOLVED: "bad",
    Standing.HOLDER_CHANGED: "info",
    Standing.SUPERSEDED: "info",
    Standing.REVOKED: "bad",
}
CHANGE_TONES: dict[ChangeKind, str] = {
    ChangeKind.ISSUED: "good",
    ChangeKind.EXTENDED: "warn",
    ChangeKind.CORRECTED: "info",
    ChangeKind.EXPIRED: "bad",
    ChangeKind.SUPERSEDED: "info",
    ChangeKind.HOLDER_CHANGED: "info",
    ChangeKind.PRODUCER_DISSOLVED: "bad",
    ChangeKind.REVOKED: "bad",
}
BATCH_TONES: dict[BatchState, str] = {
    BatchState.ORDERED: "warn",
    BatchState.ISSUING: "warn",
    BatchState.APPROVED: "info",
    BatchState.REFUSED: "bad",
    BatchState.ISSUED: "info",
    BatchState.DELIVERED: "warn",
    BatchState.IN_USE: "good",
    BatchState.CLOSED: "",
}
ROLL_TONES: dict[RollState, str] = {
    RollState.IN_STORE: "",
    RollState.DELIVERED: "warn",
    RollState.ACTIVATED: "good",
    RollState.SUSPENDED: "bad",
    RollState.VOID: "",
}
IDEA_TONES: dict[IdeaState, str] = {
    IdeaState.RETURNED: "warn",
    IdeaState.ACCEPTED: "good",
    IdeaState.CONVERTED: "good",
    IdeaState.DECLINED: "bad",
}
JOB_TONES: dict[JobState, str] = {
    JobState.WAITING: "info",
    JobState.RUNNING: "warn",
    JobState.DONE: "good",
    JobState.DEAD: "bad",
    JobState.CANCELLED: "",
}
IMPORT_TONES: dict[ImportState, str] = {
    ImportState.DRY_RUN: "warn",
    ImportState.APPLIED: "good",
    ImportState.FAILED: "bad",
}
ITEM_TONES: dict[ItemState, str] = {
    ItemState.WAITING: "",
    ItemState.SCORING: "warn",
    ItemState.LOCKED: "good",
    ItemState.TAKEN_OFF: "info",
}
FLAG_TONES: dict[FlagState, str] = {
    FlagState.OPEN: "warn",
    FlagState.DISMISSED: "",
    FlagState.CONFIRMED: "bad",
}
REPORT_TONES: dict[ReportState, str] = {
    ReportState.RECEIVED: "warn",
    ReportState.CHECKING: "info",
    ReportState.CLOSED: "good",
    ReportState.JOINED: "",
}
PLAN_TONES: dict[PlanState, str] = {PlanState.DRAFT: "warn", PlanState.APPROVED: "good"}
INSPECTION_TONES: dict[InspectionState, str] = {
    InspectionState.PLANNED: "info",
    InspectionState.UNDER_WAY: "warn",
    InspectionState.RECORDED: "warn",
    InspectionState.CORRECTING: "warn",
    InspectionState.CONCLUDED: "good",
    InspectionState.CANCELLED: "",
}
FINDING_TONES: dict[Finding, str] = {
    Finding.KEPT: "good",
    Finding.NOT_KEPT: "bad",
    Finding.NOT_CHECKED: "",
}
CORRECTION_TONES: dict[CorrectionState, str] = {
    CorrectionState.ASKED: "warn",
    CorrectionState.ANSWERED: "info",
    CorrectionState.ACCEPTED: "good",
    CorrectionState.REFUSED: "bad",
}
OUTCOME_TONES: dict[Outcome, str] = {
    Outcome.KEPT: "good",
    Outcome.CORRECTED: "info",
    Outcome.BREACH: "bad",
}
RISK_TONES: dict[Risk, str] = {
    Risk.EXTENDED: "warn",
    Risk.COMPLAINED: "bad",
    Risk.NEVER_CHECKED: "info",
    Risk.NEAR_END: "warn",
    Risk.BREACHED: "bad",
}
DATA_REQUEST_TONES: dict[RequestState, str] = {
    RequestState.RECEIVED: "warn",
    RequestState.GRANTED: "good",
    RequestState.PARTLY_GRANTED: "good",
    RequestState.REFUSED: "bad",
    RequestState.WITHDRAWN: "",
}
