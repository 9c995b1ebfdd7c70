"""Table of import runs: a file by its hash, what it would do or did, and who answers for it."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from app.core.columns import document, words
from app.domain.imports.enums import ImportState


class ImportRun(SQLModel, table=True):
    """One file that was checked, and perhaps applied; the file itself is kept by its hash."""

    __tablename__ = "import_runs"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    state: ImportState = words(ImportState, default=ImportState.DRY_RUN)
    sha256: str = Field(max_length=64, index=True)
    size: int
    file_name: str
    checked_by_id: int | None = Field(default=None, foreign_key="users.id")
    checked_by: str
    checked_at: datetime
    applied_by: str = ""
    applied_at: datetime | None = None
    errors: int
    warnings: int
    counts: dict[str, Any] = document()
    report: dict[str, Any] = document()
