"""One Vietnamese sentence for each kind of event; a test holds it equal to what actions record.

A sentence may name what the event's data says (`{number}`, `{reason}`); what an older event did not
say becomes a dash. The data was typed by people: sentences are plain text, escaped where shown.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from jinja2 import pass_context
from jinja2.runtime import Context

from app.web.render import LANGUAGES, translated

SENTENCES: dict[str, str] = {
    "session.opened": "Đăng nhập",
    "session.ended": "Đăng xuất",
    "account.created": "Mở tài khoản",
    "account.disabled": "Khóa tài khoản",
    "account.contact_changed": "Sửa cách nhận thông báo",
    "delivery.retried": "Cho gửi lại một thông báo chưa gửi được",
    "token.created": "Tạo khóa kết nối",
    "token.revoked": "Thu hồi khóa kết nối",
    "producer.created": "Đăng ký chủ thể «{name}»",
    "producer.changed": "Sửa thông tin chủ thể",
    "product.created": "Đăng ký sản phẩm «{name}»",
    "product.changed": "Sửa thông tin sản phẩm",
    "product.code_added": "Ghi mã cũ «{old_code}» của sản phẩm",
    "import.checked": "Kiểm tra tệp nhập «{file}»",
    "import.applied": "Nhập trọn tệp «{file}»",
    "import.failed": "Không nhập được tệp «{file}», không ghi gì",
    "product.photo_added": "Thêm ảnh sản phẩm «{caption}»",
    "product.photo_removed": "Gỡ ảnh sản phẩm «{caption}»",
    "idea.registered": "Đăng ký ý tưởng «{title}»",
    "idea.revised": "Sửa ý tưởng và gửi tới xã",
    "idea.accepted": "Xã chấp nhận ý tưởng",
    "idea.returned": "Xã yêu cầu hoàn thiện ý tưởng: {reason}",
    "idea.declined": "Xã không chấp nhận ý tưởng: {reason}",
    "idea.converted": "Chuyển ý tưởng thành sản phẩm {product}",
    "evidence.added": "Thêm giấy tờ «{title}»",
    "evidence.changed": "Sửa nội dung ghi của giấy tờ",
    "evidence.replaced": "Thay giấy tờ bằng «{new_title}» ({new})",
    "evidence.withdrawn": "Thôi dùng giấy tờ: {reason}",
    "evidence.restored": "Dùng lại giấy tờ",
    "evidence.removed": "Xóa giấy tờ «{title}» khỏi ví: {reason}",
    "dossier.evidence_replaced": "Thay minh chứng {old} bằng {new} ở tiêu chí {criteria}",
    "dossier.opened": "Mở hồ sơ cho sản phẩm {product}",
    "dossier.section_saved": "Lưu phần tự đánh giá {section}",
    "dossier.changes_saved": "Lưu phần những thay đổi từ khi được công nhận",
    "dossier.report_parts_saved": "Lưu báo cáo tự đánh giá, phần II và IV",
    "dossier.evidence_cited": "Dùng minh chứng {evidence} cho tiêu chí {criterion}",
    "dossier.evidence_dropped": "Thôi dùng minh chứng {evidence} cho tiêu chí {criterion}",
    "dossier.filed": "Nộp hồ sơ tại xã, phiếu số {slip_number}",
    "dossier.received": "Cán bộ xã tiếp nhận hồ sơ, phiếu số {slip_number}",
    "dossier.components_checked": "Cán bộ xã kiểm tra thành phần hồ sơ",
    "dossier.returned": "Xã trả hồ sơ để hoàn thiện",
    "dossier.commune_report_saved": "Lưu báo cáo đánh giá của xã",
    "dossier.commune_report_signed": "Lãnh đạo xã ký báo cáo đánh giá số {report_number}",
    "dossier.proposed": "Xã đề nghị tỉnh đánh giá, phân hạng, công văn số {proposal_number}",
    "dossier.checked_at_province": "Tỉnh kiểm tra thành phần, nội dung hồ sơ",
    "dossier.completion_requested": "Tỉnh yêu cầu hoàn thiện hồ sơ, công văn số {letter_number}",
    "dossier.completion_answered": "Trả lời yêu cầu hoàn thiện {request}",
    "dossier.completed": "Gửi lại hồ sơ đã hoàn thiện theo yêu cầu {request}",
    "dossier.completion_recalled": "Tỉnh thôi yêu cầu hoàn thiện: {reason}",
    "dossier.advice_saved": "Tổ tư vấn lưu báo cáo đánh giá",
    "dossier.advised": "Tổ tư vấn ký báo cáo đánh giá",
    "dossier.surveyed": "Khảo sát thực tế, biên bản số {record_number}",
    "dossier.test_ordered": "Đề nghị kiểm nghiệm bổ sung tại {laboratory}",
    "dossier.test_result_recorded": "Ghi kết quả kiểm nghiệm bổ sung, phiếu số {result_number}",
    "dossier.attached": "Thêm tệp «{title}»",
    "dossier.accepted": "Tỉnh tiếp nhận hồ sơ, phiếu số {slip_number}",
    "dossier.scheduled": "Xếp hồ sơ vào phiên họp {meeting}",
    "dossier.taken_off_agenda": "Rút hồ sơ khỏi chương trình {meeting}: {reason}",
    "dossier.scoring_opened": "Mở chấm điểm hồ sơ",
    "dossier.locked": "Hội đồng chốt kết quả hồ sơ",
    "dossier.scoring_reopened": "Mở lại kết quả hồ sơ để Hội đồng xem xét",
    "dossier.recognised": "Hồ sơ được công nhận",
    "dossier.closed_below_three": "Hồ sơ kết thúc: dưới 3 sao",
    "dossier.closed_excluded": "Hồ sơ kết thúc: bị loại",
    "dossier.sent_to_centre": "Trình trung ương đánh giá 5 sao",
    "dossier.returned_by_centre": "Trung ương đánh giá dưới 90 điểm, trả kết quả cho tỉnh",
    "dossier.withdrawn": "Rút hồ sơ: {reason}",
    "round.opened": "Mở đợt đánh giá",
    "council.set_up": "Thành lập Hội đồng",
    "council.amended": "Thay đổi thành viên Hội đồng theo Quyết định số {decision_number}",
    "council.chair_delegated": "Ghi văn bản ủy quyền chủ trì số {number}",
    "advisory_team.set_up": "Lập Tổ tư vấn theo Quyết định số {decision_number}",
    "advisory_team.amended": "Thay đổi thành viên Tổ tư vấn theo Quyết định số {decision_number}",
    "item.put_off": "Chuyển sản phẩm sang phiên khác vì không đủ người chấm: {reason}",
    "conflict.declared": "Khai xung đột lợi ích cho một sản phẩm",
    "meeting.scheduled": "Lên lịch phiên họp Hội đồng",
    "meeting.opened": "Mở phiên họp Hội đồng",
    "meeting.closed": "Kết thúc phiên họp Hội đồng",
    "agenda.added": "Thêm hồ sơ vào chương trình phiên họp: {reason}",
    "agenda.taken_off": "Rút «{product}» khỏi chương trình phiên họp: {reason}",
    "agenda.arranged": "Sắp xếp chương trình phiên họp",
    "opinion.opened": "Lấy ý kiến bằng văn bản, hạn {due_on}",
    "opinion.extended": "Lùi hạn gửi ý kiến bằng văn bản đến {due_on}: {reason}",
    "opinion.reminded": "Nhắc {count} thành viên chưa gửi ý kiến",
    "opinion.collected": "Kết thúc nhận ý kiến bằng văn bản",
    "opinion.meeting_wished": "Thành viên đề nghị họp trực tiếp: {reason}",
    "opinion.put_to_meeting": "Chuyển hồ sơ đánh giá lại ra họp: {reason}",
    "item.survey_recorded": "Ghi nhận kiểm tra thực tế",
    "item.rescored": "Hội đồng thảo luận và chấm lại",
    "item.certified": "Xác nhận bảng tổng hợp phiếu",
    "item.locked": "Chốt kết quả chấm điểm",
    "reopening.requested": "Đề nghị mở lại kết quả đã chốt",
    "reopening.declined": "Không đồng ý mở lại kết quả",
    "result.reopened": "Mở lại kết quả đã chốt",
    "meeting.reopened": "Mở lại phiên họp đã kết thúc",
    "gate.raised": "Nêu điều kiện loại hoặc dừng đánh giá",
    "gate.decided": "Hội đồng quyết định về điều kiện loại hoặc dừng",
    "minimum.confirmed": "Chủ tịch xác nhận yêu cầu tối thiểu",
    "sheet.saved": "Lưu phiếu đánh giá",
    "sheet.submitted": "Nộp phiếu đánh giá",
    "sheet.withdrawn": "Rút lại phiếu đánh giá",
    "pack.handed_in": "Gửi tệp phiếu chấm của gói chấm không cần mạng, phiên họp {meeting}",
    "pack.applied": "Đưa điểm trong tệp phiếu chấm vào phiếu",
    "paper_sheet.keyed": "Nhập phiếu giấy của {for_member}, lần {entry}",
    "paper_sheet.resolved": "Đối chiếu hai lần nhập phiếu giấy",
    "paper_sheet.scanned": "Lưu bản quét phiếu giấy",
    "paper_sheet.entered": "Phiếu giấy của {for_member} thành phiếu đã nộp",
    "paper_sheet.discarded": "Bỏ các lần nhập phiếu giấy: {reason}",
    "sheet.recused": "Không tham gia chấm hồ sơ này",
    "decision.drafted": "Soạn quyết định công nhận số {number}",
    "decision.revised": "Sửa dự thảo quyết định công nhận",
    "decision.signed": "Ký quyết định công nhận số {number}",
    "centre.sent": "Gửi hồ sơ lên Trung ương theo văn bản {letter}",
    "centre.answered": "Ghi kết quả của Trung ương theo văn bản {answer}",
    "certificate.issued": "Cấp giấy chứng nhận {star} sao",
    "certificate.imported": "Nạp giấy chứng nhận {star} sao đã cấp trước đây",
    "batch.ordered": "Đặt {quantity} tem",
    "batch.approved": "Duyệt đơn đặt tem",
    "batch.refused": "Từ chối đơn đặt tem: {reason}",
    "batch.issued": "Phát hành {count} tem",
    "batch.delivered": "Giao tem cho {delivered_to}",
    "batch.activated": "Nhận và kích hoạt {count} tem",
    "batch.closed": "Đóng lô tem",
    "stamps.voided": "Hủy {count} tem: {reason}",
    "stamp_key.created": "Tạo khóa ký tem số {kid}",
}
ON_BEHALF = "{said} (làm thay chủ thể)"
_UNSAID = "—"


class Happened(Protocol):
    """What is read of an event."""

    kind: str
    data: dict[str, Any]


class _Said(dict[str, str]):
    """The data of an event as texts, with a dash for what it does not say."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(
            {name: _UNSAID if value in (None, "") else str(value) for name, value in data.items()}
        )

    def __missing__(self, name: str) -> str:
        return _UNSAID


def told(event: Happened, language: str = LANGUAGES[0]) -> str:
    """Return what happened, in words, and on whose behalf when somebody helped."""
    template = translated(language, SENTENCES.get(event.kind, event.kind))
    said = template.format_map(_Said(event.data)) if event.kind in SENTENCES else template
    return translated(language, ON_BEHALF, {"said": said}) if event.data.get("on_behalf") else said


@pass_context
def event_sentence(context: Context, event: Happened) -> str:
    """Return what happened in the language of the page that asks."""
    return told(event, context["lang"])
