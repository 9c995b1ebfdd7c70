"""Plans, checks, findings, photos, corrections and conclusions over JSON."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import (
    Call,
    PageOut,
    Pages,
    Sent,
    WithFile,
    api_router,
    code_path,
    needs,
    only_with,
    page_out,
    sent,
)
from app.api.dossiers import FILE_ANSWER
from app.core.clock import local_day
from app.core.errors import NotFound, NotPermitted
from app.core.files import StoredFile
from app.core.pictures import StoredPicture, store_picture
from app.domain.accounts.enums import Scope
from app.domain.inspections.actions import (
    add_photo,
    answer_correction,
    approve_plan,
    ask_correction,
    attach_scan,
    cancel_inspection,
    change_choice,
    close_record,
    conclude,
    draft_plan,
    judge_correction,
    plan_inspection,
    rearrange,
    remove_photo,
    revise_plan,
    save_section,
)
from app.domain.inspections.enums import InspectionState, Risk
from app.domain.inspections.papers import record_paper
from app.domain.inspections.policy import sees_findings
from app.domain.inspections.queries import (
    InspectionRow,
    answer_file,
    candidates_page,
    checked_part,
    checklist_out,
    get_inspection,
    get_plan,
    inspected_by_year,
    inspection_detail_out,
    inspections_page,
    part_out,
    photo_file,
    photo_out,
    photos_of,
    plan_detail_out,
    plans_page,
    scan_of,
    team_of,
)
from app.domain.inspections.schemas import (
    AddPhoto,
    AnswerCorrection,
    ApprovePlan,
    AskCorrection,
    AttachRecordScan,
    CancelInspection,
    CandidateOut,
    ChangeChoice,
    ChecklistOut,
    ChecklistSectionOut,
    CloseRecord,
    Conclude,
    CountsOut,
    DraftPlan,
    InspectionDetailOut,
    InspectionOut,
    JudgeCorrection,
    PhotoOut,
    PlanDetailOut,
    PlanInspection,
    PlanOut,
    Rearrange,
    RevisePlan,
    SaveSection,
)
from app.domain.misuse.queries import certificates_under_report
from app.http.attachments import file_answer
from app.http.papers import PDF_ANSWER, pdf_answer

router = api_router(tags=["inspections"])
Reading = Annotated[Call, needs(Scope.INSPECTIONS_READ)]
Writing = Annotated[Call, needs(Scope.INSPECTIONS_WRITE)]
PlanCode = Annotated[str, code_path("KH-7K2M9Q4")]
Code = Annotated[str, code_path("KT-7K2M9Q4")]
Section = Annotated[str, code_path("nhan-hieu")]
PhotoCode = Annotated[str, code_path("AK-4T8XW20")]
AnswerCode = Annotated[str, code_path("KP-4T8XW20")]


class PhotoForm(WithFile, AddPhoto):
    """A photo of a check with its caption, as a multipart form sends it."""


class ScanForm(WithFile, AttachRecordScan):
    """The scan of the signed minutes, as a multipart form sends it."""


class AnswerForm(WithFile, AnswerCorrection):
    """An answer to a finding with a paper or photo, as a multipart form sends it."""


SentPhoto = Annotated[Sent[AddPhoto, StoredPicture], sent(PhotoForm, AddPhoto, keep=store_picture)]
SentScan = Annotated[Sent[AttachRecordScan, StoredFile], sent(ScanForm, AttachRecordScan)]
SentAnswer = Annotated[Sent[AnswerCorrection, StoredFile], sent(AnswerForm, AnswerCorrection)]


# --- plans ------------------------------------------------------------------------------------


@router.get("/inspection-plans", summary="Danh sách kế hoạch kiểm tra")
def plans(call: Reading, pages: Pages) -> PageOut[PlanOut]:
    """List the plans, newest first; only for the province."""
    found = plans_page(call.session, actor=call.actor, after=pages.after, limit=pages.limit)
    return page_out(found, lambda row: row.out())


@router.post("/inspection-plans", status_code=201, summary="Soạn kế hoạch kiểm tra")
def create_plan(call: Writing, data: DraftPlan) -> PlanDetailOut:
    """Draft a plan of periodic checks."""
    plan = draft_plan(call.session, data, actor=call.actor, at=call.at)
    return show_plan(call, plan.code)


@router.get("/inspection-plans/{code}", summary="Một kế hoạch kiểm tra")
def show_plan(call: Reading, code: PlanCode) -> PlanDetailOut:
    """Show a plan with its products, their checks and its amendments."""
    row = get_plan(call.session, code, actor=call.actor)
    return plan_detail_out(call.session, row, on=local_day(call.at))


@router.put("/inspection-plans/{code}", summary="Sửa dự thảo kế hoạch")
def change_plan(call: Writing, code: PlanCode, data: RevisePlan) -> PlanDetailOut:
    """Write a draft anew; an approved plan is only amended."""
    revise_plan(call.session, code, data, actor=call.actor, at=call.at)
    return show_plan(call, code)


@router.post("/inspection-plans/{code}/approve", summary="Duyệt kế hoạch")
def approve(call: Writing, code: PlanCode, data: ApprovePlan) -> PlanDetailOut:
    """Let a plan stand by the word of the agency's head."""
    approve_plan(call.session, code, data, actor=call.actor, at=call.at)
    return show_plan(call, code)


@router.post("/inspection-plans/{code}/choice", summary="Thêm, bớt sản phẩm của kế hoạch")
def choose(call: Writing, code: PlanCode, data: ChangeChoice) -> PlanDetailOut:
    """Put certificates in or take unchecked ones out; an approved plan needs the amending paper."""
    change_choice(call.session, code, data, actor=call.actor, at=call.at)
    return show_plan(call, code)


@router.get("/inspection-plans/{code}/candidates", summary="Sản phẩm có thể chọn để kiểm tra")
def candidates(
    call: Reading,
    code: PlanCode,
    pages: Pages,
    *,
    commune: Annotated[str, Query(max_length=5)] = "",
    category: Annotated[str, Query(max_length=20)] = "",
    risk: Risk | None = None,
) -> PageOut[CandidateOut]:
    """List certificates in force that the plan has not chosen, with what makes each stand out."""
    row = get_plan(call.session, code, actor=call.actor)
    found = candidates_page(
        call.session,
        row.plan,
        on=local_day(call.at),
        commune_code=commune,
        category=category,
        risk=risk,
        complained=certificates_under_report(call.session),
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, lambda one: one.out())


# --- checks -----------------------------------------------------------------------------------


@router.get("/inspections", summary="Danh sách cuộc kiểm tra")
def index(
    call: Reading, pages: Pages, state: InspectionState | None = None
) -> PageOut[InspectionOut]:
    """List the checks the token's owner may see, newest first."""
    found = inspections_page(
        call.session,
        actor=call.actor,
        on=local_day(call.at),
        state=state,
        after=pages.after,
        limit=pages.limit,
    )
    return page_out(found, lambda row: row.out())


@router.post("/inspections", status_code=201, summary="Lên lịch kiểm tra")
def create(call: Writing, data: PlanInspection) -> InspectionDetailOut:
    """Plan a check: periodic under an approved plan, or a surprise with its reason."""
    return _detail(call, plan_inspection(call.session, data, actor=call.actor, at=call.at))


@router.get("/inspection-counts", summary="Kết quả kiểm tra theo năm")
def counts(
    call: Reading, year: Annotated[int, Query(ge=2020, le=2100, examples=[2026])]
) -> CountsOut:
    """Count the checks concluded in a year by outcome; only for the province."""
    if not call.actor.sees_province:
        raise NotPermitted
    return inspected_by_year(call.session, [year])[0]


@router.get("/inspections/{code}", summary="Một cuộc kiểm tra")
def show(call: Reading, code: Code) -> InspectionDetailOut:
    """Show a check with its team, and what the token's owner may know of its findings."""
    return _detail(call, _row(call, code))


@router.put("/inspections/{code}", summary="Đổi lịch kiểm tra")
def move(call: Writing, code: Code, data: Rearrange) -> InspectionDetailOut:
    """Move a check that did not begin, or change its team."""
    return _detail(call, rearrange(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/inspections/{code}/cancel", summary="Hủy cuộc kiểm tra")
def cancel(call: Writing, code: Code, data: CancelInspection) -> InspectionDetailOut:
    """Give a planned check up."""
    return _detail(call, cancel_inspection(call.session, code, data, actor=call.actor, at=call.at))


@router.get("/inspections/{code}/checklist", summary="Danh mục kiểm tra")
def read_checklist(call: Reading, code: Code) -> ChecklistOut:
    """Read the checklist: the rubric's sections, then the mark; each with what must still hold."""
    return checklist_out(call.session, _seen(call, code), on=local_day(call.at))


@router.put("/inspections/{code}/checklist/{section}", summary="Ghi kết quả một mục")
def save(call: Writing, code: Code, section: Section, data: SaveSection) -> ChecklistSectionOut:
    """Store the findings of one section; several people may write at once, each a section."""
    save_section(call.session, code, section, data, actor=call.actor, at=call.at)
    call.session.flush()
    row = _row(call, code)
    return part_out(checked_part(call.session, row, section, on=local_day(call.at)))


@router.get("/inspections/{code}/photos", summary="Ảnh của cuộc kiểm tra")
def photos(call: Reading, code: Code) -> list[PhotoOut]:
    """List the photos of a check, oldest first."""
    row = _seen(call, code)
    return [photo_out(one) for one in photos_of(call.session, row.inspection)]


@router.post(
    "/inspections/{code}/photos",
    status_code=201,
    summary="Thêm ảnh kiểm tra",
    dependencies=[only_with(Scope.INSPECTIONS_WRITE)],
)
def send_photo(photo: SentPhoto, call: Writing, code: Code) -> PhotoOut:
    """Add a JPEG, PNG or WebP photo; it stays private."""
    kept = add_photo(call.session, code, photo.data, photo.stored, actor=call.actor, at=call.at)
    return photo_out(kept)


@router.post("/inspections/{code}/photos/{photo}/remove", summary="Gỡ ảnh kiểm tra")
def drop_photo(call: Writing, code: Code, photo: PhotoCode) -> list[PhotoOut]:
    """Take a photo out before the minutes are closed, and list those that stay."""
    remove_photo(call.session, code, photo, actor=call.actor, at=call.at)
    return photos(call, code)


@router.get(
    "/inspections/{code}/photos/{photo}",
    summary="Tải một ảnh kiểm tra",
    response_class=Response,
    responses=FILE_ANSWER,
)
def photo_content(call: Reading, code: Code, photo: PhotoCode) -> Response:
    """Send a photo to whoever may see the findings."""
    named = photo_file(call.session, code, photo, actor=call.actor, on=local_day(call.at))
    return file_answer(call.request, call.settings.files, named)


@router.post("/inspections/{code}/close", summary="Lập biên bản kiểm tra")
def close(call: Writing, code: Code, data: CloseRecord) -> InspectionDetailOut:
    """Close the minutes: from now on nobody writes findings."""
    return _detail(call, close_record(call.session, code, data, actor=call.actor, at=call.at))


@router.post(
    "/inspections/{code}/scan",
    summary="Lưu bản quét biên bản đã ký",
    dependencies=[only_with(Scope.INSPECTIONS_WRITE)],
)
def send_scan(scan: SentScan, call: Writing, code: Code) -> InspectionDetailOut:
    """Keep the scan of the signed minutes."""
    row = attach_scan(
        call.session,
        code,
        scan.data,
        scan.stored,
        file_name=scan.file_name,
        actor=call.actor,
        at=call.at,
    )
    return _detail(call, row)


@router.get(
    "/inspections/{code}/scan",
    summary="Tải bản quét biên bản",
    response_class=Response,
    responses=FILE_ANSWER,
)
def scan_content(call: Reading, code: Code) -> Response:
    """Send the scan of the signed minutes."""
    named = scan_of(call.session, code, actor=call.actor, on=local_day(call.at))
    return file_answer(call.request, call.settings.files, named)


@router.get(
    "/inspections/{code}/record.pdf",
    summary="Bản in biên bản kiểm tra",
    response_class=Response,
    responses=PDF_ANSWER,
)
def record_pdf(call: Reading, code: Code) -> Response:
    """Print the minutes, or the blank checklist before they are closed."""
    content = record_paper(
        call.session,
        code,
        actor=call.actor,
        at=call.at,
        agency=call.settings.agency_name,
        demonstration=call.settings.demonstration,
    )
    return pdf_answer(content, f"bien-ban-{code}.pdf")


# --- corrections and the conclusion -----------------------------------------------------------


@router.post("/inspections/{code}/corrections", summary="Yêu cầu khắc phục")
def ask(call: Writing, code: Code, data: AskCorrection) -> InspectionDetailOut:
    """Set what is to be mended until a day."""
    return _detail(call, ask_correction(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/inspections/{code}/corrections/answer", summary="Trả lời khắc phục")
def answer(call: Writing, code: Code, data: AnswerCorrection) -> InspectionDetailOut:
    """Answer one finding as the producer, or on its behalf."""
    answer_correction(call.session, code, data, actor=call.actor, at=call.at)
    return show(call, code)


@router.post(
    "/inspections/{code}/corrections/answer-with-file",
    summary="Trả lời khắc phục kèm tệp",
    dependencies=[only_with(Scope.INSPECTIONS_WRITE)],
)
def answer_with_file(paper: SentAnswer, call: Writing, code: Code) -> InspectionDetailOut:
    """Answer one finding with a paper or photo beside."""
    answer_correction(
        call.session,
        code,
        paper.data,
        paper.stored,
        file_name=paper.file_name,
        actor=call.actor,
        at=call.at,
    )
    return show(call, code)


@router.get(
    "/inspections/{code}/corrections/{answer}/file",
    summary="Tải tệp của một trả lời",
    response_class=Response,
    responses=FILE_ANSWER,
)
def answer_content(call: Reading, code: Code, answer: AnswerCode) -> Response:
    """Send the paper beside an answer."""
    named = answer_file(call.session, code, answer, actor=call.actor, on=local_day(call.at))
    return file_answer(call.request, call.settings.files, named)


@router.post("/inspections/{code}/corrections/judge", summary="Xem xét việc khắc phục")
def judge(call: Writing, code: Code, data: JudgeCorrection) -> InspectionDetailOut:
    """Accept the newest answer to a finding, or refuse it with another day."""
    return _detail(call, judge_correction(call.session, code, data, actor=call.actor, at=call.at))


@router.post("/inspections/{code}/conclude", summary="Kết luận kiểm tra")
def finish(call: Writing, code: Code, data: Conclude) -> InspectionDetailOut:
    """Conclude a check, for good; a breach opens the revocation of the certificate."""
    return _detail(call, conclude(call.session, code, data, actor=call.actor, at=call.at))


def _row(call: Call, code: str) -> InspectionRow:
    return get_inspection(call.session, code, actor=call.actor, on=local_day(call.at))


def _seen(call: Call, code: str) -> InspectionRow:
    """Return a check whose findings this reader sees."""
    row = _row(call, code)
    if not sees_findings(call.actor, row.inspection, team_of(call.session, row.inspection)):
        raise NotFound
    return row


def _detail(call: Call, row: InspectionRow) -> InspectionDetailOut:
    call.session.flush()
    return inspection_detail_out(call.session, row, actor=call.actor)
