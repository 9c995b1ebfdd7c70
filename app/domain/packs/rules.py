"""What binds an answer file to its pack, how two versions of a sheet are merged, limits: pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.domain.councils.rules import Move
from app.domain.packs.enums import PaperSheetState
from app.rulebooks.model import Criterion
from app.rulebooks.scoring import NOT_MET

PACK_BASIS = "Quy chế hoạt động của Hội đồng (phiếu chấm)"

FILE_KIND = "ocop-phieu-cham"
FILE_FORMAT = 1
SEAL_PURPOSE = "scoring-pack"

# What a phone opens without trouble, and what a slow line fetches in some minutes at most.
LARGEST_PACK_BYTES = 8 * 1024 * 1024
MOST_PICTURE_BYTES = 3 * 1024 * 1024
MOST_PICTURES_OF_A_PRODUCT = 4
LARGEST_ANSWER_BYTES = 4 * 1024 * 1024

# What is typed for an explicit không đạt, beside the letters of the options.
KEYED_NOT_MET = "k"

# The opinion at the end of a sheet is merged as one more criterion would be.
OPINION = "opinion"

PAPER_STATE_LABELS: dict[PaperSheetState, str] = {
    PaperSheetState.KEYED_ONCE: "Đã nhập lần một",
    PaperSheetState.DIFFERS: "Hai lần khác nhau",
    PaperSheetState.AGREED: "Hai lần nhập đã khớp",
    PaperSheetState.ENTERED: "Đã thành phiếu",
}
PAPER_INITIAL = PaperSheetState.KEYED_ONCE
PAPER_FINAL = frozenset({PaperSheetState.ENTERED})
PAPER_MOVES = (
    Move("disagree", PaperSheetState.KEYED_ONCE, PaperSheetState.DIFFERS),
    Move("agree", PaperSheetState.KEYED_ONCE, PaperSheetState.AGREED),
    Move("resolve", PaperSheetState.DIFFERS, PaperSheetState.AGREED),
    Move("enter", PaperSheetState.AGREED, PaperSheetState.ENTERED),
)

_FINGERPRINT = 16


class Said(NamedTuple):
    """What a sheet says of one criterion; the opinion is a remark without an option."""

    option: str = ""
    remark: str = ""
    evidence: str = ""
    page: int = 0
    without_evidence: bool = False


BLANK = Said()


def fingerprint(said: Said) -> str:
    """Return what tells whether an answer is still the same, without telling the answer."""
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:_FINGERPRINT]


@dataclass(frozen=True, slots=True)
class Difference:
    """One criterion (or the opinion) that the file would change; a conflict needs a choice."""

    code: str
    stored: Said
    filed: Said
    is_conflict: bool


def differences(
    base: Mapping[str, str], stored: Mapping[str, Said], filed: Mapping[str, Said]
) -> tuple[Difference, ...]:
    """Return what a file changes against a sheet that may itself have changed since the pack.

    `base` holds the fingerprints of what the pack began with. What the member did not touch in the
    pack is left as it is stored; what both changed, each in another way, is a conflict.
    """
    found = []
    for code in sorted({*base, *stored, *filed}):
        now, sent = stored.get(code, BLANK), filed.get(code, BLANK)
        began = base.get(code, fingerprint(BLANK))
        if now == sent or fingerprint(sent) == began:
            continue
        found.append(Difference(code, now, sent, is_conflict=fingerprint(now) != began))
    return tuple(found)


def typed_option(criterion: Criterion, typed: str) -> str | None:
    """Return the option that a keyed sign names: its letter, or «k» for an explicit không đạt.

    None is a sign the criterion does not have; nothing typed is a blank.
    """
    sign = typed.strip().lower()
    if not sign:
        return ""
    if sign == KEYED_NOT_MET:
        return NOT_MET if criterion.allows_not_met else None
    return sign if criterion.find_option(sign) else None


# What a pack itself says; `{…}` is filled in by its script.
PACK_LABELS: dict[str, str] = {
    "title": "Gói chấm không cần mạng",
    "no_script": "Gói chấm cần trình duyệt có JavaScript. Hãy mở tệp này bằng Chrome, Edge, Firefox "
    "hoặc Safari.",
    "specimen": "Bản minh họa – không có giá trị",
    "meeting": "Phiên họp {code}, {day}, {place}",
    "member": "Phiếu của {name}",
    "made": "Tải lúc {at}",
    "products": "Sản phẩm ({count})",
    "done": "đã chấm {done}/{count}",
    "dossier": "Hồ sơ {code} · {kind}",
    "texts": "Nội dung hồ sơ và ảnh",
    "description": "Mô tả sản phẩm",
    "packaging": "Bao bì",
    "story": "Câu chuyện sản phẩm",
    "business_results": "Kết quả sản xuất, kinh doanh",
    "business_plan": "Kế hoạch sản xuất, kinh doanh",
    "officials": "Tổ tư vấn, khảo sát, kiểm nghiệm",
    "advice": "Tổ tư vấn về phần {part}",
    "suggested": "Gợi ý tham khảo, không phải điểm: {points}/{max}",
    "survey": "Khảo sát {record}",
    "test": "Kiểm nghiệm bổ sung: {subject}",
    "waiting": "Chờ kết quả",
    "sections": "Các mục",
    "max": "tối đa {max}",
    "star": "{star} sao",
    "guide": "Hướng dẫn",
    "claim": "Chủ thể tự chấm: {points} điểm – {label}",
    "claim_none": "Chủ thể tự chấm: không nêu",
    "claim_not_met": "Chủ thể tự chấm: 0 điểm – không đạt",
    "papers": "Minh chứng: {papers}",
    "finding": "Xã đánh giá – {label}: {text}",
    "confirmed": "Xã xác nhận",
    "unconfirmed": "Xã không xác nhận",
    "not_met": "Không đạt",
    "blank": "Bỏ chọn",
    "not_applicable": "Hiện không áp dụng, không cần chấm",
    "shown_by": "Minh chứng, nhận xét",
    "evidence_of": "Minh chứng của tiêu chí {code}",
    "shown_by_nothing": "chưa nêu",
    "without_evidence": "không có minh chứng",
    "page": "Trang",
    "remark_of": "Nhận xét tiêu chí {code}",
    "opinion": "Ý kiến chung (không bắt buộc)",
    "finish": "Hoàn thành",
    "missing": "Còn {count} tiêu chí chưa chấm; ô trống không phải là 0 điểm.",
    "complete": "Đã chấm đủ các tiêu chí.",
    "next": "Tiếp",
    "back": "Trước",
    "sum": "Tạm tính {total}/{max}",
    "sum_note": "Tạm tính trên thiết bị này để tham khảo; hệ thống tính lại khi nhận tệp.",
    "save": "Lưu tệp phiếu chấm",
    "saved": "Đã lưu tệp {name}. Hãy gửi tệp này qua trang phiên họp, hoặc giao cho Thư ký.",
    "kept": "Đã ghi tạm trên thiết bị lúc {at}",
    "not_kept": "Trình duyệt này không cho ghi tạm: hãy bấm «Lưu tệp phiếu chấm» thường xuyên.",
    "other_ways": "Cách khác",
    "copy": "Không lưu được tệp? Chép toàn bộ nội dung dưới đây và dán vào trang nộp tệp.",
    "reopen": "Mở lại tệp phiếu chấm đã lưu",
    "reopened": "Đã mở lại tệp {name}.",
    "wrong_file": "Tệp này không phải của gói chấm đang mở.",
    "forget": "Xóa bản ghi tạm trên thiết bị này",
    "forget_sure": "Xóa mọi điểm chưa lưu ra tệp trên thiết bị này?",
    "pictures_left_out": "Để gói đủ nhẹ, {count} ảnh không kèm theo; xem trên hệ thống.",
}
