"""Data of one paper of each kind, as the domain would shape it; people are invented."""

from app.core.qr import qr_svg

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

MINUTES: dict[str, object] = {
    "specimen": False,
    "authority": "HỘI ĐỒNG ĐÁNH GIÁ, PHÂN HẠNG SẢN PHẨM OCOP TỈNH LAI CHÂU",
    "number": "02/BB-HĐ",
    "place_and_date": "Lai Châu, ngày 12 tháng 11 năm 2026",
    "round": "Đợt 2 năm 2026",
    "bases": [
        "Quyết định số 26/2026/QĐ-TTg ngày 22 tháng 5 năm 2026 của Thủ tướng Chính phủ",
        "Quyết định số 999/QĐ-UBND ngày 01 tháng 7 năm 2026 về việc thành lập Hội đồng",
    ],
    "opened": "08 giờ 00, ngày 12/11/2026",
    "closed": "11 giờ 20 cùng ngày",
    "place": "Phòng họp số 2, trụ sở Ủy ban nhân dân tỉnh Lai Châu",
    "attendance": {
        "total": "5",
        "present": "4",
        "needed": "4",
        "rate": "80 %",
        "members": [
            {"name": name, "organisation": organisation, "seat": seat, "present": present}
            for name, organisation, seat, present in _MEMBERS
        ],
    },
    "items": [
        {
            "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
            "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
            "sheets": "4",
            "average": "82,25",
            "lowest": "79",
            "highest": "86",
            "band": "4 sao",
            "result": "4 sao",
            "reason": "",
            "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        },
        {
            "product": "Mật ong bạc hà Pa Ủ",
            "producer": "Hộ kinh doanh Mẫu Văn Ong",
            "sheets": "4",
            "average": "71,50",
            "lowest": "68",
            "highest": "74",
            "band": "4 sao",
            "result": "3 sao",
            "reason": "Đủ điểm hạng 4 sao nhưng chưa đạt yêu cầu tối thiểu ở tiêu chí 2.3 "
            "(truy xuất nguồn gốc điện tử); 3/4 phiếu không đạt.",
        },
    ],
    "conclusion": "Hội đồng thống nhất kết quả nêu trên và đề xuất Chủ tịch Ủy ban nhân dân tỉnh "
    "công nhận 02 sản phẩm đạt từ 3 sao trở lên.\nThư ký hoàn thiện hồ sơ gửi cơ quan tham mưu.",
    "chair": {"title": "Chủ tịch Hội đồng", "name": "Nguyễn Văn Mẫu", "note": ""},
    "secretary": {"title": "Thư ký", "name": "Hoàng Thị Mẫu", "note": ""},
}

DECISION: dict[str, object] = {
    "specimen": False,
    "approval": False,
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

ADVISORY_REPORT: dict[str, object] = {
    "specimen": False,
    "authority": "TỔ TƯ VẤN HỘI ĐỒNG CẤP TỈNH LAI CHÂU",
    "place_and_date": "Lai Châu, ngày 30 tháng 10 năm 2026",
    "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
    "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
    "address": "Bản Sin Suối Hồ, xã Sin Suối Hồ, tỉnh Lai Châu",
    "rubric": "Bộ sản phẩm 7, Phụ lục II",
    "parts": [
        {"name": "A. Sản phẩm và sức mạnh cộng đồng", "text": "Nguyên liệu rõ nguồn gốc."},
        {"name": "B. Khả năng tiếp thị", "text": "Kênh bán hàng còn ít."},
        {"name": "C. Chất lượng sản phẩm", "text": ""},
    ],
    "legal_papers": "Giấy tờ còn hiệu lực đến hết năm 2027.",
    "legal_papers_in_order": True,
    "surveys": [{"record": "05/BB-KS, 20/10/2026", "findings": "Đúng như hồ sơ mô tả."}],
    "tests": [
        {
            "subject": "Dư lượng thuốc bảo vệ thực vật",
            "laboratory": "Trung tâm Kiểm nghiệm Mẫu",
            "outcome": "Đạt",
            "number": "KN-77/2026",
        }
    ],
    "recommendation": "Đưa ra Hội đồng đánh giá, phân hạng",
    "conclusion": "Đề nghị Hội đồng xem kỹ phần B.",
    "signer": {
        "on_behalf": [],
        "title": "Người lập báo cáo",
        "name": "Trần Thị Mẫu",
        "note": "Đã ký trên hệ thống lúc 09:00 ngày 30/10/2026",
    },
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

PAPERS: dict[str, dict[str, object]] = {
    "receipt": RECEIPT,
    "completion_request": COMPLETION_REQUEST,
    "advisory_report": ADVISORY_REPORT,
    "certificate": CERTIFICATE,
    "minutes": MINUTES,
    "decision": DECISION,
}
