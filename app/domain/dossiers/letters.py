"""What people are told of a dossier's steps, with what to do; sent as they stand here."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.dossiers.enums import Step
from app.domain.dossiers.rules import (
    ADVICE,
    CENTRE_ANSWER,
    COMMUNE,
    COMMUNE_CHECK,
    COMMUNE_REPORT,
    COUNCIL,
    PREPARED,
    PROVINCE_INTAKE,
    RECOGNITION,
)
from app.domain.notices.rules import Letter

RESULT_NOTICE = "26/2026/QĐ-TTg, Điều 7.3.g"


class Party(StrEnum):
    """Who has a part in a dossier."""

    PRODUCER = "producer"
    OFFICERS = "officers"
    LEADERS = "leaders"
    AGENCY = "agency"


class Until(StrEnum):
    """The column of the dossier that holds the reader's own last day."""

    COMMUNE = "commune_due_on"
    COMPLETION = "completion_due_on"


@dataclass(frozen=True, slots=True)
class Telling:
    """One letter of a step, who gets it, and which of the dossier's days binds the reader.

    `given` and `lacking` choose between letters by what the step says.
    """

    letter: Letter
    to: frozenset[Party]
    until: Until | None = None
    given: str = ""
    lacking: str = ""

    def fits(self, said: Mapping[str, object]) -> bool:
        """Tell whether this letter is the one for what the step says."""
        return not (self.given and not said.get(self.given)) and not said.get(self.lacking)


def _dossier(kind: str, *, title: str, todo: str, basis: str) -> Letter:
    return Letter(
        kind=f"dossier.{kind}", title=title, todo=todo, route_name="dossiers.show", basis=basis
    )


_COMMUNE = frozenset({Party.OFFICERS, Party.LEADERS})
_PRODUCER = frozenset({Party.PRODUCER})
_AGENCY = frozenset({Party.AGENCY})

FILED_AT_COMMUNE = _dossier(
    "filed",
    title="Hồ sơ {dossier} của «{product}» vừa nộp tại xã",
    todo="Xã tiếp nhận, kiểm tra thành phần và đánh giá trong 15 ngày làm việc.",
    basis=COMMUNE,
)
FILED_FOR_PRODUCER = _dossier(
    "filed_for_you",
    title="Hồ sơ {dossier} của «{product}» đã nộp tại xã, số phiếu {slip_number}",
    todo="Bạn chưa phải làm gì. Xã đánh giá chậm nhất ngày {commune_until}.",
    basis=COMMUNE,
)
RETURNED = _dossier(
    "returned",
    title="Xã trả lại hồ sơ {dossier} của «{product}» để hoàn thiện",
    todo="Mở hồ sơ, sửa các phần xã đã nêu ({parts}), rồi nộp lại tại xã.",
    basis=COMMUNE_CHECK,
)
REPORT_SIGNED = _dossier(
    "report_signed",
    title="Báo cáo của xã về «{product}» (hồ sơ {dossier}) đã được ký",
    todo="Lập công văn đề nghị tỉnh đánh giá và gửi kèm hồ sơ.",
    basis=COMMUNE_REPORT,
)
ASSESSED = _dossier(
    "assessed",
    title="Xã đã đánh giá xong hồ sơ {dossier} của «{product}»",
    todo="Bạn chưa phải làm gì. Xã sẽ gửi công văn đề nghị tỉnh đánh giá.",
    basis=COMMUNE_REPORT,
)
PROPOSED_TO_AGENCY = _dossier(
    "proposed",
    title="Xã đề nghị đánh giá «{product}» (hồ sơ {dossier}), công văn {proposal_number}",
    todo="Kiểm tra thành phần, nội dung hồ sơ; tiếp nhận vào đợt, hoặc yêu cầu hoàn thiện.",
    basis=PROVINCE_INTAKE,
)
PROPOSED = _dossier(
    "proposed_for_you",
    title="Xã đã đề nghị tỉnh đánh giá «{product}» (hồ sơ {dossier})",
    todo="Bạn chưa phải làm gì. Tỉnh sẽ kiểm tra hồ sơ và báo lại.",
    basis=PROVINCE_INTAKE,
)
COMPLETION_REQUESTED = _dossier(
    "completion_requested",
    title="Tỉnh yêu cầu hoàn thiện hồ sơ {dossier} của «{product}»",
    todo="Mở hồ sơ, trả lời từng yêu cầu về: {parts}; xong thì gửi lại tỉnh.",
    basis=PROVINCE_INTAKE,
)
COMPLETED = _dossier(
    "completed",
    title="Hồ sơ {dossier} của «{product}» đã được hoàn thiện theo yêu cầu",
    todo="Kiểm tra lại phần đã yêu cầu, rồi tiếp nhận hồ sơ.",
    basis=PROVINCE_INTAKE,
)
REQUEST_RECALLED = _dossier(
    "request_recalled",
    title="Tỉnh đã rút yêu cầu hoàn thiện hồ sơ {dossier} của «{product}»",
    todo="Không cần trả lời yêu cầu nữa. Lý do: {reason}",
    basis=PROVINCE_INTAKE,
)
ACCEPTED = _dossier(
    "accepted",
    title="Tỉnh đã tiếp nhận hồ sơ {dossier} của «{product}», số phiếu {slip_number}",
    todo="Bạn chưa phải làm gì. Khi có lịch họp Hội đồng sẽ có thông báo.",
    basis=PROVINCE_INTAKE,
)
ADVISED = _dossier(
    "advised",
    title="Tổ tư vấn đã đánh giá hồ sơ {dossier} của «{product}»",
    todo="Đọc báo cáo của tổ tư vấn và đưa hồ sơ vào phiên họp Hội đồng.",
    basis=ADVICE,
)
MEETING_SET = _dossier(
    "scheduled",
    title="Hội đồng tỉnh họp đánh giá «{product}» (hồ sơ {dossier}) ngày {meeting_on}",
    todo="Giữ sẵn bản gốc giấy tờ, sản phẩm mẫu; trả lời khi Hội đồng hoặc tổ tư vấn liên hệ.",
    basis=COUNCIL,
)
OPINIONS_ASKED = _dossier(
    "opinions_asked",
    title="Hội đồng tỉnh lấy ý kiến bằng văn bản về «{product}» (hồ sơ {dossier})",
    todo="Giữ sẵn bản gốc giấy tờ; trả lời khi Hội đồng hoặc tổ tư vấn liên hệ.",
    basis=COUNCIL,
)
LOCKED = _dossier(
    "locked",
    title="Hội đồng đã chốt kết quả đánh giá «{product}» (hồ sơ {dossier})",
    todo="Xem kết quả trong hồ sơ. Tiếp theo UBND tỉnh xem xét, quyết định.",
    basis=RESULT_NOTICE,
)
BELOW_THREE = _dossier(
    "below_three",
    title="Kết quả đánh giá «{product}» (hồ sơ {dossier}): chưa đạt 3 sao",
    todo="Xem kết quả để biết tiêu chí cần nâng. Có thể lập hồ sơ mới cho đợt sau.",
    basis=RESULT_NOTICE,
)
EXCLUDED = _dossier(
    "excluded",
    title="Kết quả đánh giá «{product}» (hồ sơ {dossier}): bị loại",
    todo="Xem kết quả để biết lý do. Khắc phục rồi có thể lập hồ sơ mới cho đợt sau.",
    basis=RESULT_NOTICE,
)
RETURNED_BY_CENTRE = _dossier(
    "returned_by_centre",
    title="Trung ương đánh giá «{product}» dưới 90 điểm (hồ sơ {dossier})",
    todo="Bạn chưa phải làm gì. Tỉnh xem xét công nhận 3 sao, 4 sao hoặc tổ chức đánh giá lại.",
    basis=CENTRE_ANSWER,
)
SENT_TO_CENTRE = _dossier(
    "sent_to_centre",
    title="«{product}» (hồ sơ {dossier}) có tiềm năng 5 sao, chuyển trung ương đánh giá",
    todo="Bạn chưa phải làm gì. Tỉnh gửi hồ sơ đến Bộ Nông nghiệp và Môi trường.",
    basis=RECOGNITION,
)
WITHDRAWN = _dossier(
    "withdrawn",
    title="Hồ sơ {dossier} của «{product}» đã được rút",
    todo="Không xử lý tiếp hồ sơ này. Lý do: {reason}",
    basis=PREPARED,
)
OVERDUE = _dossier(
    "overdue",
    title="Xã quá hạn đánh giá hồ sơ {dossier} của «{product}»",
    todo="{commune} hết hạn 15 ngày làm việc từ ngày {commune_until}. Hãy đôn đốc.",
    basis=COMMUNE,
)

# What each step tells; opening the scoring is the council's business, recognition tells with the
# certificate, and the lock tells by what the dossier comes to.
TELLINGS: Mapping[Step, tuple[Telling, ...]] = {
    Step.FILE: (
        Telling(FILED_AT_COMMUNE, frozenset({Party.OFFICERS}), Until.COMMUNE),
        Telling(FILED_FOR_PRODUCER, _PRODUCER),
    ),
    Step.RETURN: (Telling(RETURNED, _PRODUCER),),
    Step.SIGN_REPORT: (
        Telling(REPORT_SIGNED, _COMMUNE, Until.COMMUNE),
        Telling(ASSESSED, _PRODUCER),
    ),
    Step.PROPOSE: (Telling(PROPOSED_TO_AGENCY, _AGENCY), Telling(PROPOSED, _PRODUCER)),
    Step.REQUEST_COMPLETION: (
        Telling(COMPLETION_REQUESTED, _COMMUNE | _PRODUCER, Until.COMPLETION),
    ),
    Step.COMPLETE: (Telling(COMPLETED, _AGENCY),),
    Step.RECALL_REQUEST: (Telling(REQUEST_RECALLED, _COMMUNE | _PRODUCER),),
    Step.ACCEPT: (Telling(ACCEPTED, _COMMUNE | _PRODUCER),),
    Step.ADVISE: (Telling(ADVISED, _AGENCY),),
    Step.SCHEDULE: (
        Telling(MEETING_SET, _COMMUNE | _PRODUCER, given="meeting_on"),
        Telling(OPINIONS_ASKED, _COMMUNE | _PRODUCER, lacking="meeting_on"),
    ),
    Step.LOCK: (Telling(LOCKED, _COMMUNE | _PRODUCER),),
    Step.CLOSE_BELOW_THREE: (Telling(BELOW_THREE, _COMMUNE | _PRODUCER),),
    Step.CLOSE_EXCLUDED: (Telling(EXCLUDED, _COMMUNE | _PRODUCER),),
    Step.SEND_TO_CENTRE: (Telling(SENT_TO_CENTRE, _COMMUNE | _PRODUCER),),
    Step.RETURN_BY_CENTRE: (Telling(RETURNED_BY_CENTRE, _COMMUNE | _PRODUCER),),
    Step.WITHDRAW: (Telling(WITHDRAWN, _COMMUNE | _AGENCY | _PRODUCER),),
}
