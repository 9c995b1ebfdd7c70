"""Pure rules of exports: a line of the register, the columns of its open data, how lines are counted."""

from app.domain.exports.rules.cells import Value, csv_row, csv_value, json_value
from app.domain.exports.rules.columns import (
    COLUMNS,
    DICTIONARY_VERSION,
    KIND_WORDS,
    TYPE_LABELS,
    CodeWord,
    Column,
    ColumnType,
)
from app.domain.exports.rules.counting import (
    ANSWER_LABELS,
    END_LABELS,
    EndKind,
    Person,
    Tally,
    end_of,
    months_later,
    stars_of,
)
from app.domain.exports.rules.lines import (
    ORIGIN_LABELS,
    NamedCommune,
    RegisterLine,
    commune_named_by,
)
from app.domain.exports.rules.months import FIRST_YEAR, is_month, month_of, month_told
from app.domain.exports.rules.tables import (
    EXPORT_LABELS,
    FORMAT_LABELS,
    MASTER_COLUMNS,
    MasterColumn,
    MasterLine,
)

__all__ = [
    "ANSWER_LABELS",
    "COLUMNS",
    "DICTIONARY_VERSION",
    "END_LABELS",
    "EXPORT_LABELS",
    "FIRST_YEAR",
    "FORMAT_LABELS",
    "KIND_WORDS",
    "MASTER_COLUMNS",
    "ORIGIN_LABELS",
    "TYPE_LABELS",
    "CodeWord",
    "Column",
    "ColumnType",
    "EndKind",
    "MasterColumn",
    "MasterLine",
    "NamedCommune",
    "Person",
    "RegisterLine",
    "Tally",
    "Value",
    "commune_named_by",
    "csv_row",
    "csv_value",
    "end_of",
    "is_month",
    "json_value",
    "month_of",
    "month_told",
    "months_later",
    "stars_of",
]
