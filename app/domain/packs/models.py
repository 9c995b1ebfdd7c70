"""Tables of scoring without network: answer files handed in, and sheets on paper being keyed in."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.core.columns import document, words
from app.domain.packs.enums import PaperSheetState


class PackReturn(SQLModel, table=True):
    """The answer file of a scoring pack as it came in; the same file comes in once.

    Its marks are as private as the sheets they are for.
    """

    __tablename__ = "pack_returns"
    __table_args__ = (sa.UniqueConstraint("meeting_id", "member_id", "content_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    meeting_id: int = Field(foreign_key="meetings.id", index=True)
    member_id: int = Field(foreign_key="council_members.id", index=True)
    content: dict[str, Any] = document()
    content_hash: str = Field(max_length=64)
    handed_in_at: datetime
    handed_in_by: str
    handed_in_by_id: int = Field(foreign_key="users.id")
    for_member: bool = False
    applied_at: datetime | None = None


class PaperSheet(SQLModel, table=True):
    """One sheet filled in on paper: what was keyed in the first and the second time, and by whom."""

    __tablename__ = "paper_sheets"
    __table_args__ = (
        sa.UniqueConstraint("sheet_id", "scoring_round"),
        sa.CheckConstraint(
            "(state = 'keyed_once') = (second IS NULL)", name="second_entry_after_the_first"
        ),
        sa.CheckConstraint("(scan_sha256 IS NULL) = (scan_name = '')", name="scan_with_its_name"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=20, unique=True)
    version: int = 1
    sheet_id: int = Field(foreign_key="score_sheets.id", index=True)
    scoring_round: int
    state: PaperSheetState = words(PaperSheetState)
    first: dict[str, Any] = document()
    first_by: str
    first_by_id: int = Field(foreign_key="users.id")
    first_at: datetime
    second: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    second_by: str = ""
    second_by_id: int | None = Field(default=None, foreign_key="users.id")
    second_at: datetime | None = None
    agreed: dict[str, Any] | None = Field(default=None, sa_type=sa.JSON(none_as_null=True))
    scan_sha256: str | None = Field(default=None, max_length=64)
    scan_name: str = Field(default="", max_length=200)
    scan_media_type: str = Field(default="", max_length=60)
    scan_size: int = 0
    entered_at: datetime | None = None
    entered_by: str = ""
