"""The table of papers in part III of Mẫu số 02, in the words of the decision.

The regime's own list (`procedure.evidence`) is shortened for pages; a form is printed as it stands.
"""

from app.domain.dossiers.enums import EvidenceKind

Kind = EvidenceKind

GUIDE: tuple[tuple[EvidenceKind, str, tuple[str, ...]], ...] = (
    (
        Kind.BUSINESS_REGISTRATION,
        "Giấy đăng ký kinh doanh",
        (
            (
                "Bản sao chứng minh hoạt động kinh doanh hợp pháp (đối với các đơn vị/cá nhân có đăng "
                "ký kinh doanh)"
            ),
        ),
    ),
    (
        Kind.PRODUCTION_CONDITIONS,
        "Giấy chứng nhận cơ sở đủ điều kiện sản xuất",
        ("Bản sao (đối với sản phẩm cần phải có giấy chứng nhận theo quy định hiện hành)",),
    ),
    (
        Kind.MATERIAL_ORIGIN,
        "Nguồn gốc nguyên liệu, vùng nguyên liệu, liên kết chuỗi",
        (
            (
                "Bản sao tài liệu: Giấy xác nhận an toàn thực phẩm đối với vùng nguyên liệu, hợp đồng "
                "mua bán/hợp đồng nguyên tắc, thỏa thuận liên kết, thanh lý hợp đồng, hóa đơn chứng từ "
                "hợp lệ... chứng minh nguồn gốc nguyên liệu, liên kết chuỗi."
            ),
        ),
    ),
    (
        Kind.ENVIRONMENT,
        "Bảo vệ môi trường, sử dụng công nghệ theo hướng bền vững",
        (
            (
                "Bản sao hồ sơ, thủ tục về môi trường theo quy định; hình ảnh minh chứng về thực hiện "
                "giải pháp bảo vệ môi trường; hình ảnh, mô tả công nghệ sử dụng theo hướng bền vững."
            ),
        ),
    ),
    (
        Kind.LOCAL_LABOUR,
        "Sử dụng lao động địa phương",
        ("Danh sách lao động đóng bảo hiểm có xác nhận của chủ thể, bao gồm cả nơi thường trú.",),
    ),
    (
        Kind.GROWTH,
        "Tăng trưởng sản xuất kinh doanh",
        (
            (
                "- Bản sao Tài liệu minh chứng kết quả phân loại hợp tác xã hoặc báo cáo tài chính 2 "
                "năm gần nhất."
            ),
            "- Bản sao Báo cáo tài chính của chủ thể 2 năm gần nhất.",
        ),
    ),
    (
        Kind.INTELLECTUAL_PROPERTY,
        "Sở hữu trí tuệ",
        (
            (
                "Minh chứng thể hiện Đơn đăng ký nhãn hiệu đã được cơ quan có thẩm quyền chấp nhận hoặc "
                "công bố."
            ),
            (
                "Bản sao Giấy chứng nhận đăng ký nhãn hiệu; văn bằng ghi nhận quyền sử dụng chỉ dẫn địa "
                "lý, nhãn hiệu tập thể, nhãn hiệu chứng nhận; Bằng sáng chế, Bằng độc quyền kiểu dáng "
                "công nghiệp,..."
            ),
        ),
    ),
    (
        Kind.MARKET,
        "Phát triển thị trường, hoạt động quảng bá, xúc tiến thương mại",
        (
            (
                "Bản sao tài liệu: Hợp đồng, cam kết, ký gửi, đặt hàng, biên nhận, hóa đơn, chứng từ để "
                "minh chứng xác nhận về phân phối sản phẩm, xuất khẩu sản phẩm, hoạt động xúc tiến "
                "thương mại..."
            ),
        ),
    ),
    (
        Kind.PROMOTION,
        "Quảng bá sản phẩm",
        ("Tài liệu minh chứng về website, hoạt động quảng bá.",),
    ),
    (
        Kind.STORY,
        "Câu chuyện về sản phẩm",
        ("Bản sao tờ rơi, hình ảnh, phim, ghi âm... minh chứng về câu chuyện của sản phẩm",),
    ),
    (
        Kind.QUALITY_DECLARATION,
        "Công bố chất lượng sản phẩm",
        ("Bản sao tài liệu, chứng minh chất lượng sản phẩm được công bố",),
    ),
    (
        Kind.TEST_REPORT,
        "Phiếu kết quả kiểm nghiệm chỉ tiêu chất lượng, an toàn thực phẩm theo tiêu chuẩn công bố",
        ("Bản sao tài liệu chứng minh đạt tiêu chuẩn chất lượng, an toàn thực phẩm.",),
    ),
    (
        Kind.BARCODE,
        "Mã số mã vạch, tem truy xuất nguồn gốc,",
        ("Bản sao tài liệu, chứng minh mã, tem, sở hữu thương hiệu...",),
    ),
    (
        Kind.QUALITY_SYSTEM,
        "Hệ thống quản lý chất lượng tiên tiến, kiểm soát chất lượng",
        (
            (
                "Bản sao tài liệu: chứng nhận Hệ thống quản lý chất lượng tiên tiến, chứng minh hệ "
                "thống quản lý đạt tiêu chuẩn"
            ),
        ),
    ),
    (
        Kind.AWARD,
        "Giải thưởng của sản phẩm, bình chọn của các tổ chức uy tín trong nước và quốc tế...",
        ("Bản sao tài liệu, minh chứng về các thành tích, giải thưởng, bình chọn...",),
    ),
)
