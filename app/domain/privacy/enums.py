"""Kinds, states and steps of requests about personal data, and words of the inventory: closed vocabularies."""

from enum import StrEnum


class RequestKind(StrEnum):
    """What a person asks for."""

    EXPORT = "export"
    CORRECTION = "correction"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"


class RequestState(StrEnum):
    """Where a request is on its way."""

    RECEIVED = "received"
    GRANTED = "granted"
    PARTLY_GRANTED = "partly_granted"  # what a law keeps is kept, and said
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RequestStep(StrEnum):
    """What moves a request."""

    GRANT = "grant"
    GRANT_PARTLY = "grant_partly"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Whose(StrEnum):
    """Whom data is about."""

    OFFICIALS = "officials"
    PRODUCERS = "producers"
    REPORTERS = "reporters"
    BUYERS = "buyers"
    EVERYBODY = "everybody"


class Care(StrEnum):
    """How much care data needs."""

    BASIC = "basic"
    SENSITIVE = "sensitive"
    SECRET = "secret"  # noqa: S105 -- a word, no secret
