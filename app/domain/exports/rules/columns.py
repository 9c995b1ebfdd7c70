"""The columns of the register's open data, told once: for CSV, JSON, the dictionary and the page.

A column that is added, renamed or means something else makes a new version of the dictionary;
snapshots keep the version they were made by.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from app.domain.exports.enums import Origin
from app.domain.exports.rules.cells import Value
from app.domain.exports.rules.lines import ORIGIN_LABELS, RegisterLine
from app.domain.producers.enums import ProducerKind
from app.domain.producers.rules import KIND_LABELS
from app.domain.recognition.enums import RevocationGround, Standing
from app.domain.recognition.rules import (
    EXTENSION,
    GOES_ON,
    REVOCATION_GROUNDS,
    STANDING_LABELS,
)

DICTIONARY_VERSION = 1
AnyWord = TypeVar("AnyWord", bound=StrEnum)
_TERM = "26/2026/QĐ-TTg, Điều 4.3"
_LEVELS = "26/2026/QĐ-TTg, Điều 4.1"
_PRODUCERS = "26/2026/QĐ-TTg, Điều 2.3"
_SETS = "26/2026/QĐ-TTg, Phụ lục I"
_CODES = "26/2026/QĐ-TTg, Phụ lục II"
_BANDS = "26/2026/QĐ-TTg, Điều 3.3"
_COMMUNES = "19/2025/QĐ-TTg"
_TRANSITION = "26/2026/QĐ-TTg, Điều 12.1"


class ColumnType(StrEnum):
    """Types as Frictionless Data names them; a date is year-month-day."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    DATE = "date"


TYPE_LABELS: dict[ColumnType, str] = {
    ColumnType.STRING: "chữ",
    ColumnType.INTEGER: "số nguyên",
    ColumnType.BOOLEAN: "đúng/sai",
    ColumnType.DATE: "ngày",
}


@dataclass(frozen=True, slots=True)
class CodeWord:
    """A word of a closed vocabulary and what it means."""

    code: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is called, what it means, where the law speaks of it, how to get it."""

    name: str
    type: ColumnType
    vi: str
    en: str
    example: str
    of: Callable[[RegisterLine], Value]
    basis: str = ""
    is_optional: bool = False
    words: tuple[CodeWord, ...] = ()


_EN_STANDINGS: dict[Standing, str] = {
    Standing.VALID: "in force",
    Standing.RENEWAL_WINDOW: "in force; renewal may be filed now",
    Standing.LATE: "in force; the window for renewal has closed",
    Standing.EXTENDED: "in force by an extension",
    Standing.EXPIRED: "expired",
    Standing.PRODUCER_DISSOLVED: "the producer has ceased to operate",
    Standing.HOLDER_CHANGED: "replaced by the certificate of a succeeding holder",
    Standing.SUPERSEDED: "replaced by a newer certificate",
    Standing.REVOKED: "revoked",
}
_KIND_IN_ENGLISH: dict[ProducerKind, str] = {
    ProducerKind.COOPERATIVE: "cooperative",
    ProducerKind.COOPERATIVE_GROUP: "cooperative group",
    ProducerKind.ENTERPRISE: "small or medium enterprise",
    ProducerKind.FARM: "farm",
    ProducerKind.HOUSEHOLD: "household with a business registration",
    ProducerKind.ASSOCIATION: "association (tourism)",
    ProducerKind.OPERATING_CENTRE: "operating centre (tourism)",
}
_EN_ORIGINS: dict[Origin, str] = {
    Origin.FIRST: "first recognition",
    Origin.UPGRADE: "upgrade",
    Origin.RENEWAL: "renewal",
    Origin.HOLDER_CHANGE: "succeeding holder",
    Origin.EARLIER: "recognised in an earlier period, loaded afterwards",
}
_GROUNDS: dict[RevocationGround, tuple[str, str]] = {
    RevocationGround.UNTRUE_DOSSIER: ("hồ sơ không trung thực", "untrue or forged dossier"),
    RevocationGround.CRITERIA_NOT_KEPT: ("không còn đáp ứng tiêu chí", "criteria no longer met"),
    RevocationGround.LAW_BROKEN: (
        "vi phạm pháp luật theo kết luận của cơ quan có thẩm quyền",
        "law broken, as an authority concluded",
    ),
    RevocationGround.MARK_MISUSED: ("sử dụng nhãn hiệu không đúng", "mark misused"),
    RevocationGround.PRODUCTION_STOPPED: ("không còn sản xuất", "production stopped"),
    RevocationGround.OTHER_CONCLUSION: ("trường hợp khác theo kết luận", "other conclusion"),
}


def _worded(vi: Mapping[AnyWord, str], en: Mapping[AnyWord, str]) -> tuple[CodeWord, ...]:
    return tuple(CodeWord(one.value, said, en[one]) for one, said in vi.items())


KIND_WORDS: dict[ProducerKind, CodeWord] = {
    kind: CodeWord(kind.value, said, _KIND_IN_ENGLISH[kind]) for kind, said in KIND_LABELS.items()
}
_STRING, _INTEGER = ColumnType.STRING, ColumnType.INTEGER
_BOOLEAN, _DATE = ColumnType.BOOLEAN, ColumnType.DATE

COLUMNS: tuple[Column, ...] = (
    Column(
        "certificate_code",
        _STRING,
        "Mã giấy chứng nhận trong hệ thống; mỗi dòng một mã, không đổi và không cấp lại",
        "Code of the certificate in this system; one a line, never changed, never used again",
        "CN-4M7P2Q8",
        lambda line: line.code,
        _TERM,
    ),
    Column(
        "product_code",
        _STRING,
        "Mã số sản phẩm: tỉnh, xã, số thứ tự, năm; các giấy chứng nhận của một sản phẩm chung mã",
        "Product code: province, commune, ordinal, year; shared by all certificates of a product",
        "12-03390-01-2026",
        lambda line: line.product_code,
        _CODES,
        is_optional=True,
    ),
    Column(
        "old_codes",
        _STRING,
        "Các mã sản phẩm đã mang trước đây, cách nhau bằng dấu chấm phẩy",
        "Codes the product bore before, separated by semicolons",
        "83-829-28780-3-2022",
        lambda line: "; ".join(line.old_codes) or None,
        _TRANSITION,
        is_optional=True,
    ),
    Column(
        "product_name",
        _STRING,
        "Tên sản phẩm ghi trên giấy chứng nhận",
        "Name of the product as the certificate says it",
        "Miến dong Bình Lư",
        lambda line: line.product_name,
        _TERM,
    ),
    Column(
        "set_number",
        _INTEGER,
        "Số thứ tự bộ sản phẩm, từ 1 đến 26",
        "Number of the product set, 1 to 26",
        "6",
        lambda line: line.set_number,
        _SETS,
    ),
    Column(
        "set_name",
        _STRING,
        "Tên bộ sản phẩm",
        "Name of the product set",
        "Chế biến từ gạo, ngũ cốc",
        lambda line: line.set_name,
        _SETS,
    ),
    Column(
        "category",
        _STRING,
        "Ngành sản phẩm, một trong sáu ngành",
        "Category, one of six",
        "Sản phẩm thực phẩm",
        lambda line: line.category,
        _SETS,
    ),
    Column(
        "star",
        _INTEGER,
        "Hạng được công nhận: 3, 4 hoặc 5 sao",
        "Star recognised: 3, 4 or 5",
        "4",
        lambda line: line.star,
        _BANDS,
    ),
    Column(
        "producer_name",
        _STRING,
        "Tên chủ thể ghi trên giấy chứng nhận",
        "Name of the producer as the certificate says it",
        "Hợp tác xã Bình Lư",
        lambda line: line.producer_name,
        _TERM,
    ),
    Column(
        "producer_kind",
        _STRING,
        "Loại hình chủ thể hiện nay",
        "Legal form of the producer today",
        "cooperative",
        lambda line: line.producer_kind.value,
        _PRODUCERS,
        words=tuple(KIND_WORDS.values()),
    ),
    Column(
        "commune_code",
        _STRING,
        "Mã xã, phường của sản phẩm vào ngày chụp; là chữ, giữ số 0 ở đầu",
        "Code of the commune on the day of the snapshot; text, with its leading zero",
        "03390",
        lambda line: line.commune_code,
        _COMMUNES,
    ),
    Column(
        "commune",
        _STRING,
        "Tên xã, phường vào ngày chụp",
        "Name of the commune on the day of the snapshot",
        "Xã Bình Lư",
        lambda line: line.commune,
        _COMMUNES,
    ),
    Column(
        "commune_code_at_issue",
        _STRING,
        "Mã xã vào ngày cấp, đọc từ mã sản phẩm; không biết thì là mã xã vào ngày chụp",
        "Code of the commune on the day of issue, read from the product code; the code of the day"
        " of the snapshot where that is not known",
        "03390",
        lambda line: line.issue_commune_code,
        _CODES,
    ),
    Column(
        "commune_at_issue",
        _STRING,
        "Tên xã vào ngày cấp; không biết thì là tên vào ngày chụp",
        "Name of the commune on the day of issue; the name of the day of the snapshot where that"
        " is not known",
        "Xã Bình Lư",
        lambda line: line.issue_commune,
        _CODES,
    ),
    Column(
        "issued_on",
        _DATE,
        "Ngày cấp: ngày ban hành quyết định",
        "Day of issue: the day of the decision",
        "2026-09-14",
        lambda line: line.issued_on,
        _TERM,
    ),
    Column(
        "expires_on",
        _DATE,
        "Ngày cuối cùng còn hiệu lực, chưa kể kéo dài: 36 tháng từ ngày cấp",
        "Last day in force, extensions aside: 36 months from the day of issue",
        "2029-09-14",
        lambda line: line.expires_on,
        _TERM,
    ),
    Column(
        "extended_until",
        _DATE,
        "Ngày cuối cùng được kéo dài hiệu lực, nếu có",
        "Last day of an extension, where one was granted",
        "2026-12-31",
        lambda line: line.known_extended_until,
        EXTENSION,
        is_optional=True,
    ),
    Column(
        "state",
        _STRING,
        "Trạng thái vào ngày chụp",
        "State on the day of the snapshot",
        "valid",
        lambda line: line.standing.value,
        _TERM,
        words=_worded(STANDING_LABELS, _EN_STANDINGS),
    ),
    Column(
        "state_text",
        _STRING,
        "Trạng thái bằng tiếng Việt",
        "State in Vietnamese words",
        "Còn hiệu lực",
        lambda line: STANDING_LABELS[line.standing],
        _TERM,
    ),
    Column(
        "in_force",
        _BOOLEAN,
        "Vào ngày chụp sản phẩm có được mang hạng sao này không",
        "Whether the product may carry this star on the day of the snapshot",
        "true",
        lambda line: line.is_running,
        _TERM,
    ),
    Column(
        "ended_on",
        _DATE,
        "Ngày đầu tiên không còn được mang hạng sao; trống khi còn hiệu lực",
        "First day without the star; empty while in force",
        "2029-09-15",
        lambda line: line.ended_on,
        _TERM,
        is_optional=True,
    ),
    Column(
        "end_reason",
        _STRING,
        "Lý do không còn hiệu lực; với giấy bị thu hồi là trường hợp theo quy định",
        "Why it is not in force any more; of a revoked one, the ground in the law's words",
        "Hết thời hạn",
        lambda line: line.end_reason,
        GOES_ON,
        is_optional=True,
    ),
    Column(
        "revocation_ground",
        _STRING,
        "Trường hợp thu hồi, khi bị thu hồi",
        "Ground of revocation, where revoked",
        "mark_misused",
        lambda line: line.known_ground.value if line.known_ground else None,
        REVOCATION_GROUNDS,
        is_optional=True,
        words=tuple(CodeWord(one.value, *said) for one, said in _GROUNDS.items()),
    ),
    Column(
        "replaced_by",
        _STRING,
        "Mã giấy chứng nhận đã thay thế giấy này",
        "Code of the certificate that replaced this one",
        "CN-7K2M9Q4",
        lambda line: line.replaced_by,
        GOES_ON,
        is_optional=True,
    ),
    Column(
        "origin",
        _STRING,
        "Giấy chứng nhận có từ đâu",
        "How the certificate came to be",
        "first",
        lambda line: line.origin.value,
        "26/2026/QĐ-TTg, Điều 6.1",
        words=_worded(ORIGIN_LABELS, _EN_ORIGINS),
    ),
    Column(
        "decision_number",
        _STRING,
        "Số, ký hiệu quyết định công nhận",
        "Number of the decision of recognition",
        "1268/QĐ-UBND",
        lambda line: line.decision_number or None,
        _LEVELS,
        is_optional=True,
    ),
    Column(
        "authority",
        _STRING,
        "Cơ quan ban hành quyết định",
        "Authority that issued the decision",
        "Ủy ban nhân dân tỉnh Lai Châu",
        lambda line: line.authority,
        _LEVELS,
    ),
    Column(
        "regime",
        _STRING,
        "Quy định của Thủ tướng Chính phủ mà sản phẩm được đánh giá theo",
        "Decision of the Prime Minister by which the product was judged",
        "26/2026/QĐ-TTg",
        lambda line: line.regime,
        _TRANSITION,
    ),
    Column(
        "page",
        _STRING,
        "Địa chỉ trang của giấy chứng nhận trong danh bạ; trang luôn cho biết trạng thái hôm nay",
        "Address of the entry in the register, which always tells the state of today",
        "https://ocop.example/register/CN-4M7P2Q8",
        lambda line: line.page,
    ),
    Column(
        "gtin",
        _STRING,
        "Mã số thương phẩm (GTIN) của sản phẩm, mười bốn chữ số, khi chủ thể đã khai",
        "GTIN of the product, fourteen digits, where the producer told it",
        "09521234543213",
        lambda line: line.gtin,
        is_optional=True,
    ),
)
