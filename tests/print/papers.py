"""Data of one paper of each kind, as the domain would shape it; people are invented."""

from io import BytesIO

from PIL import Image

from app.core.qr import qr_svg
from app.domain.packaging.papers import CONDITIONS, HOW_TO_PRINT
from app.domain.packaging.rules import ITEM_LABELS

SIGNER = {
    "on_behalf": ["TM. Ủy ban nhân dân", "KT. Chủ tịch"],
    "title": "Phó Chủ tịch",
    "name": "Nguyễn Văn Mẫu",
    "note": "",
}

CERTIFICATE: dict[str, object] = {
    "specimen": False,
    "authority": "CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH LAI CHÂU",
    "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
    "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
    "address": "Bản Sin Suối Hồ, xã Sin Suối Hồ, tỉnh Lai Châu",
    "stars": 4,
    "level": "cấp tỉnh",
    "product_code": "LC-03478-07-2026",
    "certificate": "GCN-7K2M9Q4",
    "decision": "1268/QĐ-UBND ngày 24 tháng 11 năm 2026",
    "valid_from": "24/11/2026",
    "valid_until": "24/11/2029",
    "extended_until": "",
    "extended_by": "",
    "extract": False,
    "source": "",
    "state": "",
    "credential": "",
    "place_and_date": "Lai Châu, ngày 24 tháng 11 năm 2026",
    "signer": SIGNER,
    "qr": qr_svg("https://tem.ocop.gov.vn/GCN-7K2M9Q4"),
    "link": "tem.ocop.gov.vn/GCN-7K2M9Q4",
}

_MEMBERS = [
    ("Nguyễn Văn Mẫu", "Ủy ban nhân dân tỉnh", "Chủ tịch Hội đồng", True),
    ("Lò Thị Mẫu", "Sở Nông nghiệp và Môi trường", "Phó Chủ tịch", True),
    ("Giàng A Mẫu", "Sở Công Thương", "Ủy viên", True),
    ("Trần Thị Mẫu", "Sở Y tế", "Ủy viên", True),
    ("Vàng Văn Mẫu", "Sở Văn hóa, Thể thao và Du lịch", "Ủy viên", False),
]


DECISION: dict[str, object] = {
    "specimen": False,
    "kind": "recognition",
    "authority": "ỦY BAN NHÂN DÂN TỈNH LAI CHÂU",
    "decider": "CHỦ TỊCH ỦY BAN NHÂN DÂN TỈNH LAI CHÂU",
    "number": "1268/QĐ-UBND",
    "place_and_date": "Lai Châu, ngày 24 tháng 11 năm 2026",
    "province": "tỉnh Lai Châu",
    "round": "Đợt 2 năm 2026",
    "bases": [
        "Luật Tổ chức chính quyền địa phương số 72/2025/QH15",
        (
            "Quyết định số 26/2026/QĐ-TTg ngày 22 tháng 5 năm 2026 của Thủ tướng Chính phủ ban "
            "hành Bộ tiêu chí và quy trình đánh giá, phân hạng sản phẩm Mỗi xã một sản phẩm"
        ),
        "Biên bản số 02/BB-HĐ ngày 12 tháng 11 năm 2026 của Hội đồng",
    ],
    "proposer": "Giám đốc Sở Nông nghiệp và Môi trường",
    "months": "36",
    "valid_from": "24/11/2026",
    "valid_until": "24/11/2029",
    "items": [
        {
            "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
            "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
            "address": "xã Sin Suối Hồ",
            "code": "LC-03478-07-2026",
            "stars": 4,
            "average": "74,33",
        },
        {
            "product": "Mật ong bạc hà Pa Ủ",
            "producer": "Hộ kinh doanh Mẫu Văn Ong",
            "address": "xã Bum Tở",
            "code": "",
            "stars": 3,
            "average": "61,20",
        },
    ],
    "duties": [
        {
            "who": "Sở Nông nghiệp và Môi trường",
            "what": "thông báo kết quả cho Ủy ban nhân dân cấp xã và các chủ thể; theo dõi, "
            "kiểm tra, giám sát sản phẩm sau công nhận.",
        },
        {
            "who": "Chủ thể có sản phẩm được công nhận",
            "what": "duy trì chất lượng và sử dụng nhãn hiệu OCOP đúng quy định.",
        },
    ],
    "executors": "Chánh Văn phòng Ủy ban nhân dân tỉnh, Giám đốc Sở Nông nghiệp và Môi trường, Chủ "
    "tịch Ủy ban nhân dân các xã, phường và các chủ thể có tên tại Phụ lục",
    "recipients": ["Như Điều 3", "Bộ Nông nghiệp và Môi trường", "Lưu: VT, KT"],
    "signer": SIGNER,
}

COMPLETION_REQUEST: dict[str, object] = {
    "specimen": False,
    "above": "ỦY BAN NHÂN DÂN TỈNH LAI CHÂU",
    "authority": "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG",
    "number": "214/SNNMT-PTNT",
    "place_and_date": "Lai Châu, ngày 14 tháng 10 năm 2026",
    "ordinal": 1,
    "agency": "Sở Nông nghiệp và Môi trường",
    "addressees": [
        "Ủy ban nhân dân xã Sin Suối Hồ",
        "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
    ],
    "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
    "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
    "proposal": "58/UBND-KT",
    "asked_of": [
        {
            "who": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
            "items": [
                {"part": "Minh chứng", "reason": "Bổ sung phiếu kiểm nghiệm còn hạn."},
                {"part": "Sản phẩm mẫu", "reason": "Gửi thêm hai sản phẩm mẫu."},
            ],
        },
        {
            "who": "Ủy ban nhân dân xã Sin Suối Hồ",
            "items": [
                {"part": "Văn bản đề nghị của xã", "reason": "Ghi đúng tên sản phẩm."},
            ],
        },
    ],
    "due_on": "28/10/2026",
    "basis": "26/2026/QĐ-TTg, Điều 7.3.a",
    "signer": {"on_behalf": [], "title": "Thủ trưởng", "name": "", "note": ""},
}


RECEIPT: dict[str, object] = {
    "specimen": False,
    "authority": "ỦY BAN NHÂN DÂN XÃ SIN SUỐI HỒ",
    "place_and_date": "Sin Suối Hồ, ngày 14 tháng 9 năm 2026",
    "number": "07/PĐK-12-03478-2026",
    "code": "HS-7K2M9Q4",
    "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
    "representative": "Lò Thị Mẫu",
    "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
    "filed": "09:00 ngày 14/09/2026",
    "parts": [{"name": "Minh chứng", "count": "12 giấy tờ", "note": ""}],
    "due_on": "05/10/2026",
    "working_days": 15,
    "basis": "Điều 7.2 Quyết định 26/2026/QĐ-TTg",
    "received_by": "Giàng A Mẫu",
    "received": "09:00 ngày 14/09/2026",
    "on_behalf": False,
}

SCORING_GRID: dict[str, object] = {
    "specimen": False,
    "annex": "Phụ lục II Quyết định số 26/2026/QĐ-TTg",
    "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
    "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
    "set": "10. Chè",
    "meeting": "PH-7K2M9Q4, 12/11/2026",
    "dossier": "HS-7K2M9Q4",
    "disqualified": "Giả mạo hồ sơ.",
    "max": "100",
    "not_met_sign": "k",
    "parts": [
        {
            "head": "PHẦN A. Sản phẩm và sức mạnh của cộng đồng",
            "max": "40",
            "sections": [
                {
                    "head": "1. Tổ chức sản xuất",
                    "max": "18",
                    "is_single": False,
                    "criteria": [
                        {
                            "group": "1.1. Nhóm tiêu chí",
                            "head": "1.1.1. Nguồn gốc sản phẩm",
                            "max": "3",
                            "when": "Chỉ chấm khi tiêu chí trên có điểm",
                            "choose": "Lựa chọn một trong hai trường hợp sau",
                            "can_fail": True,
                            "cases": [
                                {
                                    "name": name,
                                    "options": [
                                        {"sign": sign, "label": "Có", "points": "3", "star": "4"}
                                    ],
                                }
                                for name, sign in (("Trường hợp 1", "a"), ("Trường hợp 2", "b"))
                            ],
                        }
                    ],
                }
            ],
        }
    ],
    "sheets": [
        {
            "code": "PD-7K2M9Q4",
            "qr": qr_svg("PD-7K2M9Q4"),
            "member": "Giàng A Mẫu",
            "seat": "Thành viên",
            "organisation": "Sở Công Thương",
            "round": "1",
        },
        {"code": "", "qr": "", "member": "", "seat": "", "organisation": "", "round": "1"},
    ],
}


def _jpeg() -> bytes:
    kept = BytesIO()
    Image.new("RGB", (320, 200), (20, 87, 59)).save(kept, "JPEG")
    return kept.getvalue()


PACKAGING_PERMISSION: dict[str, object] = {
    "specimen": False,
    "agency": "VĂN PHÒNG ĐIỀU PHỐI NÔNG THÔN MỚI TỈNH LAI CHÂU",
    "number": "07/2026/CT-BBOCOP",
    "place_and_date": "Lai Châu, ngày 24 tháng 11 năm 2026",
    "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
    "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
    "address": "Bản Sin Suối Hồ, xã Sin Suối Hồ, tỉnh Lai Châu",
    "certificate": "CN-7K2M9Q4",
    "decision": "1268/QĐ-UBND",
    "stars": 4,
    "package": "Túi zip đứng",
    "net_content": "200 g",
    "size": "18 × 26 cm",
    "quantity": "5.000",
    "printer": "Công ty In Mẫu",
    "from_day": "24/11/2026",
    "until": "24/11/2029",
    "state": "",
    "is_ended": False,
    "files": [
        {
            "name": "tui-mat-truoc.png",
            "kind": "Ảnh PNG",
            "size": "482 KB",
            "hash": "ab12cd34" * 8,
            "image": _jpeg(),
        },
        {
            "name": "tui-mat-sau.pdf",
            "kind": "Tệp PDF",
            "size": "96 KB",
            "hash": "12345678" * 8,
            "image": b"",
        },
    ],
    "checked": list(ITEM_LABELS.values()),
    "conditions": list(CONDITIONS),
    "basis": "1162/QĐ-VPĐP-OCOP, Điều 4, Điều 12",
    "qr": qr_svg("https://ocop.example/register/CN-7K2M9Q4"),
    "link": "ocop.example/register/CN-7K2M9Q4",
    "signer": SIGNER,
}

PACKAGING_INSTRUCTIONS: dict[str, object] = {
    "specimen": False,
    "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
    "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
    "certificate": "CN-7K2M9Q4",
    "stars": 4,
    "until": "24/11/2029",
    "link": "tem.example/",
    "symbols": [
        {"size_mm": size, "image": qr_svg("https://tem.example/" + "7" * 193)} for size in (25, 22)
    ],
    "rules": [{"head": head, "text": text} for head, text in HOW_TO_PRINT],
    "basis": "1162/QĐ-VPĐP-OCOP, Điều 4, Điều 12",
}

PAPERS: dict[str, dict[str, object]] = {
    "receipt": RECEIPT,
    "completion_request": COMPLETION_REQUEST,
    "certificate": CERTIFICATE,
    "decision": DECISION,
    "scoring_grid": SCORING_GRID,
    "packaging_permission": PACKAGING_PERMISSION,
    "packaging_instructions": PACKAGING_INSTRUCTIONS,
}
