"""What a check of a file tells, and what goes in and out of imports."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.core.errors import Worded
from app.domain.imports.enums import ImportState, SheetKind
from app.domain.imports.models import ImportRun
from app.domain.imports.rules import KIND_LABELS, MOST_TOLD


class Finding(BaseModel):
    """One sentence about a cell, a row (no column) or a sheet (row 0)."""

    sheet: str
    row: int = 0
    column: str = ""
    cell: str = ""
    template: str
    params: dict[str, str | int] = {}

    @property
    def text(self) -> str:
        """The Vietnamese sentence with its parameters filled in."""
        return self.template.format(**self.params) if self.params else self.template


class Changed(BaseModel):
    """A row that would change what is registered, and the columns in which it differs."""

    sheet: str
    row: int
    name: str
    columns: list[str]


class Counts(BaseModel):
    """What a sheet does: how many rows are new, differ, are there already, or cannot be taken."""

    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        """Rows of the sheet, examples not counted."""
        return self.new + self.changed + self.same + self.refused


class Report(BaseModel):
    """What a file would do: bounded lists, and the whole numbers beside them."""

    counts: dict[SheetKind, Counts]
    errors: list[Finding]
    warnings: list[Finding]
    changes: list[Changed]
    examples: int = 0
    error_count: int = 0
    warning_count: int = 0

    @property
    def does_nothing(self) -> bool:
        """Whether everything in the file is known already."""
        return not any(one.new or one.changed for one in self.counts.values())


class ApplyImport(BaseModel):
    """Bring a checked file in."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, description="Phiên bản đã xem.", examples=[1])


class FindingOut(BaseModel):
    """One sentence about a cell of the file."""

    sheet: str = Field(examples=["Chủ thể"])
    row: int = Field(examples=[5], description="0: cả trang tính.")
    column: str = Field(examples=["Mã xã"])
    cell: str = Field(examples=["D5"])
    sentence: str = Field(examples=["Chưa điền ô này."])

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """Make the answer from a finding."""
        return cls(
            **finding.model_dump(include={"sheet", "row", "column", "cell"}), sentence=finding.text
        )


class ImportRunOut(BaseModel):
    """A file that was checked or applied."""

    code: str = Field(examples=["NH-7K2M9Q4"])
    version: int = Field(examples=[1])
    state: ImportState
    file_name: str = Field(examples=["ket-qua-2019-2025.xlsx"])
    sha256: str
    checked_by: str
    checked_at: datetime
    applied_by: str
    applied_at: datetime | None
    errors: int
    warnings: int
    counts: dict[SheetKind, Counts]

    @classmethod
    def of(cls, run: ImportRun) -> Self:
        """Make the answer from a row."""
        return cls.model_validate(run.model_dump(include=set(cls.model_fields)))


class ImportReportOut(ImportRunOut):
    """A file with what was found in it (the lists hold the first 500)."""

    examples: int
    found_errors: list[FindingOut]
    found_warnings: list[FindingOut]
    changes: list[Changed]

    @classmethod
    def of(cls, run: ImportRun) -> Self:
        """Make the answer from a row and its report."""
        report = report_of(run)
        return cls(
            **ImportRunOut.of(run).model_dump(),
            examples=report.examples,
            found_errors=[FindingOut.of(one) for one in report.errors],
            found_warnings=[FindingOut.of(one) for one in report.warnings],
            changes=report.changes,
        )


def report_of(run: ImportRun) -> Report:
    """Return the report kept with a run."""
    return Report.model_validate(run.report)


def finding(
    kind: SheetKind, said: str, *, row: int = 0, column: str = "", cell: str = ""
) -> Finding:
    """Return a finding from a sentence that may know its template."""
    params: Mapping[str, object] = said.params if isinstance(said, Worded) else {}
    return Finding(
        sheet=KIND_LABELS[kind],
        row=row,
        column=column,
        cell=cell,
        template=said.template if isinstance(said, Worded) else str(said),
        params={
            name: value if isinstance(value, int) else str(value) for name, value in params.items()
        },
    )


def bounded(findings: list[Finding]) -> list[Finding]:
    """Return the first findings; the report counts them all."""
    return findings[:MOST_TOLD]
