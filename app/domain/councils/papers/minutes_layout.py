"""How the minutes are laid out: of a meeting, or of opinions that came in writing (art. 7.3.d, 7.6.d)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from app.core.layout import Block, Cell, Letterhead, Row, Table, Title, heading, prose, text
from app.domain.councils.enums import MeetingForm
from app.domain.councils.papers.customs import pen, row_of

_COLUMNS = 7


def laid_out(data: Mapping[str, Any]) -> tuple[str, tuple[Block, ...]]:
    """Return the title of the minutes and their blocks, from what `minutes_data` says."""
    if data["form"] == MeetingForm.WRITTEN:
        return "Biên bản tổng hợp ý kiến bằng văn bản của Hội đồng", tuple(_written(data))
    return "Biên bản họp Hội đồng đánh giá, phân hạng sản phẩm OCOP", tuple(_held(data))


def _held(data: Mapping[str, Any]) -> Iterator[Block]:
    there = data["attendance"]
    yield from _head(data, "Họp Hội đồng đánh giá, phân hạng sản phẩm OCOP")
    yield text(
        "Hội đồng đánh giá, phân hạng sản phẩm OCOP đã họp và lập biên bản với các nội dung sau:",
        indent=True,
    )
    yield heading("I. THỜI GIAN, ĐỊA ĐIỂM")
    yield text(f"Bắt đầu: {data['opened']}.")
    yield text(f"Địa điểm: {data['place']}.")
    yield from _who(
        data,
        f"Có mặt {there['present']}/{there['total']} thành viên có quyền biểu quyết "
        f"({there['rate']}); số cần có để họp: {there['needed']}.",
        "Có mặt",
    )
    yield from _results(data, "Đã rút khỏi chương trình:")
    yield from _end(
        data,
        f"Biên bản được thông qua tại cuộc họp; cuộc họp kết thúc lúc {data['closed']}.",
    )


def _written(data: Mapping[str, Any]) -> Iterator[Block]:
    there = data["attendance"]
    yield from _head(
        data, "Tổng hợp ý kiến bằng văn bản của Hội đồng đánh giá, phân hạng sản phẩm OCOP"
    )
    yield text(
        "Thực hiện điểm d khoản 6 Điều 7 Quyết định số 26/2026/QĐ-TTg, Hội đồng đánh giá, phân hạng "
        "lại sản phẩm OCOP thông qua hình thức lấy ý kiến bằng văn bản và tổng hợp như sau:",
        indent=True,
    )
    yield heading("I. THỜI GIAN LẤY Ý KIẾN")
    yield text(f"Gửi lấy ý kiến: {data['opened']}. Hạn gửi ý kiến: hết ngày {data['due']}.")
    yield from _who(
        data,
        f"Nhận được ý kiến của {there['present']}/{there['total']} thành viên có quyền chấm điểm "
        f"({there['rate']}); số ý kiến cần có: {there['needed']}.",
        "Ý kiến",
    )
    yield from _results(data, "Chuyển ra họp trực tiếp, các phiếu đã nộp được giữ:")
    yield from _end(data, f"Biên bản được lập lúc {data['closed']}.")


def _head(data: Mapping[str, Any], about: str) -> Iterator[Block]:
    yield Letterhead(data["authority"], data["number"], data["place_and_date"])
    subject = [text(about, bold=True)]
    if data["round"]:
        subject.append(text(data["round"], bold=True))
    yield Title("BIÊN BẢN", tuple(subject))
    for basis in data["bases"]:
        yield text(f"Căn cứ {basis};", italic=True, indent=True)


def _who(data: Mapping[str, Any], counted: str, answer: str) -> Iterator[Block]:
    if data["papers"]:
        yield text(data["papers"])
    yield heading("II. THÀNH PHẦN")
    yield text(f"Chủ trì: {data['chair']['name']}. Thư ký: {data['secretary']['name']}.")
    yield text(counted)
    told = "opinion" if answer == "Ý kiến" else "present"
    yield Table(
        widths_mm=(9, 46, 54, 31, 22),
        heads=("TT", "Họ và tên", "Cơ quan, đơn vị", "Vai trò", answer),
        aligns=("center", "left", "left", "left", "center"),
        rows=tuple(
            row_of(str(number), one["name"], one["organisation"], one["seat"], _answer(one[told]))
            for number, one in enumerate(data["attendance"]["members"], start=1)
        ),
    )


def _answer(told: str | bool) -> str:
    if isinstance(told, bool):
        return "Có" if told else "Vắng"
    return told


def _results(data: Mapping[str, Any], taken_off: str) -> Iterator[Block]:
    yield heading("III. KẾT QUẢ ĐÁNH GIÁ, PHÂN HẠNG")
    yield text(
        "Từng thành viên chấm điểm độc lập trên phiếu của mình; các phiếu được mở cùng lúc sau khi "
        "khóa chấm. Điểm trung bình là trung bình cộng tổng điểm các phiếu hợp lệ; hạng được đọc "
        "trên giá trị chính xác, không làm tròn lên."
    )
    if data["items"]:
        yield Table(
            widths_mm=(9, 58, 13, 19, 21, 18, 24),
            heads=(
                "TT",
                "Sản phẩm, chủ thể",
                "Số phiếu",
                "Điểm trung bình",
                "Thấp nhất – cao nhất",
                "Hạng theo điểm",
                "Kết luận",
            ),
            aligns=("center", "left", "center", "center", "center", "center", "center"),
            rows=tuple(
                row
                for number, one in enumerate(data["items"], start=1)
                for row in _rows(number, one)
            ),
        )
    if data["taken_off"]:
        yield text(taken_off, keep=True)
        for one in data["taken_off"]:
            yield text(f"- {one['product']} ({one['producer']}): {one['reason']}", indent=True)


def _rows(number: int, one: Mapping[str, str]) -> Iterator[Row]:
    yield (
        *row_of(str(number)),
        Cell((text(one["product"], bold=True, align="left"), text(one["producer"], align="left"))),
        *row_of(one["sheets"]),
        *row_of(one["average"], bold=True),
        *row_of(f"{one['lowest']} – {one['highest']}", one["band"]),
        *row_of(one["result"], bold=True),
    )
    notes = [
        (label, said)
        for label, said in (
            ("Lý do: ", one["reason"]),
            ("Xung đột lợi ích: ", one["interests"]),
            ("Mã băm kết quả (SHA-256): ", one["hash"]),
        )
        if said
    ]
    for label, said in notes:
        yield (
            *row_of(""),
            Cell((text(f"{label}{said}", align="left"),), columns=_COLUMNS - 1),
        )


def _end(data: Mapping[str, Any], closing: str) -> Iterator[Block]:
    yield heading("IV. KẾT LUẬN CỦA HỘI ĐỒNG")
    yield from prose(data["conclusion"])
    yield text(closing, indent=True, keep=True)
    yield replace(pen(data["chair"]), beside=pen(data["secretary"]))
