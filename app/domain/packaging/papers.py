"""Papers of packaging: the agreement to artwork, the code for a designer, how to print it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

from PIL import Image

from app.core.clock import local_day
from app.core.db import ReadSession
from app.core.official_days import place_and_date, short_day
from app.core.qr import QUIET_ZONE, Matrix, dark_runs, matrix_svg, qr_svg, stamp_symbol
from app.core.storage import NotKept, Storage, whole
from app.core.text import thousands
from app.core.typesetting import render_pdf
from app.domain.accounts.rules import Actor
from app.domain.councils.papers.customs import PLACE
from app.domain.packaging.enums import PermissionStanding
from app.domain.packaging.models import PackagingArtwork
from app.domain.packaging.policy import why_not_design, why_not_print_paper
from app.domain.packaging.queries import (
    PermissionRow,
    artwork_digits,
    artworks_of,
    get_permission,
)
from app.domain.packaging.rules import ITEM_LABELS, MARK, SYMBOL_SIZES_MM
from app.domain.recognition.queries import CertifiedProduct, get_certificate
from app.domain.recognition.rules import last_day_in_force
from app.domain.stamps.rules import stamp_prefix

LEAST_SYMBOL_MM = 22
LARGEST_SYMBOL_MM = 60
_FILE_TYPES = {"application/pdf": "Tệp PDF", "image/png": "Ảnh PNG", "image/jpeg": "Ảnh JPEG"}
_ENDED: dict[PermissionStanding, str] = {
    PermissionStanding.WITHDRAWN: "Chấp thuận này đã bị thu hồi từ ngày {day}. Không in, không dán.",
    PermissionStanding.CERTIFICATE_ENDED: (
        "Ngày {day} giấy chứng nhận không còn hiệu lực: chấp thuận này không còn giá trị. Không in, "
        "không dán."
    ),
}
CONDITIONS = (
    "Chỉ in đúng các tệp mẫu có mã băm trên đây; sửa mẫu, đổi bao bì hay định lượng thì lập đề nghị mới",
    "Chỉ dùng cho sản phẩm ghi trên giấy chứng nhận, không dùng cho sản phẩm khác của chủ thể",
    (
        "Giấy chứng nhận hết hạn, bị thu hồi, được thay thế hoặc đổi chủ thể thì ngừng in, ngừng dán bao bì "
        "này từ ngày đó"
    ),
    "Chủ thể xuất trình phiếu này và bao bì khi cơ quan có thẩm quyền kiểm tra",
)
HOW_TO_PRINT: tuple[tuple[str, str], ...] = (
    (
        "Đặt đúng cỡ thật.",
        (
            "Tệp SVG và PDF đã đúng 25 mm hoặc 22 mm kể cả viền trắng. Chèn ở 100 %, không thu nhỏ dưới 22 mm, "
            "không kéo méo."
        ),
    ),
    (
        "Giữ viền trắng.",
        "Bốn ô trắng quanh mã là một phần của mã: không chữ, không hình, không nền màu lên đó.",
    ),
    (
        "Một màu đen trên nền trắng.",
        (
            "Đen 100 % K, không đen pha bốn màu; không đảo màu, không logo ở giữa, không bo góc, không hiệu "
            "ứng."
        ),
    ),
    (
        "Chọn chỗ phẳng.",
        "Tránh mép gấp, đường hàn, chỗ dán nắp và mặt cong nhỏ; túi bóng thì đặt trên nền mờ hoặc nhãn giấy.",
    ),
    (
        "Mỗi sản phẩm một mã.",
        (
            "Mã này chỉ của sản phẩm ghi ở đầu trang. Mẫu bao bì của sản phẩm khác phải dùng mã của giấy chứng "
            "nhận khác, hoặc không có mã và không có sao."
        ),
    ),
    (
        "In thử rồi quét.",
        (
            "Trước khi in loạt, in một tờ đúng chất liệu, quét bằng hai điện thoại: trang mở ra phải hiện "
            "đúng tên sản phẩm và tên chủ thể."
        ),
    ),
    (
        "In vừa đủ.",
        (
            "Sau ngày cuối ghi ở đầu trang không được in, không được dán sao; mã vẫn quét được và sẽ trả lời "
            "là đã hết hiệu lực."
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class DesignerSymbol:
    """The code of a certificate that may be printed now, with what it is for."""

    found: CertifiedProduct
    prefix: str
    matrix: Matrix

    @property
    def title(self) -> str:
        """What a file of it is called inside."""
        return f"Mã tra cứu {self.found.certificate.product_name}"


def designer_symbol(
    session: ReadSession, certificate: str, *, actor: Actor, on: date, host: str
) -> DesignerSymbol:
    """Return the level-2 code of a certificate, for its holder's side and the agency while in force."""
    found = get_certificate(session, certificate, actor=actor, on=on)
    if refusal := why_not_design(actor, found.certificate, found.product, on):
        raise refusal
    prefix = stamp_prefix(host)
    return DesignerSymbol(
        found, prefix, stamp_symbol(prefix, artwork_digits(session, found.certificate))
    )


def symbol_svg(symbol: DesignerSymbol, size_mm: int) -> bytes:
    """Return the code as SVG in true millimetres, quiet zone included."""
    sized = f'<svg width="{size_mm}mm" height="{size_mm}mm" '
    return matrix_svg(symbol.matrix).replace("<svg ", sized, 1).encode()


def symbol_pdf(symbol: DesignerSymbol, size_mm: int, *, at: datetime) -> bytes:
    """Return the code as a PDF whose page is the symbol in true millimetres, in one black."""
    data = {
        "title": symbol.title,
        "size_mm": size_mm,
        "modules": len(symbol.matrix) + 2 * QUIET_ZONE,
        "runs": [
            [column, row, length]
            for row, modules in enumerate(symbol.matrix, QUIET_ZONE)
            for column, length in dark_runs(modules)
        ],
    }
    return render_pdf("packaging_symbol", data, timestamp=at, tagged=False)


def instructions_pdf(symbol: DesignerSymbol, *, at: datetime, demonstration: bool) -> bytes:
    """Return the sheet that tells a designer how to print the code."""
    certificate = symbol.found.certificate
    data = {
        "specimen": demonstration,
        "product": certificate.product_name,
        "producer": certificate.producer_name,
        "certificate": certificate.code,
        "stars": certificate.star,
        "until": short_day(last_day_in_force(certificate)),
        "link": symbol.prefix.partition("://")[2],
        "symbols": [
            {"size_mm": size, "image": matrix_svg(symbol.matrix)} for size in SYMBOL_SIZES_MM
        ],
        "rules": [{"head": head, "text": text} for head, text in HOW_TO_PRINT],
        "basis": MARK,
    }
    return render_pdf("packaging_instructions", data, timestamp=at)


def permission_paper(
    session: ReadSession,
    code: str,
    *,
    actor: Actor,
    at: datetime,
    files: Storage,
    agency: str,
    public_url: str,
    demonstration: bool,
) -> bytes:
    """Return the agreement to artwork as a PDF; what has ended by now says so.

    `agency` is the office that agrees, `public_url` where the register is read.
    """
    row = get_permission(session, code, actor=actor, on=local_day(at))
    if refusal := why_not_print_paper(row.permission):
        raise refusal
    artworks = artworks_of(session, row.permission)
    data = permission_data(
        row,
        artworks,
        [_picture(files, one) for one in artworks],
        agency=agency,
        public_url=public_url,
        demonstration=demonstration,
    )
    return render_pdf("packaging_permission", data, timestamp=at)


def permission_data(
    row: PermissionRow,
    artworks: Sequence[PackagingArtwork],
    pictures: Sequence[bytes],
    *,
    agency: str,
    public_url: str,
    demonstration: bool,
) -> dict[str, object]:
    """Return what templates/print/packaging_permission.typ reads."""
    permission, certificate = row.permission, row.certificate
    link = f"{public_url.rstrip('/')}/register/{certificate.code}"
    return {
        "specimen": demonstration,
        "agency": agency.upper(),
        "number": row.number,
        "place_and_date": place_and_date(f"tỉnh {PLACE}", permission.granted_on),
        "product": permission.product_name,
        "producer": permission.producer_name,
        "address": permission.producer_address,
        "certificate": certificate.code,
        "decision": certificate.decision_number,
        "stars": permission.star,
        "package": permission.package_name,
        "net_content": permission.net_content,
        "size": permission.size,
        "quantity": thousands(permission.planned_quantity),
        "printer": permission.printer,
        "from_day": short_day(permission.granted_on),
        "until": short_day(row.until),
        "is_ended": row.standing is not PermissionStanding.IN_FORCE,
        "state": _state(row),
        "files": [
            {
                "name": one.file_name,
                "kind": _FILE_TYPES.get(one.media_type, one.media_type),
                "size": f"{max(1, one.size // 1024)} KB",
                "hash": one.sha256,
                "image": picture,
            }
            for one, picture in zip(artworks, pictures, strict=True)
        ],
        "checked": list(ITEM_LABELS.values()),
        "conditions": list(CONDITIONS),
        "basis": MARK,
        "qr": qr_svg(link),
        "link": link.partition("://")[2],
        "signer": {
            "on_behalf": [],
            "title": agency,
            "name": permission.granted_by,
            "note": f"Đã chấp thuận trong hệ thống ngày {short_day(permission.granted_on)}",
        },
    }


def _state(row: PermissionRow) -> str:
    told = _ENDED.get(row.standing, "")
    return told.format(day=short_day(row.permission.withdrawn_on or row.on))


def _picture(files: Storage, artwork: PackagingArtwork) -> bytes:
    """Return the small picture of a file as a JPEG, which every reader of papers shows."""
    if artwork.thumbnail_sha256 is None:
        return b""
    try:
        kept = whole(files, artwork.thumbnail_sha256)
    except NotKept:
        return b""
    packed = BytesIO()
    with Image.open(BytesIO(kept)) as picture:
        picture.convert("RGB").save(packed, "JPEG", quality=85)
    return packed.getvalue()
