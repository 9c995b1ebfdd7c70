"""Closed vocabularies of stamps and of what a scan answers."""

from enum import IntEnum, StrEnum


class StampLevel(IntEnum):
    """What a token stands for; the number is its field in the header."""

    ITEM = 0
    ROLL = 1  # the label of a whole roll or carton, never of a product
    PRODUCT = 2  # artwork printed on packaging, without serial


class KeyPurpose(StrEnum):
    """What a key may sign; one key never does two of these."""

    STAMPS = "stamps"  # stamps and certificates: only where stamps are issued
    ANSWERS = "answers"  # claims and deltas: the web door may hold it; it can make no stamp
    ROOT = "root"  # what an inspector's page trusts before it trusts anything else


class BatchState(StrEnum):
    """Life of a batch, from order to the end."""

    ORDERED = "ordered"
    APPROVED = "approved"
    REFUSED = "refused"
    ISSUING = "issuing"
    ISSUED = "issued"
    DELIVERED = "delivered"
    IN_USE = "in_use"
    CLOSED = "closed"


class RollState(StrEnum):
    """Where a roll is; its stamps are there too, but for those that were withdrawn."""

    IN_STORE = "in_store"
    DELIVERED = "delivered"
    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    VOID = "void"


class StampState(StrEnum):
    """What a single stamp is worth: its own withdrawal first, then the state of its roll."""

    ISSUED = "issued"
    ACTIVATED = "activated"
    SUSPENDED = "suspended"
    VOID = "void"


class StampStatus(IntEnum):
    """The two bits of a stamp in a status list (IETF Token Status List, section 7.1)."""

    VALID = 0
    VOID = 1  # also of an index that was never issued
    SUSPENDED = 2
    NOT_ACTIVATED = 3


class WithdrawalKind(StrEnum):
    """Why stamps were withdrawn; there is no way back."""

    MISPRINTED = "misprinted"
    SPOILT = "spoilt"
    RETURNED = "returned"
    LOST = "lost"
    RECALLED = "recalled"


class PrintForm(StrEnum):
    """What a printer is given."""

    SHEETS_25 = "sheets_25"
    SHEETS_22 = "sheets_22"
    PRINT_HOUSE = "print_house"


class Verdict(StrEnum):
    """What a scan answers; never «genuine»: a photocopy verifies too."""

    VALID = "valid"
    NOT_ACTIVATED = "not_activated"
    EXPIRED = "expired"
    LATE = "late"
    EXTENDED = "extended"
    REVOKED = "revoked"
    VOID = "void"
    SUSPENDED = "suspended"
    SUPERSEDED = "superseded"
    HOLDER_CHANGED = "holder_changed"
    PRODUCER_DISSOLVED = "producer_dissolved"
    SPECIMEN = "specimen"
    ROLL = "roll"  # the label of a roll, which is no product
    UNKNOWN = "unknown"
    TAMPERED = "tampered"
