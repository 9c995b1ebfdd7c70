"""Closed vocabularies of exports."""

from enum import StrEnum


class ExportKind(StrEnum):
    """What an export holds: the province's report, or the ministry's master table."""

    PROVINCE_REPORT = "province_report"
    MASTER_TABLE = "master_table"


class ExportFormat(StrEnum):
    """How a table leaves: a workbook, or plain text."""

    XLSX = "xlsx"
    CSV = "csv"


class Origin(StrEnum):
    """How a certificate came to be; what was loaded from earlier periods does not say."""

    FIRST = "first"
    UPGRADE = "upgrade"
    RENEWAL = "renewal"
    HOLDER_CHANGE = "holder_change"
    EARLIER = "earlier"


class Answer(StrEnum):
    """Whether something holds of a producer's representative, as far as it was stated."""

    YES = "yes"
    NO = "no"
    UNSTATED = "unstated"
