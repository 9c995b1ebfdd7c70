"""What exports look like: files of a snapshot, the dictionary, workbooks of the province, the master table."""

from app.domain.exports.papers.dictionary import (
    FORMATS,
    GUARDED,
    LICENCE,
    datapackage,
    dictionary_csv,
    dictionary_document,
)
from app.domain.exports.papers.master import write_master_csv, write_master_workbook
from app.domain.exports.papers.province import Report, write_province_workbook
from app.domain.exports.papers.snapshot import SnapshotFiles, write_snapshot

__all__ = [
    "FORMATS",
    "GUARDED",
    "LICENCE",
    "Report",
    "SnapshotFiles",
    "datapackage",
    "dictionary_csv",
    "dictionary_document",
    "write_master_csv",
    "write_master_workbook",
    "write_province_workbook",
    "write_snapshot",
]
