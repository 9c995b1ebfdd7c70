"""Minutes of stamps handed over and destroyed: every roll and every withdrawal is on the paper."""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from app.core.typesetting import render_pdf
from tests.print.reading import in_one_line, pdf_words, squeezed

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
LONG_PRODUCT = (
    "Trà Shan tuyết cổ thụ hái tay một tôm hai lá sao chảo gang truyền thống của đồng bào Mông "
    "vùng núi cao Sin Suối Hồ, hộp quà đặc biệt kỷ niệm ngày thành lập Hợp tác xã"
)
LONG_UNIT = (
    "Hợp tác xã Nông nghiệp, Dược liệu, Thương mại và Dịch vụ Tổng hợp Thanh niên Dân tộc Mông Sin "
    "Suối Hồ – Chi nhánh xã Phong Thổ, tỉnh Lai Châu"
)


def thousands(count: int) -> str:
    return f"{count:,}".replace(",", ".")


def rolls(count: int) -> list[dict[str, str]]:
    return [
        {
            "number": str(number),
            "places": "1–1.000",
            "stamps": "1.000",
            "withdrawn": str(number % 7),
            "first_serial": f"009D-D1X1-PB1X-{number:04}",
            "last_serial": f"WWWW-MMMM-QQQQ-{number:04}",
        }
        for number in range(1, count + 1)
    ]


def delivery(count: int, **changes: Any) -> dict[str, Any]:
    void = sum(number % 7 for number in range(1, count + 1))
    return {
        "specimen": False,
        "above": "ỦY BAN NHÂN DÂN TỈNH LAI CHÂU",
        "authority": "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG",
        "code": "GT-5Q9S3V2",
        "place_and_date": "Lai Châu, ngày 14 tháng 9 năm 2026",
        "handed_over": "9 giờ 30 phút, ngày 14 tháng 9 năm 2026",
        "batch": "LT-7K2M9Q4",
        "product": "Trà Shan tuyết cổ thụ Sin Suối Hồ",
        "producer": "Hợp tác xã Nông nghiệp và Dịch vụ Mẫu Đơn",
        "certificate": "CN-7K2M9Q4",
        "stars": 4,
        "until": "24/11/2029",
        "giver": {"unit": "Sở Nông nghiệp và Môi trường", "name": "Nguyễn Văn Mẫu"},
        "receiver": {"unit": "Hợp tác xã Mẫu Đơn", "name": "Lò Thị Mẫu"},
        "rolls": rolls(count),
        "total": {
            "rolls": str(count),
            "stamps": thousands(1000 * count),
            "withdrawn": str(void),
            "usable": thousands(1000 * count - void),
        },
        "terms": [
            "Tem chỉ có giá trị sau khi bên nhận xác nhận đã nhận đủ cuộn.",
            "Tem hỏng, mất phải báo ngay; không in lại con tem đã in.",
        ],
        "basis": "1162/QĐ-VPĐP-OCOP, Điều 4",
    } | changes


def destruction(count: int, **changes: Any) -> dict[str, Any]:
    return {
        "specimen": False,
        "above": "ỦY BAN NHÂN DÂN TỈNH LAI CHÂU",
        "authority": "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG",
        "code": "HT-5Q9S3V2",
        "place_and_date": "Lai Châu, ngày 14 tháng 9 năm 2026",
        "destroyed": "9 giờ 30 phút, ngày 14 tháng 9 năm 2026",
        "place": "Kho của Chi cục Phát triển nông thôn",
        "method": "Cắt vụn rồi đốt",
        "witnesses": [
            {"name": "Giàng A Mẫu", "role": "Sở Công Thương"},
            {"name": "Lò Thị Mẫu", "role": "Hợp tác xã Mẫu Đơn"},
        ],
        "withdrawals": [
            {
                "batch": "LT-7K2M9Q4",
                "withdrawal": f"RT-{number:07}",
                "kind": ("In lỗi", "Hỏng khi dán", "Trả lại")[number % 3],
                "count": "12",
                "reason": "Lệch khuôn bế, mất góc mã" if number % 2 else "",
            }
            for number in range(1, count + 1)
        ],
        "total": thousands(12 * count),
        "recorder": {"title": "Người lập biên bản", "name": "Nguyễn Văn Mẫu"},
        "basis": "",
    } | changes


def printed(kind: str, data: dict[str, Any]) -> bytes:
    return render_pdf(kind, data, timestamp=AT)


def pages(pdf: bytes) -> list[str]:
    return [in_one_line(page.extract_text()) for page in PdfReader(BytesIO(pdf)).pages]


def test_one_roll_is_handed_over_on_one_page_with_all_that_it_says() -> None:
    pdf = printed("stamp_delivery", delivery(1))
    said = pdf_words(pdf)
    assert len(pages(pdf)) == 1
    for words in (
        "BIÊN BẢN",
        "Giao nhận tem OCOP",
        "Số: GT-5Q9S3V2",
        "Lúc 9 giờ 30 phút, ngày 14 tháng 9 năm 2026",
        "Bên giao: Sở Nông nghiệp và Môi trường; người đại diện: Nguyễn Văn Mẫu",
        "Bên nhận: Hợp tác xã Mẫu Đơn; người đại diện: Lò Thị Mẫu",
        "LT-7K2M9Q4",
        "Trà Shan tuyết cổ thụ Sin Suối Hồ",
        "4 sao",
        "hết ngày 24/11/2029",
        "Cộng 1 cuộn",
        "Tem dùng được: 999",
        "không in lại con tem đã in",
        "Căn cứ: 1162/QĐ-VPĐP-OCOP, Điều 4.",
        "BÊN NHẬN",
        "BÊN GIAO",
    ):
        assert words in said
    assert "1–1.000 1.000 1 009D-D1X1-PB1X-0001 WWWW-MMMM-QQQQ-0001" in said


def test_sixty_rolls_run_over_pages_under_the_same_head_and_none_is_lost() -> None:
    made = pages(printed("stamp_delivery", delivery(60)))
    assert len(made) == 2
    said = " ".join(made)
    for roll in rolls(60):
        assert f"{roll['first_serial']} {roll['last_serial']}" in said
    assert all("Cuộn Vị trí Số tem Đã hủy Sê-ri đầu Sê-ri cuối" in page for page in made)
    assert "60.000" in made[-1]
    assert "Cộng 60 cuộn" in made[-1]
    assert "BÊN GIAO" in made[-1]
    assert "lập thành 02 bản" in made[-1]


def test_withdrawals_are_told_one_by_one_and_everybody_has_a_place_to_sign() -> None:
    pdf = printed("stamp_destruction", destruction(3))
    said = pdf_words(pdf)
    assert len(pages(pdf)) == 1
    for words in (
        "Tiêu hủy tem OCOP đã rút",
        "Số: HT-5Q9S3V2",
        "Kho của Chi cục Phát triển nông thôn",
        "Cắt vụn rồi đốt",
        "1. Giàng A Mẫu, Sở Công Thương",
        "2. Lò Thị Mẫu, Hợp tác xã Mẫu Đơn",
        "1 LT-7K2M9Q4 RT-0000001 Hỏng khi dán 12 Lệch khuôn bế",
        "3 LT-7K2M9Q4 RT-0000003 In lỗi 12",
        "Cộng 3 lần rút 36",
        "NGƯỜI LẬP BIÊN BẢN",
    ):
        assert words in said
    assert said.count("NGƯỜI CHỨNG KIẾN") == 2
    assert "Căn cứ" not in said


def test_many_withdrawals_run_over_pages_under_the_same_head() -> None:
    made = pages(printed("stamp_destruction", destruction(60)))
    assert len(made) > 1
    said = " ".join(made)
    assert all(f"RT-{number:07}" in said for number in range(1, 61))
    for page in made:
        assert ("RT-00" in page) == ("TT Lô tem Lần rút Loại Số tem Lý do" in page)
    assert "Cộng 60 lần rút 720" in said
    assert "NGƯỜI LẬP BIÊN BẢN" in made[-1]


def test_codes_of_the_widest_letters_stand_on_one_line() -> None:
    row = destruction(1)["withdrawals"][0] | {"batch": "LT-WMWMWMW", "withdrawal": "RT-MWMWMWM"}
    pdf = printed("stamp_destruction", destruction(1, withdrawals=[row]))
    assert "LT-WMWMWMW" in pages(pdf)[0]
    assert "RT-MWMWMWM" in pages(pdf)[0]


def test_very_long_names_are_printed_whole() -> None:
    given = delivery(
        2,
        product=LONG_PRODUCT,
        producer=LONG_UNIT,
        receiver={"unit": LONG_UNIT, "name": "Nguyễn Thị Hoàng Anh Phương Thảo Mẫu"},
    )
    said = pdf_words(printed("stamp_delivery", given))
    assert LONG_PRODUCT in said
    assert said.count(LONG_UNIT) == 2
    destroyed = destruction(
        1,
        place=LONG_UNIT,
        method=LONG_PRODUCT,
        witnesses=[{"name": LONG_UNIT, "role": ""}],
        withdrawals=[
            {
                "batch": "LT-7K2M9Q4",
                "withdrawal": "RT-5Q9S3V2",
                "kind": "Thu hồi theo quyết định",
                "count": "1.000.000",
                "reason": LONG_PRODUCT * 3,
            }
        ],
        total="1.000.000",
    )
    said = pdf_words(printed("stamp_destruction", destroyed))
    assert LONG_PRODUCT in said
    assert squeezed(LONG_PRODUCT * 3) in squeezed(said)
    assert said.count("1.000.000") == 3


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("stamp_delivery", delivery(1, giver={"unit": "", "name": ""}, terms=[], above="")),
        (
            "stamp_destruction",
            destruction(1, above="", recorder={"title": "Người lập biên bản", "name": ""}),
        ),
    ],
)
def test_what_is_not_known_is_left_for_the_pen(kind: str, data: dict[str, Any]) -> None:
    said = pdf_words(printed(kind, data))
    assert "none" not in said
    assert "Nguyễn Văn Mẫu" not in said


@pytest.mark.parametrize(
    ("kind", "data"), [("stamp_delivery", delivery(60)), ("stamp_destruction", destruction(60))]
)
def test_every_page_of_a_demonstration_is_a_specimen(kind: str, data: dict[str, Any]) -> None:
    assert all("BẢN MINH HỌA" in page for page in pages(printed(kind, data | {"specimen": True})))
    assert printed(kind, data) == printed(kind, data)
