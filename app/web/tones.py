"""The colour beside a word of state; the word always says the same without it."""

from app.domain.councils.enums import ItemState
from app.domain.ideas.enums import IdeaState
from app.domain.imports.enums import ImportState
from app.domain.recognition.enums import DecisionState, Standing, SubmissionState
from app.domain.stamps.enums import BatchState

DECISION_TONES: dict[DecisionState, str] = {
    DecisionState.DRAFT: "warn",
    DecisionState.SIGNED: "good",
}
SUBMISSION_TONES: dict[SubmissionState, str] = {
    SubmissionState.SENT: "warn",
    SubmissionState.RECOGNISED: "good",
    SubmissionState.NOT_REACHED: "bad",
}
STANDING_TONES: dict[Standing, str] = {
    Standing.VALID: "good",
    Standing.RENEWAL_WINDOW: "warn",
    Standing.LATE: "warn",
    Standing.EXPIRED: "bad",
    Standing.SUPERSEDED: "info",
    Standing.REVOKED: "bad",
}
BATCH_TONES: dict[BatchState, str] = {
    BatchState.ORDERED: "warn",
    BatchState.APPROVED: "info",
    BatchState.REFUSED: "bad",
    BatchState.ISSUED: "info",
    BatchState.DELIVERED: "warn",
    BatchState.IN_USE: "good",
    BatchState.CLOSED: "",
}
IDEA_TONES: dict[IdeaState, str] = {
    IdeaState.RETURNED: "warn",
    IdeaState.ACCEPTED: "good",
    IdeaState.CONVERTED: "good",
    IdeaState.DECLINED: "bad",
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
