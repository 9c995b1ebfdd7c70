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
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    SCORING = "scoring"
    LOCKED = "locked"
    RECOGNISED = "recognised"
    BELOW_THREE = "below_three"
    EXCLUDED = "excluded"
    AWAITING_CENTRE = "awaiting_centre"
    WITHDRAWN = "withdrawn"


class Step(StrEnum):
    """What moves a dossier from one state to another."""

    FILE = "file"
    RETURN = "return"
    SIGN_REPORT = "sign_report"
    PROPOSE = "propose"
    ACCEPT = "accept"
    SCHEDULE = "schedule"
    OPEN_SCORING = "open_scoring"
    LOCK = "lock"
    RECOGNISE = "recognise"
    CLOSE_BELOW_THREE = "close_below_three"
    CLOSE_EXCLUDED = "close_excluded"
    SEND_TO_CENTRE = "send_to_centre"
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


class Finding(StrEnum):
    """The four findings of the commune's report (Mẫu số 03, part II)."""

    MATERIAL = "material"
    LABOUR = "labour"
    IDEA = "idea"
    IDENTITY = "identity"
