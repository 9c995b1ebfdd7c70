"""Closed vocabularies of dossiers."""

from enum import StrEnum


class DossierKind(StrEnum):
    """Kind of dossier (26/2026/QĐ-TTg art. 6.1)."""

    FIRST = "first"
    UPGRADE = "upgrade"
    RENEWAL = "renewal"


class DossierState(StrEnum):
    """Where a dossier stands between its opening and its result."""

    DRAFT = "draft"
    FILED = "filed"
    RETURNED = "returned"
    ASSESSED = "assessed"
    PROPOSED = "proposed"
    COMPLETION_REQUESTED = "completion_requested"
    ACCEPTED = "accepted"
    ADVISED = "advised"
    SCHEDULED = "scheduled"
    SCORING = "scoring"
    LOCKED = "locked"
    RECOGNISED = "recognised"
    BELOW_THREE = "below_three"
    EXCLUDED = "excluded"
    AWAITING_CENTRE = "awaiting_centre"
    RETURNED_BY_CENTRE = "returned_by_centre"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What moves a dossier from one state to another."""

    FILE = "file"
    RETURN = "return"
    SIGN_REPORT = "sign_report"
    PROPOSE = "propose"
    REQUEST_COMPLETION = "request_completion"
    COMPLETE = "complete"
    RECALL_REQUEST = "recall_request"
    ACCEPT = "accept"
    ADVISE = "advise"
    SCHEDULE = "schedule"
    TAKE_OFF = "take_off"
    TAKE_OFF_ADVISED = "take_off_advised"
    OPEN_SCORING = "open_scoring"
    LOCK = "lock"
    REOPEN_SCORING = "reopen_scoring"
    RECOGNISE = "recognise"
    CLOSE_BELOW_THREE = "close_below_three"
    CLOSE_EXCLUDED = "close_excluded"
    SEND_TO_CENTRE = "send_to_centre"
    RETURN_BY_CENTRE = "return_by_centre"
    WITHDRAW = "withdraw"


class EvidenceKind(StrEnum):
    """The fifteen kinds of evidence of Mẫu 02 part III, and whatever else a producer adds."""

    BUSINESS_REGISTRATION = "business_registration"
    PRODUCTION_CONDITIONS = "production_conditions"
    MATERIAL_ORIGIN = "material_origin"
    ENVIRONMENT = "environment"
    LOCAL_LABOUR = "local_labour"
    GROWTH = "growth"
    INTELLECTUAL_PROPERTY = "intellectual_property"
    MARKET = "market"
    PROMOTION = "promotion"
    STORY = "story"
    QUALITY_DECLARATION = "quality_declaration"
    TEST_REPORT = "test_report"
    BARCODE = "barcode"
    QUALITY_SYSTEM = "quality_system"
    AWARD = "award"
    OTHER = "other"


class DossierPart(StrEnum):
    """The parts of a dossier that a commune may ask to complete (26/2026/QĐ-TTg art. 6.1, 6.2.d)."""

    REGISTRATION = "registration"
    BUSINESS_RESULTS = "business_results"
    SELF_ASSESSMENT = "self_assessment"
    EVIDENCE = "evidence"
    BUSINESS_PLAN = "business_plan"
    SAMPLES = "samples"
    CHANGES = "changes"


class Finding(StrEnum):
    """The four findings of the commune's report (Mẫu số 03, part II)."""

    MATERIAL = "material"
    LABOUR = "labour"
    IDEA = "idea"
    IDENTITY = "identity"


class CheckedPart(StrEnum):
    """What the province checks and may ask to complete: a dossier's parts and the commune's papers.

    The first seven are the words of DossierPart; basis: 26/2026/QĐ-TTg art. 6.1, 6.2.
    """

    REGISTRATION = "registration"
    BUSINESS_RESULTS = "business_results"
    SELF_ASSESSMENT = "self_assessment"
    EVIDENCE = "evidence"
    BUSINESS_PLAN = "business_plan"
    SAMPLES = "samples"
    CHANGES = "changes"
    COMMUNE_REPORT = "commune_report"
    PROPOSAL_LETTER = "proposal_letter"


class Addressee(StrEnum):
    """Who is asked to complete something (26/2026/QĐ-TTg art. 7.3.a names both)."""

    PRODUCER = "producer"
    COMMUNE = "commune"


class Recommendation(StrEnum):
    """What the advisory team tells the council to do with a dossier (art. 7.3.c)."""

    EVALUATE = "evaluate"
    COMPLETE_FIRST = "complete_first"
    SURVEY_FIRST = "survey_first"
    TEST_FIRST = "test_first"
    NOT_EVALUATE = "not_evaluate"


class LabOutcome(StrEnum):
    """What a laboratory found."""

    PASSED = "passed"
    FAILED = "failed"
