"""What is kept about people: every column that holds something about somebody, named once, with why.

A column that is neither here nor in impersonal.py fails a test: whoever adds one judges it. Pages,
the record of processing and a person's own copy are made from this list, none is written beside it.
"""

from dataclasses import dataclass, field

from app.core.errors import Worded
from app.domain.dossiers.enums import EvidenceKind
from app.domain.privacy.enums import Care, Whose
from app.domain.privacy.rules.periods import (
    CLOSED,
    INVITATIONS,
    JOBS,
    LOG,
    LOGINS,
    NOTICES,
    RATES,
    RECORD,
    RECOVERY,
    REPEATS,
    REPORTERS,
    REQUESTS,
    SCANS,
    UPLOADS,
    Period,
)

LAW = "Luật 91/2025/QH15"
# A law that sees to state management needs no consent of each person.
WITHOUT_CONSENT = "Luật 91/2025/QH15, Điều 19"
SENSITIVE_LIST = "Nghị định 356/2025/NĐ-CP, Điều 4"
OFFICE = f"26/2026/QĐ-TTg, Điều 10; {WITHOUT_CONSENT}"
FORMS = f"26/2026/QĐ-TTg, Phụ lục III, Mẫu số 01, 02, 03; {WITHOUT_CONSENT}"
COUNCIL = f"26/2026/QĐ-TTg, Điều 7; {WITHOUT_CONSENT}"
PUBLISHED = f"26/2026/QĐ-TTg, Điều 7; {LAW}, Điều 16"
CHECKS = f"26/2026/QĐ-TTg, Điều 9; {WITHOUT_CONSENT}"
CONSENT = LAW

# Kinds of paper that hold numbers of identity, dwelling places or lists of insured workers.
SENSITIVE_PAPERS = frozenset({EvidenceKind.BUSINESS_REGISTRATION, EvidenceKind.LOCAL_LABOUR})


@dataclass(frozen=True, slots=True)
class Holding:
    """Some data about people: what, whose, why, on which basis, how long, who reads it.

    `columns` names them by table. `public` says whether a part of it is published by law.
    """

    key: str
    what: Worded
    whose: Whose
    purpose: Worded
    basis: str
    period: Period
    readers: Worded
    care: Care
    columns: dict[str, str] = field(repr=False)
    shared: Worded | None = None
    public: bool = False

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Every column as table and name."""
        return tuple(
            (table, name) for table, names in self.columns.items() for name in names.split()
        )


HOLDINGS: tuple[Holding, ...] = (
    Holding(
        key="account",
        what=Worded("Tên đăng nhập, họ tên, đơn vị, chức vụ và thời gian giữ chức vụ"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Biết ai đang làm việc gì, với quyền nào"),
        basis=OFFICE,
        period=RECORD,
        readers=Worded("Quản trị hệ thống, cơ quan OCOP tỉnh, người cùng làm việc"),
        care=Care.BASIC,
        columns={
            "users": "username name organisation created_at disabled_at must_change_password",
            "memberships": (
                "role unit_code producer_id agency_code valid_from valid_to deputises_for_id"
            ),
            "advisory_members": "name organisation title duty joined_on left_on",
            "council_members": "name organisation title seat voting seated_on left_on",
            "inspection_members": "name agency_code agency_name is_leader",
            "advisory_amendments": "changes",
            "council_amendments": "changes",
        },
    ),
    Holding(
        key="contact",
        what=Worded("Địa chỉ thư điện tử, số điện thoại để nhận thông báo"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Báo việc đến hạn"),
        basis=CONSENT,
        period=CLOSED,
        readers=Worded("Chỉ chính người đó"),
        care=Care.BASIC,
        shared=Worded("Nơi chuyển thư và tin nhắn, mỗi lần một địa chỉ"),
        columns={
            "users": "email phone wants_email wants_sms",
        },
    ),
    Holding(
        key="secrets",
        what=Worded("Mật khẩu, yếu tố thứ hai, mã dự phòng, khóa kết nối: chỉ giữ ở dạng mã hóa"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Bảo vệ tài khoản"),
        basis=LAW,
        period=RECOVERY,
        readers=Worded("Không hiện cho ai"),
        care=Care.SECRET,
        columns={
            "users": "password_hash password_changed_at",
            "second_factors": "sealed_secret created_at confirmed_at",
            "recovery_codes": "code_hash created_at used_at",
            "provider_identities": "issuer subject linked_at last_used_at",
            "api_tokens": (
                "code token_hash name scopes created_at expires_at revoked_at last_used_on"
            ),
        },
    ),
    Holding(
        key="logins",
        what=Worded("Lần đăng nhập: thời điểm, trình duyệt, cách đăng nhập"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Bảo vệ tài khoản, thấy đăng nhập lạ"),
        basis=LAW,
        period=LOGINS,
        readers=Worded("Chính người đó"),
        care=Care.SENSITIVE,
        columns={
            "login_sessions": (
                "token_hash created_at last_seen_at expires_at ended_at device "
                "device_name way second_factor_at"
            ),
        },
    ),
    Holding(
        key="invitations",
        what=Worded("Tên, đơn vị, địa chỉ thư của người được mời mở tài khoản"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Gửi lời mời đúng người"),
        basis=OFFICE,
        period=INVITATIONS,
        readers=Worded("Quản trị hệ thống"),
        care=Care.BASIC,
        shared=Worded("Nơi chuyển thư"),
        columns={
            "invitations": (
                "token_hash name organisation email grants invited_at invited_by "
                "expires_at accepted_at revoked_at"
            ),
        },
    ),
    Holding(
        key="posts",
        what=Worded("Ngày nghỉ, người làm thay, bàn giao công việc và lý do"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Công việc không bị bỏ trống"),
        basis=OFFICE,
        period=RECORD,
        readers=Worded("Quản trị hệ thống, người liên quan"),
        care=Care.BASIC,
        columns={
            "absences": "first_day last_day reason made_at made_by ended_at ended_by",
            "handovers": "membership_ids on_day reason made_at made_by",
        },
    ),
    Holding(
        key="notices",
        what=Worded("Thông báo đã gửi cho từng người"),
        whose=Whose.EVERYBODY,
        purpose=Worded("Báo việc cần làm và kết quả"),
        basis=OFFICE,
        period=NOTICES,
        readers=Worded("Chính người nhận"),
        care=Care.BASIC,
        shared=Worded("Nơi chuyển thư và tin nhắn, nếu người nhận chọn"),
        columns={
            "notices": "kind subject_code title todo params due_on created_at read_at",
            "deliveries": "channel state sent_at problem",
        },
    ),
    Holding(
        key="producers",
        what=Worded(
            "Tên chủ thể, người đại diện, chức vụ, địa chỉ, số đăng ký, mã số thuế (của hộ là số định danh cá nhân)"
        ),
        whose=Whose.PRODUCERS,
        purpose=Worded("Xét, công nhận và quản lý sản phẩm OCOP"),
        basis=FORMS,
        period=RECORD,
        readers=Worded("Chủ thể, xã sở tại, cơ quan OCOP tỉnh, Hội đồng"),
        care=Care.BASIC,
        shared=Worded("Trung ương, với hồ sơ từ 90 điểm"),
        public=True,
        columns={
            "producers": (
                "name name_folded kind commune_code address registration_number "
                "registered_on tax_code representative representative_title history "
                "structure"
            ),
        },
    ),
    Holding(
        key="producer_contact",
        what=Worded("Điện thoại, thư điện tử của chủ thể"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Liên hệ về hồ sơ"),
        basis=FORMS,
        period=RECORD,
        readers=Worded("Chủ thể; xã sở tại và cơ quan OCOP tỉnh, mỗi lần xem đều ghi lại"),
        care=Care.BASIC,
        shared=Worded("Trung ương, với hồ sơ từ 90 điểm"),
        columns={
            "producers": "phone email",
        },
    ),
    Holding(
        key="representatives",
        what=Worded("Giới tính, dân tộc, nơi thường trú của người đại diện"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Mẫu số 02, 03 yêu cầu; thống kê phụ nữ và đồng bào dân tộc làm chủ"),
        basis=FORMS,
        period=RECORD,
        readers=Worded("Chủ thể; xã sở tại và cơ quan OCOP tỉnh, mỗi lần xem đều ghi lại"),
        care=Care.SENSITIVE,
        shared=Worded("Chỉ là con số của cả tỉnh trong báo cáo"),
        columns={
            "producers": "representative_gender representative_ethnicity representative_address",
        },
    ),
    Holding(
        key="ideas",
        what=Worded("Người đề xuất ý tưởng, bản, cách liên hệ"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Xét ý tưởng sản phẩm"),
        basis=FORMS,
        period=RECORD,
        readers=Worded("Chủ thể, xã sở tại, cơ quan OCOP tỉnh"),
        care=Care.BASIC,
        columns={
            "product_ideas": "registered_by proposer village contact title description",
        },
    ),
    Holding(
        key="papers",
        what=Worded(
            "Giấy tờ, ảnh, mẫu bao bì trong hồ sơ; có giấy ghi số định danh, danh sách lao động đóng bảo hiểm"
        ),
        whose=Whose.PRODUCERS,
        purpose=Worded("Minh chứng cho hồ sơ"),
        basis=FORMS,
        period=RECORD,
        readers=Worded(
            "Chủ thể, xã sở tại, cơ quan OCOP tỉnh, Hội đồng; mỗi lần mở giấy về lao động, đăng ký đều ghi lại"
        ),
        care=Care.SENSITIVE,
        shared=Worded("Trung ương, với hồ sơ từ 90 điểm"),
        columns={
            "evidence": (
                "kind title title_folded number issuer issued_on expires_on file_name "
                "sha256 withdrawn_reason"
            ),
            "attachments": "title file_name sha256",
            "product_photos": "caption sha256 copy_sha256 thumbnail_sha256",
            "packaging_artworks": "file_name sha256 thumbnail_sha256",
        },
    ),
    Holding(
        key="uploads",
        what=Worded("Tệp đang gửi dở"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Gửi tiếp khi mất mạng"),
        basis=LAW,
        period=UPLOADS,
        readers=Worded("Chính người gửi"),
        care=Care.BASIC,
        columns={
            "uploads": "file_name sha256 described begun_at expires_at",
        },
    ),
    Holding(
        key="dossiers",
        what=Worded("Nội dung hồ sơ có nhắc tới người: lao động, người dự khảo sát, nhận xét"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Xét, công nhận sản phẩm"),
        basis=FORMS,
        period=RECORD,
        readers=Worded("Chủ thể, xã sở tại, cơ quan OCOP tỉnh, Hội đồng"),
        care=Care.BASIC,
        shared=Worded("Trung ương, với hồ sơ từ 90 điểm"),
        columns={
            "dossiers": "business_results business_plan return_items returns component_checks",
            "self_assessment_answers": "description",
            "change_reports": "changes",
            "commune_reports": (
                "material_finding labour_finding idea_finding identity_finding meeting_conclusion"
            ),
            "site_surveys": "people findings notes",
            "completion_requests": "items",
            "advisory_reports": "parts remarks legal_papers conclusion",
            "province_checks": "items",
            "extra_tests": "result",
            "products": "story",
        },
    ),
    Holding(
        key="councils",
        what=Worded("Phiếu điểm, nhận xét, tự khai xung đột lợi ích của thành viên Hội đồng"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Chấm điểm công bằng, kiểm lại được"),
        basis=COUNCIL,
        period=RECORD,
        readers=Worded("Chính thành viên; chủ trì và thư ký sau khi đủ phiếu; kiểm toán"),
        care=Care.SENSITIVE,
        shared=Worded("Bản kết quả không ghi tên người chấm được công khai"),
        columns={
            "conflict_declarations": "reason hints declared_at",
            "score_sheets": "origin opinion recusal_reason submitted_at updated_at",
            "marks": "criterion_code option_code remark",
            "superseded_sheets": "opinion marks",
            "superseded_results": "sealed document",
            "results": "sealed document",
            "pack_returns": "content handed_in_at handed_in_by",
            "paper_sheets": "first first_by second second_by agreed scan_sha256 scan_name",
            "meeting_wishes": "reason",
            "minimum_confirmations": "reason",
            "gate_findings": "reason",
            "agenda_items": "divergence_note",
            "reopenings": "reason answer",
            "meetings": "conclusion",
            "attendances": "present",
            "chair_delegations": "scope",
        },
    ),
    Holding(
        key="decisions",
        what=Worded("Người ký, chủ thể và địa chỉ trên quyết định, giấy chứng nhận; lý do thu hồi"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Công nhận và công khai sản phẩm được công nhận"),
        basis=PUBLISHED,
        period=RECORD,
        readers=Worded("Mọi người, phần đã công bố"),
        care=Care.BASIC,
        shared=Worded("Mọi người"),
        public=True,
        columns={
            "recognition_decisions": "signed_by signed_title scan_sha256 scan_name",
            "certificates": "producer_name producer_address search_folded source_note",
            "certificate_items": "producer_name producer_address changes before reason",
            "decision_items": "producer_name producer_address",
            "packaging_permissions": "producer_name producer_address",
            "certificate_credentials": "digits jws",
            "revocation_cases": (
                "description verification drop_reason conclusion_sha256 conclusion_name"
            ),
            "centre_submissions": "scan_sha256 scan_name answer_note",
            "commune_reports": "signed_by signed_title",
        },
    ),
    Holding(
        key="inspections",
        what=Worded("Người dự, ý kiến, ảnh và kết luận của cuộc kiểm tra"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Kiểm tra sau công nhận"),
        basis=CHECKS,
        period=RECORD,
        readers=Worded("Đoàn kiểm tra, chủ thể, xã sở tại, cơ quan OCOP tỉnh"),
        care=Care.SENSITIVE,
        columns={
            "inspections": (
                "present producer_opinion record reason conclusion scan_sha256 scan_name"
            ),
            "checked_items": "note demand",
            "correction_answers": "text sha256 file_name judgement",
            "inspection_photos": "caption sha256 copy_sha256 thumbnail_sha256",
            "planned_certificates": "reason",
        },
    ),
    Holding(
        key="stamps",
        what=Worded("Người nhận tem, người chứng kiến hủy tem"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Biết tem đang ở đâu"),
        basis=CHECKS,
        period=RECORD,
        readers=Worded("Chủ thể, cơ quan OCOP tỉnh"),
        care=Care.BASIC,
        columns={
            "stamp_batches": "delivered_to purpose",
            "stamp_deliveries": "delivered_to",
            "stamp_destructions": "witnesses",
            "stamp_withdrawals": "reason",
        },
    ),
    Holding(
        key="reporters",
        what=Worded("Tên, điện thoại, thư điện tử của người phản ánh; ảnh và vị trí chụp"),
        whose=Whose.REPORTERS,
        purpose=Worded("Hỏi lại về điều đã phản ánh"),
        basis=CONSENT,
        period=REPORTERS,
        readers=Worded("Chỉ người đang kiểm tra phản ánh, mỗi lần xem đều ghi lại"),
        care=Care.SENSITIVE,
        columns={
            "misuse_contacts": "name phone email",
            "misuse_photos": "position sha256 copy_sha256 thumbnail_sha256",
        },
    ),
    Holding(
        key="reports",
        what=Worded("Nội dung phản ánh, nơi thấy"),
        whose=Whose.REPORTERS,
        purpose=Worded("Bảo vệ nhãn OCOP"),
        basis=CHECKS,
        period=RECORD,
        readers=Worded("Cơ quan OCOP tỉnh, quản lý thị trường, xã liên quan, kiểm toán"),
        care=Care.SENSITIVE,
        columns={
            "misuse_reports": (
                "product_seen place commune_code seen_on description stamp sent_by_program"
            ),
            "misuse_steps": "note",
        },
    ),
    Holding(
        key="scans",
        what=Worded(
            "Lần quét tem: thời điểm, dấu thiết bị đổi mỗi tháng, vị trí làm tròn nếu điện thoại cho biết"
        ),
        whose=Whose.BUYERS,
        purpose=Worded("Nhận ra tem bị sao chép"),
        basis=CHECKS,
        period=SCANS,
        readers=Worded("Cơ quan OCOP tỉnh, quản lý thị trường: chỉ con số"),
        care=Care.SENSITIVE,
        columns={
            "scan_events": "at device latitude longitude province caller",
        },
    ),
    Holding(
        key="rates",
        what=Worded("Số lần thử của một tài khoản hoặc một mạng"),
        whose=Whose.EVERYBODY,
        purpose=Worded("Chặn dò mật khẩu, gửi ồ ạt"),
        basis=LAW,
        period=RATES,
        readers=Worded("Không ai xem"),
        care=Care.BASIC,
        columns={
            "rate_counters": "key",
        },
    ),
    Holding(
        key="repeats",
        what=Worded("Câu trả lời gần nhất, để gửi lại không làm hai lần"),
        whose=Whose.EVERYBODY,
        purpose=Worded("Mất mạng không làm trùng việc"),
        basis=LAW,
        period=REPEATS,
        readers=Worded("Không ai xem"),
        care=Care.BASIC,
        columns={
            "idempotent_requests": "owner location answer",
        },
    ),
    Holding(
        key="jobs",
        what=Worded("Việc chạy nền: của ai, kết quả, lỗi"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Làm những việc lâu mà không bắt chờ"),
        basis=OFFICE,
        period=JOBS,
        readers=Worded("Người yêu cầu, quản trị hệ thống"),
        care=Care.BASIC,
        columns={
            "jobs": "params result problem",
        },
    ),
    Holding(
        key="imports",
        what=Worded("Tệp dữ liệu cũ và bản kiểm tra tệp"),
        whose=Whose.PRODUCERS,
        purpose=Worded("Đưa hồ sơ giấy trước đây vào hệ thống"),
        basis=FORMS,
        period=RECORD,
        readers=Worded("Quản trị hệ thống, cơ quan OCOP tỉnh"),
        care=Care.SENSITIVE,
        columns={
            "import_runs": "file_name sha256 report",
        },
    ),
    Holding(
        key="requests",
        what=Worded("Yêu cầu về dữ liệu cá nhân và câu trả lời"),
        whose=Whose.EVERYBODY,
        purpose=Worded("Trả lời đúng hạn"),
        basis=LAW,
        period=REQUESTS,
        readers=Worded("Chính người đó, cơ quan OCOP tỉnh, xã đã ghi giúp, kiểm toán"),
        care=Care.BASIC,
        columns={
            "personal_data_requests": (
                "kind state subject_name words_of_request received_at received_by "
                "due_on decided_at decided_by answer outcome"
            ),
        },
    ),
    Holding(
        key="audit",
        what=Worded("Nhật ký: ai làm gì, lúc nào, với vai trò nào"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Chịu trách nhiệm về từng bước; không ai sửa được"),
        basis=OFFICE,
        period=LOG,
        readers=Worded("Kiểm toán, thanh tra, quản trị hệ thống"),
        care=Care.BASIC,
        columns={
            "audit_events": "at actor_id actor_name office subject_code data",
        },
    ),
    Holding(
        key="steps",
        what=Worded("Tên người đã làm từng bước: nhận, kiểm tra, ký, ghi"),
        whose=Whose.OFFICIALS,
        purpose=Worded("Chịu trách nhiệm về từng bước"),
        basis=OFFICE,
        period=RECORD,
        readers=Worded("Người được xem hồ sơ đó"),
        care=Care.BASIC,
        columns={
            "advisory_amendments": "recorded_by",
            "advisory_reports": "signed_by written_by",
            "agenda_items": "certified_by locked_by",
            "attachments": "added_by",
            "centre_submissions": "answered_by sent_by",
            "certificates": "extended_by",
            "chair_delegations": "recorded_by",
            "checked_sections": "saved_by",
            "clone_flags": "decided_by",
            "commune_reports": "prepared_by",
            "completion_requests": "requested_by",
            "correction_answers": "answered_by judged_by",
            "council_amendments": "recorded_by",
            "dossiers": "checked_by received_by",
            "export_files": "made_by",
            "extra_tests": "ordered_by recorded_by",
            "gate_answers": "answered_by",
            "gate_findings": "raised_by",
            "idea_reviews": "reviewed_by",
            "import_runs": "applied_by checked_by",
            "inspection_photos": "added_by",
            "inspection_plans": "approved_by created_by",
            "inspections": "closed_by concluded_by created_by",
            "misuse_reports": "taken_by",
            "misuse_steps": "by",
            "output_declarations": "declared_by",
            "packaging_artworks": "added_by",
            "packaging_checks": "checked_by",
            "packaging_permissions": "granted_by withdrawn_by",
            "paper_sheets": "entered_by",
            "plan_amendments": "recorded_by",
            "province_checks": "checked_by",
            "recognition_decisions": "published_by",
            "reopenings": "decided_by requested_by",
            "revocation_cases": "opened_by",
            "site_surveys": "recorded_by",
            "stamp_batches": "approved_by started_by",
            "stamp_deliveries": "delivered_by",
            "stamp_destructions": "recorded_by",
            "stamp_printings": "closed_by opened_by",
            "stamp_withdrawals": "withdrawn_by",
            "superseded_results": "certified_by locked_by",
        },
    ),
)

BY_KEY: dict[str, Holding] = {holding.key: holding for holding in HOLDINGS}
