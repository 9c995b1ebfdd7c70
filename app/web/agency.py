"""Pages of the agency and the advisory team before the council: check, completion, advice, survey."""

from typing import Annotated, Any

from fastapi import Depends, Request, Response

from app.core.clock import local_day, today
from app.core.errors import Invalid, Refused, StaleVersion
from app.core.layout import PaperFormat
from app.domain.advisory.queries import standing_of
from app.domain.advisory.rules import Standing
from app.domain.dossiers.actions import (
    answer_completion,
    attach,
    check_at_province,
    order_test,
    recall_request,
    record_site_survey,
    record_test_result,
    request_completion,
    save_advice,
    sign_advice,
)
from app.domain.dossiers.enums import Addressee, CheckedPart, DossierPart, DossierState
from app.domain.dossiers.models import AdvisoryReport, CompletionRequest, ProvinceCheck
from app.domain.dossiers.papers import advisory_report_paper, completion_request_paper
from app.domain.dossiers.policy import (
    answers_for,
    sees_advice,
    why_not_advise,
    why_not_attach,
    why_not_check_at_province,
    why_not_complete,
    why_not_order_test,
    why_not_recall_request,
    why_not_record_test,
    why_not_request_completion,
    why_not_sign_advice,
    why_not_survey,
)
from app.domain.dossiers.queries import (
    DossierRow,
    agency_file,
    find_advice,
    find_check,
    get_attachment,
    get_dossier,
    get_test,
    pending_request,
)
from app.domain.dossiers.rules import (
    ADDRESSEE_LABELS,
    ADVICE,
    CHECKED_LABELS,
    OF_THE_COMMUNE,
    PROVINCE_INTAKE,
    RECOMMENDATION_LABELS,
    TEST_LABELS,
    parts_of,
)
from app.domain.dossiers.schemas import (
    LONGEST_FINDING,
    AnswerCompletion,
    Attach,
    CheckAtProvince,
    OrderTest,
    RecallRequest,
    RecordSiteSurvey,
    RecordTestResult,
    RequestCompletion,
    SaveAdvisoryReport,
    SignAdvisoryReport,
)
from app.http.attachments import file_answer
from app.http.papers import form_answer, pdf_answer
from app.web.deps import Page, SignedInPage, page_router
from app.web.dossiers import agenda_ids, part_url, seen_dossier, taken_step
from app.web.evidence import Upload, kept_file
from app.web.forms import Form, PostedForm, Schema, empty_form, validated

router = page_router()

COMPLETE, LACKING = "yes", "no"
FIELD_MESSAGES = {
    "unsaid": "Hãy chọn đủ hoặc thiếu.",
    "none_named": "Hãy nêu ít nhất một phần.",
}


@router.get("/dossiers/{code}/agency", name="dossiers.agency")
def show(page: Page, code: str) -> Response:
    """Show all that the agency and the advisory team did about a dossier."""
    return _show(page, code, empty_form())


# --- components and content -------------------------------------------------------------------


@router.get("/dossiers/{code}/province-check", name="dossiers.province_check")
def check(page: Page, code: str) -> Response:
    """Ask of every part whether it is complete."""
    row = _row(page, code)
    return _check(page, row, empty_form(_check_values(find_check(page.session, row.dossier))))


@router.post("/dossiers/{code}/province-check", name="dossiers.save_province_check")
def save_check(form: PostedForm, page: Page, code: str) -> Response:
    """Keep the check."""
    parts = list(parts_of(_row(page, code).dossier.kind))

    def do() -> None:
        unsaid = {
            f"found.{part}": FIELD_MESSAGES["unsaid"]
            for part in parts
            if form.text(f"found.{part}") not in {COMPLETE, LACKING}
        }
        if unsaid:
            raise Invalid(unsaid)
        items = [
            {
                "part": part,
                "is_complete": form.text(f"found.{part}") == COMPLETE,
                "note": form.text(f"note.{part}"),
            }
            for part in parts
        ]
        data = _listed(form, CheckAtProvince, {"items": items}, ("items", "note", parts))
        check_at_province(page.session, code, data, actor=page.actor, at=page.at)

    return taken_step(
        form,
        do,
        lambda shown, status, stale: _check(
            page, _row(page, code), shown, status=status, stale=stale
        ),
        lambda: page.go("dossiers.agency", code=code, said="Đã ghi kết quả kiểm tra hồ sơ."),
    )


# --- completion -------------------------------------------------------------------------------


@router.get("/dossiers/{code}/request-completion", name="dossiers.request_completion")
def ask(page: Page, code: str) -> Response:
    """Ask what is to be completed, by whom and until when; what the check found is filled in."""
    row = _row(page, code)
    known = find_check(page.session, row.dossier)
    found = {f"reason.{one['part']}": one["lacks"] for one in known.items} if known else {}
    return _ask(page, row, empty_form(found))


@router.post("/dossiers/{code}/request-completion", name="dossiers.send_request")
def send_request(form: PostedForm, page: Page, code: str) -> Response:
    """Ask for completion."""
    named = [part for part in CheckedPart if form.text(f"reason.{part}").strip()]

    def do() -> None:
        items = [
            {
                "part": part,
                "reason": form.text(f"reason.{part}"),
                "addressee": Addressee.COMMUNE
                if part in OF_THE_COMMUNE
                else form.text(f"addressee.{part}") or Addressee.PRODUCER,
            }
            for part in named
        ]
        values = {
            "items": items,
            "letter_number": form.text("letter_number"),
            "due_on": form.text("due_on"),
        }
        data = _listed(form, RequestCompletion, values, ("items", "reason", named))
        request_completion(page.session, code, data, actor=page.actor, at=page.at)

    return taken_step(
        form,
        do,
        lambda shown, status, stale: _ask(
            page, _row(page, code), shown, status=status, stale=stale
        ),
        lambda: page.go("dossiers.agency", code=code, said="Đã gửi yêu cầu hoàn thiện hồ sơ."),
    )


@router.get("/dossiers/{code}/completion", name="dossiers.completion")
def completion(page: Page, code: str) -> Response:
    """Show what the province asks for, with the answers so far."""
    return _completion(page, code, empty_form())


@router.post("/dossiers/{code}/completion", name="dossiers.answer_completion")
def answer(form: PostedForm, page: Page, code: str) -> Response:
    """Keep answers; the second button sends the dossier back."""
    named = [part for part in CheckedPart if f"answer.{part}" in form.raw]
    sends = form.text("go") == "send"

    def do() -> None:
        answers = [{"part": part, "answer": form.text(f"answer.{part}")} for part in named]
        values = {"answers": answers, "send": sends}
        data = _listed(form, AnswerCompletion, values, ("answers", "answer", named))
        try:
            answer_completion(page.session, code, data, actor=page.actor, at=page.at)
        except Invalid as problem:
            said = {f"answer.{part}": text for part, text in problem.fields.items()}
            raise Invalid(said, code=problem.reason_code) from problem

    def done() -> Response:
        if sends:
            return page.go("dossiers.show", code=code, said="Đã gửi lại hồ sơ cho tỉnh.")
        return page.go("dossiers.completion", code=code, said="Đã lưu trả lời.")

    try:
        return taken_step(
            form,
            do,
            lambda shown, status, stale: _completion(page, code, shown, status=status, stale=stale),
            done,
        )
    except Refused as refusal:
        return _completion(page, code, form, status=422, why_not=refusal)


@router.post("/dossiers/{code}/completion/recall", name="dossiers.recall_request")
def recall(form: PostedForm, page: Page, code: str) -> Response:
    """Take the request back."""
    return taken_step(
        form,
        lambda: recall_request(
            page.session, code, form.read(RecallRequest), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _completion(page, code, shown, status=status, stale=stale),
        lambda: page.go("dossiers.agency", code=code, said="Đã thôi yêu cầu hoàn thiện."),
    )


@router.get("/dossiers/{code}/completion-requests/{letter}.pdf", name="dossiers.request_letter")
def print_letter(page: Page, code: str, letter: str) -> Response:
    """Print the letter."""
    paper = completion_request_paper(
        page.session,
        code,
        letter,
        actor=page.actor,
        at=page.at,
        agency=page.settings.agency_name,
        demonstration=page.settings.demonstration,
    )
    return pdf_answer(paper, f"yeu-cau-{letter}.pdf")


# --- the advisory team ------------------------------------------------------------------------


@router.get("/dossiers/{code}/advice", name="dossiers.advice")
def advice(page: Page, code: str) -> Response:
    """Ask for the advisory team's report."""
    row = _row(page, code)
    known = find_advice(page.session, row.dossier)
    if refusal := why_not_advise(page.actor, row.dossier, known, team=_team(page)):
        raise refusal
    return _advice(page, row, known, empty_form(_advice_values(known)))


@router.post("/dossiers/{code}/advice", name="dossiers.save_advice")
def write_advice(form: PostedForm, page: Page, code: str) -> Response:
    """Store the report."""
    row = _row(page, code)

    def do() -> None:
        parts = [part.code for part in row.rubric.parts]
        values: dict[str, Any] = {
            "parts": [
                {
                    "part": part,
                    "text": form.text(f"text.{part}"),
                    "suggested": form.text(f"suggested.{part}").strip() or None,
                }
                for part in parts
            ],
            "remarks": _notes(form, row, "remark"),
            "legal_papers": form.text("legal_papers"),
            "legal_papers_in_order": form.text("legal_papers_in_order") == "on",
            "recommendation": form.text("recommendation"),
            "conclusion": form.text("conclusion"),
        }
        data = _listed(form, SaveAdvisoryReport, values, ("parts", "text", parts))
        save_advice(page.session, code, data, actor=page.actor, at=page.at)

    return taken_step(
        form,
        do,
        lambda shown, status, stale: _advice(
            page,
            row,
            find_advice(page.session, row.dossier),
            shown,
            status=status,
            stale=stale,
        ),
        lambda: page.go("dossiers.agency", code=code, said="Đã lưu báo cáo của Tổ tư vấn."),
    )


@router.post("/dossiers/{code}/advice/sign", name="dossiers.sign_advice")
def sign(form: PostedForm, page: Page, code: str) -> Response:
    """Sign the report."""
    return taken_step(
        form,
        lambda: sign_advice(
            page.session, code, form.read(SignAdvisoryReport), actor=page.actor, at=page.at
        ),
        lambda shown, status, stale: _show(page, code, shown, status=status, stale=stale),
        lambda: page.go("dossiers.agency", code=code, said="Đã ký báo cáo của Tổ tư vấn."),
    )


@router.get("/dossiers/{code}/advisory-report.{kind}", name="dossiers.advisory_report")
def advisory_report(page: Page, code: str, kind: PaperFormat) -> Response:
    """Print the report."""
    paper = advisory_report_paper(
        page.session,
        code,
        actor=page.actor,
        demonstration=page.settings.demonstration,
        extra_ids=agenda_ids(page),
    )
    content = paper.printed(kind, own=page.settings.paper_templates_dir, at=page.at)
    return form_answer(content, f"bao-cao-to-tu-van-{code}", kind)


# --- surveys and tests ------------------------------------------------------------------------


@router.get("/dossiers/{code}/survey", name="dossiers.survey")
def survey(page: Page, code: str) -> Response:
    """Ask for the record of a survey."""
    return _survey(page, code, empty_form())


@router.post("/dossiers/{code}/survey", name="dossiers.save_survey")
def save_survey(form: PostedForm, page: Page, code: str) -> Response:
    """Keep the record."""

    def do() -> None:
        notes = _notes(form, _row(page, code), "note")
        data = form.read(RecordSiteSurvey, notes=notes)
        record_site_survey(page.session, code, data, actor=page.actor, at=page.at)

    return taken_step(
        form,
        do,
        lambda shown, status, _stale: _survey(page, code, shown, status=status),
        lambda: page.go(
            "dossiers.agency", code=code, said="Đã ghi biên bản khảo sát. Có thể thêm ảnh."
        ),
    )


@router.get("/dossiers/{code}/extra-test", name="dossiers.extra_test")
def extra_test(page: Page, code: str) -> Response:
    """Ask which test is ordered."""
    return _extra_test(page, code, empty_form())


@router.post("/dossiers/{code}/extra-test", name="dossiers.order_test")
def order(form: PostedForm, page: Page, code: str) -> Response:
    """Order the test."""
    return taken_step(
        form,
        lambda: order_test(page.session, code, form.read(OrderTest), actor=page.actor, at=page.at),
        lambda shown, status, _stale: _extra_test(page, code, shown, status=status),
        lambda: page.go("dossiers.agency", code=code, said="Đã ghi đề nghị kiểm nghiệm."),
    )


@router.get("/dossiers/{code}/extra-tests/{test}/result", name="dossiers.test_result")
def test_result(page: Page, code: str, test: str) -> Response:
    """Ask for the result of a test."""
    return _test_result(page, code, test, empty_form())


@router.post("/dossiers/{code}/extra-tests/{test}/result", name="dossiers.save_test_result")
def save_test_result(form: PostedForm, page: Page, code: str, test: str) -> Response:
    """Keep the result."""
    return taken_step(
        form,
        lambda: record_test_result(
            page.session,
            code,
            test,
            form.read(RecordTestResult, outcome=form.text("outcome")),
            actor=page.actor,
            at=page.at,
        ),
        lambda shown, status, stale: _test_result(
            page, code, test, shown, status=status, stale=stale
        ),
        lambda: page.go(
            "dossiers.agency", code=code, said="Đã ghi kết quả. Có thể thêm bản chụp phiếu."
        ),
    )


def kept_attachment(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the file of somebody who may add to this dossier, see kept_file."""
    return kept_file(
        request,
        form,
        lambda session, actor: why_not_attach(
            actor,
            get_dossier(session, code, actor=actor).dossier,
            team=standing_of(session, actor, on=today()),
        ),
    )


# `upload` stands before `page`: dependencies run in this order, see kept_file.
@router.post("/dossiers/{code}/attachments/{subject}", name="dossiers.attach")
def add_attachment(
    form: PostedForm,
    upload: Annotated[Upload, Depends(kept_attachment)],
    page: Page,
    code: str,
    subject: str,
) -> Response:
    """Add a photo to a survey or the paper to a test."""
    try:
        attach(
            page.session,
            code,
            subject,
            form.read(Attach),
            upload.file(),
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )
    except Invalid as problem:
        return _show(page, code, form.showing(problem), status=422, subject=subject)
    return page.go("dossiers.agency", code=code, said="Đã thêm tệp.")


@router.get("/dossiers/{code}/attachments/{attachment}/file", name="dossiers.attachment_file")
def download(page: Page, code: str, attachment: str) -> Response:
    """Give the file itself."""
    row = seen_dossier(page, code)
    named = get_attachment(page.session, row.dossier, attachment)
    return file_answer(page.request, page.settings.files, named)


# --- answers ----------------------------------------------------------------------------------


def _row(page: SignedInPage, code: str) -> DossierRow:
    return get_dossier(page.session, code, actor=page.actor)


def _listed(
    form: Form,
    schema: type[Schema],
    values: dict[str, Any],
    places: tuple[str, str, list[Any]],
) -> Schema:
    """Return the schema; a sentence about an item stands at the field of its part."""
    name, field, parts = places
    try:
        return validated(schema, values | {"version": form.text("version")})
    except Invalid as problem:
        fields = {}
        for place, said in problem.fields.items():
            head, _, rest = place.partition(".")
            number, _, inner = rest.partition(".")
            if head == name and number.isdigit():
                at_field = inner if inner in {"suggested", "addressee"} else field
                fields[f"{at_field}.{parts[int(number)]}"] = said
            elif head == name:
                fields[f"{field}.{next(iter(CheckedPart))}"] = FIELD_MESSAGES["none_named"]
            else:
                fields[place] = said
        raise Invalid(fields, code=problem.reason_code) from problem


def _notes(form: Form, row: DossierRow, field: str) -> list[dict[str, str]]:
    """Return what was typed about single criteria."""
    return [
        {"criterion_code": one.code, "text": form.text(f"{field}.{one.code}")}
        for one in row.rubric.criteria
        if form.text(f"{field}.{one.code}").strip()
    ]


def _show(
    page: SignedInPage,
    code: str,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
    subject: str = "",
) -> Response:
    row = seen_dossier(page, code)
    dossier, actor = row.dossier, page.actor
    known = agency_file(page.session, row, actor=actor)
    parts, team = [part.code for part in row.rubric.parts], _team(page)
    return page.render(
        "dossiers/agency_show.html",
        status=status,
        form=form,
        stale=stale,
        row=row,
        dossier=dossier,
        known=known,
        shown_subject=subject,
        checked=CHECKED_LABELS,
        addressees=ADDRESSEE_LABELS,
        recommendations=RECOMMENDATION_LABELS,
        outcomes=TEST_LABELS,
        is_intake=dossier.state is DossierState.PROPOSED,
        reads_advice=sees_advice(actor, known.advice),
        why_not_check=why_not_check_at_province(actor, dossier),
        why_not_ask=why_not_request_completion(actor, dossier),
        why_not_advise=why_not_advise(actor, dossier, known.advice, team=team),
        why_not_sign=why_not_sign_advice(actor, dossier, known.advice, parts, team=team),
        why_not_survey=why_not_survey(actor, dossier, team=team),
        why_not_order=why_not_order_test(actor, dossier),
        why_not_attach=why_not_attach(actor, dossier, team=team),
        may_record={
            test.code for test in known.tests if not why_not_record_test(actor, dossier, test)
        },
    )


def _team(page: SignedInPage) -> Standing:
    """Return how whoever looks stands to the advisory teams today."""
    return standing_of(page.session, page.actor, on=local_day(page.at))


def _check_values(known: ProvinceCheck | None) -> dict[str, str]:
    values = {}
    for item in known.items if known else ():
        values[f"found.{item['part']}"] = LACKING if item["lacks"] else COMPLETE
        values[f"note.{item['part']}"] = item["lacks"] or item["note"]
    return values


def _check(
    page: SignedInPage,
    row: DossierRow,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    if refusal := why_not_check_at_province(page.actor, row.dossier):
        raise refusal
    return page.render(
        "dossiers/agency_check.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        checked={part: CHECKED_LABELS[part] for part in parts_of(row.dossier.kind)},
        basis=PROVINCE_INTAKE,
        stale=stale,
    )


def _ask(
    page: SignedInPage,
    row: DossierRow,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    if refusal := why_not_request_completion(page.actor, row.dossier):
        raise refusal
    return page.render(
        "dossiers/agency_request.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        checked={part: CHECKED_LABELS[part] for part in parts_of(row.dossier.kind)},
        addressees=ADDRESSEE_LABELS,
        of_the_commune=OF_THE_COMMUNE,
        basis=PROVINCE_INTAKE,
        stale=stale,
    )


def _completion(
    page: SignedInPage,
    code: str,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
    why_not: Refused | None = None,
) -> Response:
    row = _row(page, code)
    request = pending_request(page.session, row.dossier)
    own = set(answers_for(page.actor, row.dossier, request))
    return page.render(
        "dossiers/agency_completion.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        request=request,
        items=[
            (item, place in own, _part_address(page, row, item["part"]))
            for place, item in enumerate(request.items)
        ],
        checked=CHECKED_LABELS,
        addressees=ADDRESSEE_LABELS,
        why_not=why_not,
        why_not_complete=why_not_complete(page.actor, row.dossier),
        why_not_recall=why_not_recall_request(page.actor, row.dossier),
        stale=stale,
        stored_now=_newer_answers(request, form) if stale else [],
    )


def _part_address(page: SignedInPage, row: DossierRow, part: str) -> str:
    """Return where a part of the dossier is completed; the commune's papers are not kept here."""
    return part_url(page, row, DossierPart(part)) if part in set(DossierPart) else ""


def _newer_answers(request: CompletionRequest, form: Form) -> list[tuple[str, str]]:
    return [
        (CHECKED_LABELS[CheckedPart(item["part"])], item["answer"] or "trống")
        for item in request.items
        if form.text(f"answer.{item['part']}").strip() != item["answer"]
    ]


def _advice_values(known: AdvisoryReport | None) -> dict[str, str]:
    if known is None:
        return {}
    return {
        **{f"text.{part}": text for part, text in known.parts.items()},
        **{f"suggested.{part}": str(points) for part, points in known.suggested.items()},
        **{f"remark.{code}": text for code, text in known.remarks.items()},
        "legal_papers": known.legal_papers,
        "legal_papers_in_order": "on" if known.legal_papers_in_order else "",
        "recommendation": known.recommendation.value,
        "conclusion": known.conclusion,
    }


def _advice(
    page: SignedInPage,
    row: DossierRow,
    known: AdvisoryReport | None,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    words = {f"text.{part.code}": f"{part.code}. {part.name}" for part in row.rubric.parts}
    words |= {"legal_papers": "Giấy tờ pháp lý", "conclusion": "Kết luận, kiến nghị"}
    stored = _advice_values(known)
    return page.render(
        "dossiers/agency_advice.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        version=known.version if known else 0,
        recommendations=RECOMMENDATION_LABELS,
        longest=LONGEST_FINDING,
        basis=ADVICE,
        stale=stale,
        stored_now=[
            (label, stored.get(name) or "trống")
            for name, label in words.items()
            if stale and stored.get(name, "") != form.text(name).strip()
        ],
    )


def _survey(page: SignedInPage, code: str, form: Form, *, status: int = 200) -> Response:
    row = _row(page, code)
    if refusal := why_not_survey(page.actor, row.dossier, team=_team(page)):
        raise refusal
    return page.render(
        "dossiers/agency_survey.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        longest=LONGEST_FINDING,
        basis=ADVICE,
    )


def _extra_test(page: SignedInPage, code: str, form: Form, *, status: int = 200) -> Response:
    row = _row(page, code)
    if refusal := why_not_order_test(page.actor, row.dossier):
        raise refusal
    return page.render(
        "dossiers/agency_test.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        criteria={one.code: f"{one.code}. {one.name}" for one in row.rubric.criteria},
        basis=ADVICE,
    )


def _test_result(
    page: SignedInPage,
    code: str,
    test_code: str,
    form: Form,
    *,
    status: int = 200,
    stale: StaleVersion | None = None,
) -> Response:
    row = _row(page, code)
    test = get_test(page.session, row.dossier, test_code)
    if refusal := why_not_record_test(page.actor, row.dossier, test):
        raise refusal
    return page.render(
        "dossiers/agency_result.html",
        status=status,
        form=form,
        row=row,
        dossier=row.dossier,
        test=test,
        outcomes=TEST_LABELS,
        stale=stale,
    )
