"""Every field of Mẫu số 01, 02 and 03 as Annex III of 26/2026/QĐ-TTg prints it, with its place.

In the order of the decision. Left out is what tells how to fill a form in («Lưu ý…», «Nội dung thể
hiện rõ…»), and dots.
"""

from app.domain.dossiers.forms.printing import DossierForm

LABELS: dict[DossierForm, tuple[tuple[str, str], ...]] = {
    DossierForm.REGISTRATION: (
        ("tiêu ngữ", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        ("tiêu ngữ", "Độc lập - Tự do - Hạnh phúc"),
        ("tên", "PHIẾU ĐĂNG KÝ"),
        ("tên", "Tham gia đánh giá, phân hạng sản phẩm OCOP"),
        ("tên", "của tỉnh"),
        ("tên", "năm"),
        ("1", "1. Thông tin về đơn vị đăng ký:"),
        ("1", "- Tên đơn vị:"),
        ("1", "- Họ tên người đại diện pháp lý:"),
        ("1", "- Chức vụ:"),
        ("1", "- Địa chỉ liên hệ:"),
        ("1", "- Điện thoại:"),
        ("1", "Email:"),
        ("2", "2. Tên sản phẩm:"),
        ("3", "3. Nhóm sản phẩm đăng ký (Ngành, Nhóm, Phân nhóm"),
        ("4", "4. Lần đăng ký đánh giá:"),
        ("4", "Lần đầu"),
        ("4", "Nâng hạng:"),
        ("4", "Đánh giá lại:"),
        ("5", "5. Tài liệu kèm theo:"),
        ("5", "- Báo cáo đánh giá về sản phẩm theo Bộ tiêu chí (bản gốc, bản điện tử)."),
        ("5", "- Sản phẩm mẫu (số lượng):"),
        (
            "cam đoan",
            (
                "Cam đoan những thông tin trong Phiếu đăng ký là đúng sự thật, chúng tôi xin cam kết "
                "tuân thủ các quy định về đánh giá, phân hạng sản phẩm OCOP, chịu trách nhiệm trước Hội "
                "đồng và pháp luật về Hồ sơ đăng ký đánh giá, phân hạng sản phẩm."
            ),
        ),
        ("ký", "ngày"),
        ("ký", "tháng"),
        ("ký", "năm"),
        ("ký", "ĐẠI DIỆN"),
        ("ký", "(Ký, đóng dấu, ghi rõ họ tên)"),
        (
            "chú thích 1",
            (
                "Theo Phụ lục I về Danh mục phân loại sản phẩm tham gia đánh giá, phân hạng sản phẩm "
                "OCOP."
            ),
        ),
        ("cơ quan", "PHẦN DÀNH CHO CƠ QUAN QUẢN LÝ"),
        ("xã", "DÀNH CHO ỦY BAN NHÂN DÂN CẤP XÃ"),
        ("xã", "Phiếu số:"),
        ("xã", "/PĐK-"),
        ("xã", "Ngày nhận:"),
        ("xã", "Người tiếp nhận:"),
        ("xã", "Chữ ký:"),
        ("xã", "Cơ quan tiếp nhận"),
        ("xã", "(Ký, đóng dấu và ghi rõ họ tên)"),
        ("tỉnh", "DÀNH CHO CƠ QUAN QUẢN LÝ OCOP CẤP TỈNH"),
        ("tỉnh", "Phiếu số:"),
        ("tỉnh", "/PĐK- (Mã tỉnh) - (Mã xã) - (Năm)"),
        ("tỉnh", "Ngày nhận:"),
        ("tỉnh", "Người tiếp nhận:"),
        ("tỉnh", "Chữ ký:"),
        ("tỉnh", "Cơ quan tiếp nhận"),
        ("tỉnh", "(Ký, đóng dấu và ghi rõ họ tên)"),
    ),
    DossierForm.SELF_ASSESSMENT: (
        ("tên", "BÁO CÁO TỰ ĐÁNH GIÁ VỀ SẢN PHẨM"),
        ("tên", "(Dành cho chủ thể có sản phẩm đăng ký)"),
        ("I", "Phần I"),
        ("I", "THÔNG TIN CHUNG"),
        ("I.1", "1. Tên chủ thể:"),
        ("I.2", "2. Loại hình tổ chức:"),
        ("I.3", "3. Địa chỉ:"),
        ("I.4", "4. Điện thoại:"),
        ("I.4", "Email:"),
        ("I.5", "5. Tên người đại diện pháp luật:"),
        ("I.5", "- Họ tên:"),
        ("I.5", "- Giới tính:"),
        ("I.5", "(Nam/nữ); Dân tộc:"),
        ("I.5", "- Địa chỉ thường trú:"),
        ("I.6", "6. Ngày thành lập/đăng ký kinh doanh:"),
        ("I.6", "Số giấy đăng ký (nếu có):"),
        ("I.7", "7. Tên sản phẩm/dịch vụ, mô tả về quy cách sản phẩm, tiêu chuẩn:"),
        ("I.7", "Đánh dấu (√) vào mục tương ứng:"),
        ("I.7.a", "a) Giấy đăng ký kinh doanh:"),
        ("I.7.b", "b) Đã công bố chất lượng sản phẩm theo quy định:"),
        ("I.7.c", "c) Đã có các điều kiện sản xuất theo quy định:"),
        (
            "I.7.c",
            (
                "- Giấy chứng nhận cơ sở đủ điều kiện vệ sinh an toàn thực phẩm theo quy định của pháp "
                "luật cho sản xuất sản phẩm:"
            ),
        ),
        (
            "I.7.c",
            (
                "- Giấy chứng nhận cơ sở đủ điều kiện sản xuất bắt buộc theo quy định cho sản phẩm (đối "
                "với các sản phẩm bắt buộc theo quy định)"
            ),
        ),
        ("I.7.d", "d) Đã có đăng ký sở hữu trí tuệ:"),
        ("I.7.d", "+ Giấy chứng nhận đăng ký nhãn hiệu:"),
        (
            "I.7.d",
            (
                "+ Văn bản ghi nhận quyền sử dụng chỉ dẫn địa lý, nhãn hiệu tập thể, nhãn hiệu chứng "
                "nhận:"
            ),
        ),
        ("I.7.d", "+ Bằng sáng chế"),
        ("I.7.d", "+ Bằng độc quyền kiểu dáng công nghiệp:"),
        ("I.7.d", "+ Giấy chứng nhận bản quyền tác giả"),
        ("I.7.d", "+ Khác (ghi rõ):"),
        (
            "I.8",
            "8. Lịch sử hình thành của chủ thể (nêu các giai đoạn hình thành và phát triển):",
        ),
        ("I.9", "9. Cơ cấu tổ chức của chủ thể:"),
        ("II", "Phần II"),
        ("II", "KẾT QUẢ THỰC HIỆN PHƯƠNG ÁN SẢN XUẤT KINH DOANH"),
        ("III", "Phần III"),
        ("III", "ĐÁNH GIÁ KẾT QUẢ THỰC HIỆN THEO BỘ TIÊU CHÍ SẢN PHẨM OCOP"),
        ("III, bảng", "TT"),
        ("III, bảng", "Nội dung"),
        ("III, bảng", "Yêu cầu"),
        ("III, bảng", "Giấy đăng ký kinh doanh"),
        (
            "III, bảng",
            (
                "Bản sao chứng minh hoạt động kinh doanh hợp pháp (đối với các đơn vị/cá nhân có đăng "
                "ký kinh doanh)"
            ),
        ),
        ("III, bảng", "Giấy chứng nhận cơ sở đủ điều kiện sản xuất"),
        (
            "III, bảng",
            "Bản sao (đối với sản phẩm cần phải có giấy chứng nhận theo quy định hiện hành)",
        ),
        ("III, bảng", "Nguồn gốc nguyên liệu, vùng nguyên liệu, liên kết chuỗi"),
        (
            "III, bảng",
            (
                "Bản sao tài liệu: Giấy xác nhận an toàn thực phẩm đối với vùng nguyên liệu, hợp đồng "
                "mua bán/hợp đồng nguyên tắc, thỏa thuận liên kết, thanh lý hợp đồng, hóa đơn chứng từ "
                "hợp lệ... chứng minh nguồn gốc nguyên liệu, liên kết chuỗi."
            ),
        ),
        ("III, bảng", "Bảo vệ môi trường, sử dụng công nghệ theo hướng bền vững"),
        (
            "III, bảng",
            (
                "Bản sao hồ sơ, thủ tục về môi trường theo quy định; hình ảnh minh chứng về thực hiện "
                "giải pháp bảo vệ môi trường; hình ảnh, mô tả công nghệ sử dụng theo hướng bền vững."
            ),
        ),
        ("III, bảng", "Sử dụng lao động địa phương"),
        (
            "III, bảng",
            "Danh sách lao động đóng bảo hiểm có xác nhận của chủ thể, bao gồm cả nơi thường trú.",
        ),
        ("III, bảng", "Tăng trưởng sản xuất kinh doanh"),
        (
            "III, bảng",
            (
                "- Bản sao Tài liệu minh chứng kết quả phân loại hợp tác xã hoặc báo cáo tài chính 2 "
                "năm gần nhất."
            ),
        ),
        ("III, bảng", "- Bản sao Báo cáo tài chính của chủ thể 2 năm gần nhất."),
        ("III, bảng", "Sở hữu trí tuệ"),
        (
            "III, bảng",
            (
                "Minh chứng thể hiện Đơn đăng ký nhãn hiệu đã được cơ quan có thẩm quyền chấp nhận hoặc "
                "công bố."
            ),
        ),
        (
            "III, bảng",
            (
                "Bản sao Giấy chứng nhận đăng ký nhãn hiệu; văn bằng ghi nhận quyền sử dụng chỉ dẫn địa "
                "lý, nhãn hiệu tập thể, nhãn hiệu chứng nhận; Bằng sáng chế, Bằng độc quyền kiểu dáng "
                "công nghiệp,..."
            ),
        ),
        ("III, bảng", "Phát triển thị trường, hoạt động quảng bá, xúc tiến thương mại"),
        (
            "III, bảng",
            (
                "Bản sao tài liệu: Hợp đồng, cam kết, ký gửi, đặt hàng, biên nhận, hóa đơn, chứng từ để "
                "minh chứng xác nhận về phân phối sản phẩm, xuất khẩu sản phẩm, hoạt động xúc tiến "
                "thương mại..."
            ),
        ),
        ("III, bảng", "Quảng bá sản phẩm"),
        ("III, bảng", "Tài liệu minh chứng về website, hoạt động quảng bá."),
        ("III, bảng", "Câu chuyện về sản phẩm"),
        (
            "III, bảng",
            "Bản sao tờ rơi, hình ảnh, phim, ghi âm... minh chứng về câu chuyện của sản phẩm",
        ),
        ("III, bảng", "Công bố chất lượng sản phẩm"),
        ("III, bảng", "Bản sao tài liệu, chứng minh chất lượng sản phẩm được công bố"),
        (
            "III, bảng",
            (
                "Phiếu kết quả kiểm nghiệm chỉ tiêu chất lượng, an toàn thực phẩm theo tiêu chuẩn công "
                "bố"
            ),
        ),
        (
            "III, bảng",
            "Bản sao tài liệu chứng minh đạt tiêu chuẩn chất lượng, an toàn thực phẩm.",
        ),
        ("III, bảng", "Mã số mã vạch, tem truy xuất nguồn gốc,"),
        ("III, bảng", "Bản sao tài liệu, chứng minh mã, tem, sở hữu thương hiệu..."),
        ("III, bảng", "Hệ thống quản lý chất lượng tiên tiến, kiểm soát chất lượng"),
        (
            "III, bảng",
            (
                "Bản sao tài liệu: chứng nhận Hệ thống quản lý chất lượng tiên tiến, chứng minh hệ thống "
                "quản lý đạt tiêu chuẩn"
            ),
        ),
        (
            "III, bảng",
            "Giải thưởng của sản phẩm, bình chọn của các tổ chức uy tín trong nước và quốc tế...",
        ),
        (
            "III, bảng",
            "Bản sao tài liệu, minh chứng về các thành tích, giải thưởng, bình chọn...",
        ),
        ("IV", "Phần IV"),
        ("IV", "KẾ HOẠCH SẢN XUẤT, KINH DOANH"),
        ("ký", "ngày"),
        ("ký", "tháng"),
        ("ký", "năm"),
        ("ký", "ĐẠI DIỆN THEO PHÁP LUẬT CỦA CƠ SỞ"),
        ("ký", "(Ký, họ tên, đóng dấu)"),
    ),
    DossierForm.COMMUNE_REPORT: (
        ("đầu", "ỦY BAN NHÂN DÂN XÃ"),
        ("đầu", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        ("đầu", "Độc lập - Tự do - Hạnh phúc"),
        ("tên", "BÁO CÁO"),
        (
            "tên",
            "Đánh giá một số nội dung của hồ sơ đăng ký tham gia đánh giá, phân hạng sản phẩm OCOP",
        ),
        ("I", "I. THÔNG TIN CHUNG VỀ HỒ SƠ SẢN PHẨM"),
        ("I.1", "1. Tên chủ thể:"),
        ("I.2", "2. Loại hình tổ chức:"),
        ("I.3", "3. Địa chỉ:"),
        ("I.4", "4. Tên người đại diện pháp luật:"),
        ("I.4", "- Họ tên:"),
        ("I.4", "- Giới tính:"),
        ("I.4", "(Nam/nữ); Dân tộc:"),
        ("I.4", "- Địa chỉ thường trú:"),
        ("I.5", "5. Sản phẩm đăng ký đánh giá:"),
        ("II", "II. ĐÁNH GIÁ MỘT SỐ NỘI DUNG CỦA HỒ SƠ SẢN PHẨM"),
        ("II.1", "1. Về sử dụng nguyên liệu địa phương:"),
        ("II.2", "2. Về sử dụng lao động địa phương:"),
        ("II.3", "3. Nguồn gốc ý tưởng sản phẩm:"),
        ("II.4", "4. Bản sắc/trí tuệ địa phương:"),
        ("đề nghị", "Ủy ban nhân dân xã"),
        ("đề nghị", "đề nghị Ủy ban nhân dân tỉnh"),
        ("đề nghị", "đánh giá, phân hạng sản phẩm OCOP cho sản phẩm"),
        ("đề nghị", "của"),
        ("ký", "T.M ỦY BAN NHÂN DÂN XÃ"),
        ("ký", "(Ký tên và đóng dấu)"),
    ),
}
