"""Pages of decisions on certificates: drafted over many; of all decisions: their scan, publication."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal
from app.domain.producers.queries import producers_page
from app.domain.recognition.actions import (
    attach_decision_scan,
    draft_on_certificates,
    publish_decision,
    revise_on_certificates,
)
from app.domain.recognition.enums import Decider, DecisionKind
from app.domain.recognition.models import Certificate, RecognitionDecision, RevocationCase
from app.domain.recognition.policy import (
    is_of_ministry,
    why_not_attach_scan,
    why_not_draft,
    why_not_revise,
)
from app.domain.recognition.queries import (
    DecidedOnCertificate,
    decidable_page,
    decided_certificates,
    decision_scan,
    get_decision,
)
from app.domain.recognition.rules import (
    DECISION_BASIS,
    ON_CERTIFICATES,
    last_extended_day,
    revocation_ground,
)
from app.domain.recognition.schemas import (
    DECIDER_LABELS,
    MOST_CERTIFICATES,
    AttachDecisionScan,
    DraftOnCertificates,
    PublishDecision,
    ReviseOnCertificates,
)
from app.http.attachments import file_answer
from app.rulebooks.loader import in_force
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.evidence import Upload, kept_file
from app.web.forms import Form, PostedForm, empty_form, validated
from app.web.recognition import show_decision
from app.web.steps import answer_status, tried

router = page_router()

Drafted = TypeVar("Drafted", bound=DraftOnCertificates)
OFFERED = 20
MOST_SUCCESSORS = 30
# What is typed for each certificate, beside choosing it.
FIELDS: Mapping[DecisionKind, tuple[str, ...]] = {
    DecisionKind.REVOCATION: ("case",),
    DecisionKind.EXTENSION: ("until", "reason"),
    DecisionKind.CORRECTION: (
        "product_name",
        "producer_name",
        "producer_address",
        "product_code",
        "reason",
    ),
    DecisionKind.HOLDER_CHANGE: ("new_producer", "reason"),
}
TAB_LABELS: Mapping[DecisionKind, str] = {
    DecisionKind.REVOCATION: "Thu hồi",
    DecisionKind.EXTENSION: "Kéo dài",
    DecisionKind.CORRECTION: "Đính chính",
    DecisionKind.HOLDER_CHANGE: "Kế thừa",
}
_HEADINGS: Mapping[DecisionKind, str] = {
    DecisionKind.REVOCATION: "Soạn quyết định thu hồi",
    DecisionKind.EXTENSION: "Soạn quyết định kéo dài hiệu lực",
    DecisionKind.CORRECTION: "Soạn quyết định đính chính",
    DecisionKind.HOLDER_CHANGE: "Soạn quyết định về chủ thể kế thừa",
}
_LEAD_SENTENCES: Mapping[DecisionKind, str] = {
    DecisionKind.REVOCATION: (
        "Chỉ gồm giấy chứng nhận có hồ sơ thu hồi đã xác minh và đã trình. Ký xong, giấy chứng nhận hết "
        "giá trị từ ngày của quyết định."
    ),
    DecisionKind.EXTENSION: (
        "Giấy chứng nhận sắp hết hạn hoặc hết hạn chưa quá 180 ngày, đang chờ kết quả đánh giá lại. "
        "Kéo dài tính từ ngày của quyết định, không tính lùi."
    ),
    DecisionKind.CORRECTION: (
        "Sửa điều in sai: tên sản phẩm, tên và địa chỉ chủ thể, mã sản phẩm. Hạng sao, thời hạn và "
        "chủ thể không đính chính: dùng hồ sơ nâng hạng, quyết định kéo dài, quyết định về chủ thể "
        "kế thừa."
    ),
    DecisionKind.HOLDER_CHANGE: (
        "Dùng khi chủ thể được kế thừa (sáp nhập, chuyển đổi, nhận lại toàn bộ sản xuất). Chủ thể "
        "kế thừa được cấp giấy mới, giữ mã sản phẩm, hạng sao và ngày hết hạn."
    ),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One certificate on the form: chosen or offered, with what the decision may say of it."""

    certificate: Certificate
    case: RevocationCase | None
    ground: str
    last_day: date


def _line(certificate: Certificate, case: RevocationCase | None, on: date) -> Line:
    law = in_force(on)
    return Line(
        certificate,
        case,
        revocation_ground(case.ground, law).text if case else "",
        last_extended_day(certificate.expires_on, law),
    )


@router.get("/certificate-decisions/new", name="certificate_decisions.new")
def new(
    page: Page, kind: DecisionKind = DecisionKind.EXTENSION, q: str = "", after: After = 0
) -> Response:
    """Offer the certificates that a decision of this kind may take."""
    if refusal := why_not_draft(page.actor):
        raise refusal
    if kind not in ON_CERTIFICATES:
        return page.go("decisions.new")
    values = {
        "kind": kind.value,
        "q": q[:80],
        "decided_on": local_day(page.at).isoformat(),
        "decider": Decider.PROVINCE.value,
    }
    return _form(page, empty_form(values), after=after)


@router.post("/certificate-decisions", name="certificate_decisions.create")
def create(form: PostedForm, page: Page) -> Response:
    """Draft a decision on certificates, or look for more of them without losing what is chosen."""
    if refusal := why_not_draft(page.actor):
        raise refusal
    if form.text("find"):
        return _form(page, form)
    made: list[RecognitionDecision] = []

    def do() -> None:
        data = _read(form, DraftOnCertificates)
        made.append(draft_on_certificates(page.session, data, actor=page.actor, at=page.at))

    return tried(
        page,
        form,
        _placed(form, do),
        shown_again=lambda shown, refused: _form(page, shown, refused=refused),
        done=lambda: page.go("decisions.show", code=made[0].code, said="Đã soạn quyết định."),
    )


@router.get("/certificate-decisions/{code}/edit", name="certificate_decisions.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for changes of a draft on certificates."""
    decision = get_decision(page.session, code, actor=page.actor)
    if refusal := why_not_revise(page.actor, decision):
        raise refusal
    if decision.kind not in ON_CERTIFICATES:
        return page.go("decisions.edit", code=code)
    rows = decided_certificates(page.session, decision)
    return _form(page, empty_form_of(decision, rows), decision=decision)


@router.post("/certificate-decisions/{code}", name="certificate_decisions.revise")
def revise(form: PostedForm, page: Page, code: str) -> Response:
    """Store a draft on certificates anew, or look for more certificates."""
    decision = get_decision(page.session, code, actor=page.actor)
    if refusal := why_not_revise(page.actor, decision):
        raise refusal
    if form.text("find"):
        return _form(page, form, decision=decision)

    def do() -> None:
        data = _read(form, ReviseOnCertificates)
        revise_on_certificates(page.session, code, data, actor=page.actor, at=page.at)

    return tried(
        page,
        form,
        _placed(form, do),
        shown_again=lambda shown, refused: _form(page, shown, decision=decision, refused=refused),
        done=lambda: page.go("decisions.show", code=code, said="Đã lưu dự thảo quyết định."),
    )


# --- the signed paper -------------------------------------------------------------------------


def kept_scan(request: Request, form: PostedForm, code: str) -> Upload:
    """Check and keep the scan of somebody who may add it, see kept_file."""
    return kept_file(
        request,
        form,
        lambda session, actor: why_not_attach_scan(actor, get_decision(session, code, actor=actor)),
    )


# `upload` stands before `page`: dependencies run in this order, see kept_file.
@router.post("/decisions/{code}/scan", name="decisions.attach_scan")
def attach(
    form: PostedForm, upload: Annotated[Upload, Depends(kept_scan)], page: Page, code: str
) -> Response:
    """Keep the scan of the signed paper."""

    def do() -> None:
        attach_decision_scan(
            page.session,
            code,
            form.read(AttachDecisionScan),
            upload.file(),
            file_name=upload.name,
            actor=page.actor,
            at=page.at,
        )

    return _step(page, code, form, do, said="Đã lưu bản chụp quyết định.")


@router.get("/decisions/{code}/scan", name="decisions.scan")
def scan(page: Page, code: str) -> Response:
    """Give the scan to everybody who may see the decision."""
    kept = decision_scan(get_decision(page.session, code, actor=page.actor))
    return file_answer(page.request, page.settings.files, kept, to_read=True)


@router.post("/decisions/{code}/publish", name="decisions.publish")
def publish(form: PostedForm, page: Page, code: str) -> Response:
    """Let anybody read the decision with its scan."""

    def do() -> None:
        publish_decision(
            page.session, code, form.read(PublishDecision), actor=page.actor, at=page.at
        )

    return _step(page, code, form, do, said="Đã công bố quyết định.")


def _step(
    page: SignedInPage, code: str, form: Form, do: Callable[[], object], *, said: str
) -> Response:
    return tried(
        page,
        form,
        do,
        shown_again=lambda shown, refused: show_decision(
            page,
            get_decision(page.session, code, actor=page.actor),
            shown,
            status=answer_status(refused),
            refused=refused,
        ),
        done=lambda: page.go("decisions.show", code=code, said=said),
    )


# --- the form ---------------------------------------------------------------------------------


def empty_form_of(decision: RecognitionDecision, rows: Sequence[DecidedOnCertificate]) -> Form:
    """Return the form of a draft as it was stored."""
    values: list[tuple[str, str]] = [
        ("kind", decision.kind.value),
        ("number", decision.number),
        ("decided_on", decision.decided_on.isoformat()),
        (
            "decider",
            Decider.MINISTRY.value if is_of_ministry(decision) else Decider.PROVINCE.value,
        ),
        ("version", str(decision.version)),
    ]
    for row in rows:
        code, asked = row.certificate.code, row.asked
        values.append(("certificates", code))
        values += [
            (f"{name}-{code}", str(getattr(asked, name) or "")) for name in FIELDS[decision.kind]
        ]
    return empty_form_from(values)


def empty_form_from(values: Sequence[tuple[str, str]]) -> Form:
    """Return a form with these values; a field may come several times."""
    form = empty_form()
    form.raw = type(form.raw)(list(values))
    return form


def _kind_of(form: Form) -> DecisionKind:
    typed = form.text("kind")
    known = {kind.value for kind in ON_CERTIFICATES}
    return DecisionKind(typed) if typed in known else DecisionKind.EXTENSION


def _codes(form: Form) -> list[str]:
    return list(dict.fromkeys(form.many("certificates")))[: MOST_CERTIFICATES + 1]


def _read(form: Form, schema: type[Drafted]) -> Drafted:
    kind, shared = _kind_of(form), form.text("shared_reason")
    items = []
    for code in _codes(form):
        said = {name: form.text(f"{name}-{code}").strip() for name in FIELDS[kind]}
        if "reason" in said:
            said["reason"] = said["reason"] or shared
        if kind is not DecisionKind.REVOCATION:
            said["certificate"] = code
        items.append({name: value for name, value in said.items() if value})
    values: dict[str, Any] = {
        name: form.text(name)
        for name in ("number", "decided_on", "decider", "version")
        if name in schema.model_fields and name in form.raw
    }
    return validated(schema, values | {"kind": kind, "items": items})


def _placed(form: Form, do: Callable[[], None]) -> Callable[[], None]:
    """Return the step with its sentences beside the fields of this page, not of the schema."""

    def placed() -> None:
        try:
            do()
        except Invalid as problem:
            codes = _codes(form)
            problem.fields = {
                _place(name, codes): sentence for name, sentence in problem.fields.items()
            }
            raise

    return placed


def _place(name: str, codes: Sequence[str]) -> str:
    match name.split("."):
        case ["items", place, field, *_] if place.isdigit():
            return f"{field}-{codes[int(place)]}"
        case ["items", place] if place.isdigit():
            return f"item-{codes[int(place)]}"
    return name


def _form(
    page: SignedInPage,
    form: Form,
    *,
    decision: RecognitionDecision | None = None,
    after: int = 0,
    refused: Refusal | None = None,
) -> Response:
    kind = decision.kind if decision is not None else _kind_of(form)
    on, codes = local_day(page.at), _codes(form)
    chosen = decidable_page(
        page.session,
        actor=page.actor,
        kind=kind,
        on=on,
        decision=decision,
        among=codes,
        limit=MOST_CERTIFICATES,
    ).items
    found = decidable_page(
        page.session,
        actor=page.actor,
        kind=kind,
        on=on,
        search=form.text("q")[:80],
        decision=decision,
        after=after,
        limit=OFFERED,
    )
    order = {code: place for place, code in enumerate(codes)}
    lines = sorted(chosen, key=lambda one: order[one.certificate.code])
    lines += [one for one in found.items if one.certificate.code not in order]
    successors = (
        producers_page(
            page.session,
            actor=page.actor,
            search=form.text("successor")[:80],
            limit=MOST_SUCCESSORS,
        ).items
        if kind is DecisionKind.HOLDER_CHANGE
        else []
    )
    known = {one.code: f"{one.name} · {one.code}" for one in successors}
    for code in codes:  # who was chosen stays on offer, whatever is looked for next
        if picked := form.text(f"new_producer-{code}"):
            known.setdefault(picked, picked)
    return page.render(
        "recognition/certificates_form.html",
        status=answer_status(refused),
        form=form,
        refused=None if isinstance(refused, Invalid) else refused,
        decision=decision,
        kind=kind,
        tabs=TAB_LABELS,
        heading=_HEADINGS[kind],
        lead=_LEAD_SENTENCES[kind],
        basis=DECISION_BASIS[kind],
        deciders=DECIDER_LABELS,
        lines=[_line(one.certificate, one.case, on) for one in lines],
        chosen=set(codes),
        successors=known,
        next_after=found.next_after,
        after=after,
    )
