"""The ministry's master table PTNT_OCOP: its columns, and what each line of it says."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from app.domain.exports.enums import ExportFormat, ExportKind
from app.domain.exports.rules.cells import Value
from app.domain.exports.rules.lines import RegisterLine
from app.domain.recognition.rules import STANDING_LABELS

EXPORT_LABELS: dict[ExportKind, str] = {
    ExportKind.PROVINCE_REPORT: "Báo cáo của tỉnh",
    ExportKind.MASTER_TABLE: "Bảng dữ liệu dùng chung PTNT_OCOP",
}
FORMAT_LABELS: dict[ExportFormat, str] = {
    ExportFormat.XLSX: "Excel (.xlsx)",
    ExportFormat.CSV: "CSV (.csv)",
}
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class MasterLine:
    """A certificate that was in force in a year, with the yearly revenue its producer stated last."""

    line: RegisterLine
    year: int
    revenue: int | None = None
    revenue_year: int | None = None

    @property
    def revenue_in_millions(self) -> Decimal | None:
        """Revenue in million VND, exactly; None where nothing was stated: that is not zero."""
        return None if self.revenue is None else Decimal(self.revenue) / _MILLION


@dataclass(frozen=True, slots=True)
class MasterColumn:
    """One column of the table as the ministry names it, what we write there, and how wide it is."""

    name: str
    meaning: str
    width: int
    of: Callable[[MasterLine], Value]


MASTER_COLUMNS: tuple[MasterColumn, ...] = (
    MasterColumn(
        "MA_OCOP",
        "Khóa của dòng: mã giấy chứng nhận trong hệ thống của tỉnh, không đổi qua các năm",
        14,
        lambda one: one.line.code,
    ),
    MasterColumn(
        "Ma_DonViHanhChinh",
        "Mã xã, phường hiện nay theo Quyết định 19/2025/QĐ-TTg (chữ, 5 ký tự)",
        20,
        lambda one: one.line.commune_code,
    ),
    MasterColumn("Ma_ThoiGian", "Mã năm báo cáo", 13, lambda one: str(one.year)),
    MasterColumn(
        "Ma_SanPham",
        "Mã số sản phẩm theo Phụ lục II; để trống khi sản phẩm chưa có mã",
        24,
        lambda one: one.line.product_code,
    ),
    MasterColumn(
        "TenSanPham",
        "Tên sản phẩm trên giấy chứng nhận",
        40,
        lambda one: one.line.product_name,
    ),
    MasterColumn("XepHang", "Hạng sao: 3*, 4*, 5*", 9, lambda one: f"{one.line.star}*"),
    MasterColumn(
        "ChuTheSXKD",
        "Tên chủ thể trên giấy chứng nhận",
        40,
        lambda one: one.line.producer_name,
    ),
    MasterColumn(
        "DoanhThuNam",
        "Doanh thu một năm của sản phẩm, triệu đồng, do chủ thể nêu ở phần II báo cáo tự đánh giá cho "
        "năm báo cáo hoặc năm liền trước, ghi một lần ở giấy chứng nhận mới nhất; để trống khi không "
        "nêu (trống không có nghĩa là 0). Năm của từng số: xem trang Năm của doanh thu",
        14,
        lambda one: one.revenue_in_millions,
    ),
    MasterColumn(
        "TrangThai",
        "Trạng thái vào ngày cuối năm báo cáo, hoặc vào ngày lập bảng nếu năm chưa hết",
        26,
        lambda one: STANDING_LABELS[one.line.standing],
    ),
)
