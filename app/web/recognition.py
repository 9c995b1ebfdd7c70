"""Pages of recognition: decisions (list, draft, sign) and certificates, with their papers."""

from functools import partial

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal
from app.domain.credentials.queries import newest_credential
from app.domain.credentials.rules import Issuer
from app.domain.dossiers.policy import sees_all_evidence
from app.domain.inspections.policy import why_not_plan
from app.domain.inspections.queries import inspections_of_certificate
from app.domain.inspections.rules import OUTCOME_LABELS
from app.domain.inspections.rules import STATE_LABELS as INSPECTION_LABELS
from app.domain.recognition.actions import draft_decision, revise_decision, sign_decision
from app.domain.recognition.enums import DecisionKind
from app.domain.recognition.models import RecognitionDecision
from app.domain.recognition.papers import decision_paper
from app.domain.recognition.policy import (
    is_of_ministry,
    why_not_attach_scan,
    why_not_draft,
    why_not_open_case,
    why_not_print,
    why_not_publish,
    why_not_renew,
    why_not_revise,
    why_not_sign,
    why_not_upgrade,
)
from app.domain.recognition.queries import (
    certificates_page,
    decided_certificates,
    decided_products,
    decisions_page,
    get_certificate,
    get_decision,
    recognisable,
    running_case,
)
from app.domain.recognition.rules import (
    CORRECTED_LABELS,
    DECISION_BASIS,
    DECISION_KIND_LABELS,
    DECISION_LABELS,
    ON_CERTIFICATES,
    STANDING_LABELS,
    ground_texts,
)
from app.domain.recognition.schemas import (
    PROVINCIAL_COMMITTEE,
    DraftDecision,
    ReviseDecision,
    SignDecision,
)
from app.domain.stamps.policy import STATE_LABELS, why_not_order
from app.domain.stamps.queries import batches_page
from app.http.papers import pdf_answer
from app.rulebooks.loader import in_force
from app.web.deps import After, Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form
from app.web.steps import answer_status, tried
from app.web.tones import (
    BATCH_TONES,
    DECISION_TONES,
    INSPECTION_TONES,
    OUTCOME_TONES,
    STANDING_TONES,
)

router = page_router()

SCAN_TYPES = "application/pdf,image/jpeg,image/png"
# What the person who signs is told before; a signature is not taken back.
SIGNING_SENTENCES: dict[DecisionKind, str] = {
    DecisionKind.RECOGNITION: (
        "Ký xong, mỗi sản phẩm có giấy chứng nhận 36 tháng và mã sản phẩm; không sửa lại được."
    ),
    DecisionKind.APPROVAL: (
        "Ký xong, cơ quan tham mưu gửi hồ sơ đến Bộ Nông nghiệp và Môi trường; không sửa lại được."
    ),
    DecisionKind.REVOCATION: (
        "Ký xong, các giấy chứng nhận này bị thu hồi từ ngày của quyết định; không sửa lại được."
    ),
    DecisionKind.EXTENSION: (
        "Ký xong, các giấy chứng nhận này được kéo dài, ghi tên người ký; không sửa lại được."
    ),
    DecisionKind.CORRECTION: (
        "Ký xong, các giấy chứng nhận này mang nội dung đã đính chính; không sửa lại được."
    ),
    DecisionKind.HOLDER_CHANGE: (
        "Ký xong, chủ thể kế thừa có giấy chứng nhận mới thay giấy cũ; không sửa lại được."
    ),
}


@router.get("/decisions", name="decisions.list")
def index(page: Page, kind: str = "", after: After = 0) -> Response:
    """List the decisions this person may see, of one kind or all."""
    wanted = DecisionKind(kind) if kind in set(DecisionKind) else None
    found = decisions_page(page.session, actor=page.actor, kind=wanted, after=after)
    template = "recognition/_decisions.html" if page.is_fragment else "recognition/decisions.html"
    return page.render(
        template,
        found=found,
        after=after,
        kind=wanted,
        labels=DECISION_LABELS,
        kinds=DECISION_KIND_LABELS,
        tones=DECISION_TONES,
        why_not_draft=why_not_draft(page.actor),
    )


@router.get("/decisions/new", name="decisions.new")
def new(page: Page) -> Response:
    """Offer the locked results that may be recognised."""
    if refusal := why_not_draft(page.actor):
        raise refusal
    return _form(
        page,
        empty_form(
            {"decided_on": local_day(page.at).isoformat(), "authority": PROVINCIAL_COMMITTEE}
        ),
    )


@router.get("/decisions/new-approval", name="decisions.new_approval")
def new_approval(page: Page) -> Response:
    """Offer the results of ninety points and more that the province may approve."""
    if refusal := why_not_draft(page.actor):
        raise refusal
    return _form(
        page,
        empty_form(
            {"decided_on": local_day(page.at).isoformat(), "authority": PROVINCIAL_COMMITTEE}
        ),
        kind=DecisionKind.APPROVAL,
    )


@router.post("/decisions", name="decisions.create")
def create(form: PostedForm, page: Page) -> Response:
    """Draft a decision."""
    try:
        decision = draft_decision(
            page.session, form.read(DraftDecision), actor=page.actor, at=page.at
        )
    except Invalid as problem:
        approves = form.text("kind") == DecisionKind.APPROVAL
        return _form(
            page,
            form.showing(problem),
            kind=DecisionKind.APPROVAL if approves else DecisionKind.RECOGNITION,
            status=422,
        )
    return page.go("decisions.show", code=decision.code, said="Đã soạn quyết định.")


@router.get("/decisions/{code}", name="decisions.show")
def show(page: Page, code: str) -> Response:
    """Show a decision, its products, and the signature or what is missing for it."""
    return show_decision(page, get_decision(page.session, code, actor=page.actor), empty_form())


@router.get("/decisions/{code}/edit", name="decisions.edit")
def edit(page: Page, code: str) -> Response:
    """Ask for changes of a draft."""
    decision = get_decision(page.session, code, actor=page.actor)
    if refusal := why_not_revise(page.actor, decision):
        raise refusal
    if decision.kind in ON_CERTIFICATES:
        return page.go("certificate_decisions.edit", code=code)
    values = {
        "number": decision.number,
        "decided_on": decision.decided_on.isoformat(),
        "authority": decision.authority,
        "version": str(decision.version),
    }
    return _form(page, empty_form(values), decision=decision)


@router.post("/decisions/{code}", name="decisions.revise")
def revise(form: PostedForm, page: Page, code: str) -> Response:
    """Store a draft anew."""
    try:
        revise_decision(page.session, code, form.read(ReviseDecision), actor=page.actor, at=page.at)
    except Invalid as problem:
        decision = get_decision(page.session, code, actor=page.actor)
        return _form(page, form.showing(problem), decision=decision, status=422)
    return page.go("decisions.show", code=code, said="Đã lưu dự thảo quyết định.")


@router.post("/decisions/{code}/sign", name="decisions.sign")
def sign(form: PostedForm, page: Page, code: str) -> Response:
    """Sign a decision: certificates are issued, or end, last longer, are corrected, change hands."""

    def do() -> None:
        sign_decision(
            page.session,
            code,
            form.read(SignDecision),
            actor=page.actor,
            at=page.at,
        )

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
        done=lambda: page.go("decisions.show", code=code, said="Đã ký quyết định."),
    )


@router.get("/decisions/{code}/paper.pdf", name="decisions.paper")
def decision_pdf(page: Page, code: str) -> Response:
    """Print a decision with its list of products."""
    paper = decision_paper(
        page.session,
        code,
        actor=page.actor,
        at=page.at,
        agency=page.settings.agency_name,
        demonstration=page.settings.demonstration,
    )
    return pdf_answer(paper, f"quyet-dinh-{code}.pdf")


@router.get("/certificates", name="certificates.list")
def certificates(page: Page, after: After = 0) -> Response:
    """List the certificates this person may see, with what each is worth today."""
    found = certificates_page(page.session, actor=page.actor, on=local_day(page.at), after=after)
    template = (
        "recognition/_certificates.html" if page.is_fragment else "recognition/certificates.html"
    )
    return page.render(
        template, found=found, after=after, labels=STANDING_LABELS, tones=STANDING_TONES
    )


@router.get("/certificates/{code}", name="certificates.show")
def certificate(page: Page, code: str) -> Response:
    """Show a certificate, its standing today, its stamps, and how to order more."""
    day = local_day(page.at)
    found = get_certificate(page.session, code, actor=page.actor, on=day)
    case = running_case(page.session, found.certificate.id or 0)
    return page.render(
        "recognition/certificate.html",
        found=found,
        case=case,
        why_not_revoke=why_not_open_case(page.actor, found, case),
        sealed=newest_credential(page.session, found, Issuer.of(page.settings)),
        certificate=found.certificate,
        product=found.product,
        producer=found.producer,
        labels=STANDING_LABELS,
        tones=STANDING_TONES,
        batch_labels=STATE_LABELS,
        batch_tones=BATCH_TONES,
        batches=batches_page(
            page.session, actor=page.actor, certificate_id=found.certificate.id, limit=10
        ),
        inspections=inspections_of_certificate(
            page.session, found.certificate.id or 0, actor=page.actor, on=day
        ),
        inspection_labels=INSPECTION_LABELS,
        inspection_tones=INSPECTION_TONES,
        outcome_labels=OUTCOME_LABELS,
        outcome_tones=OUTCOME_TONES,
        why_not_check=why_not_plan(page.actor),
        why_not_draft=why_not_draft(page.actor),
        why_not_upgrade=why_not_upgrade(page.actor, found),
        why_not_renew=why_not_renew(page.actor, found),
        why_not_order=why_not_order(page.actor, found.certificate, found.product, day),
    )


def show_decision(
    page: SignedInPage,
    decision: RecognitionDecision,
    form: Form,
    *,
    status: int = 200,
    refused: Refusal | None = None,
) -> Response:
    """Show a decision with what a step on it was refused for."""
    on_certificates = decision.kind in ON_CERTIFICATES
    return page.render(
        "recognition/decision.html",
        status=status,
        form=form,
        refused=None if isinstance(refused, Invalid) else refused,
        decision=decision,
        labels=DECISION_LABELS,
        kinds=DECISION_KIND_LABELS,
        basis=DECISION_BASIS[decision.kind],
        approves=decision.kind is DecisionKind.APPROVAL,
        on_certificates=on_certificates,
        of_ministry=is_of_ministry(decision),
        tones=DECISION_TONES,
        products=[] if on_certificates else decided_products(page.session, decision),
        certificates=decided_certificates(page.session, decision) if on_certificates else [],
        grounds=ground_texts(in_force(local_day(page.at))),
        field_labels=CORRECTED_LABELS,
        effect=SIGNING_SENTENCES[decision.kind],
        # Anybody signed in reads a signed decision; dossier and certificate open to those concerned.
        may_open=partial(sees_all_evidence, page.actor),
        sees_all=page.actor.sees_province,
        why_not_revise=why_not_revise(page.actor, decision),
        why_not_sign=why_not_sign(page.actor, decision),
        why_not_print=why_not_print(decision),
        scan_types=SCAN_TYPES,
        why_not_attach=why_not_attach_scan(page.actor, decision),
        why_not_publish=why_not_publish(page.actor, decision),
    )


def _form(
    page: SignedInPage,
    form: Form,
    *,
    decision: RecognitionDecision | None = None,
    kind: DecisionKind = DecisionKind.RECOGNITION,
    status: int = 200,
) -> Response:
    kind = decision.kind if decision is not None else kind
    chosen = set(form.many("dossiers"))
    if decision is not None and not chosen:
        chosen = {row.dossier.code for row in decided_products(page.session, decision)}
    return page.render(
        "recognition/form.html",
        status=status,
        form=form,
        decision=decision,
        kind=kind,
        approves=kind is DecisionKind.APPROVAL,
        candidates=recognisable(page.session, actor=page.actor, kind=kind, decision=decision),
        chosen=chosen,
    )
