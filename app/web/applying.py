"""Pages before a dossier is opened: the gates as questions, for a first dossier and from a certificate."""

from collections.abc import Callable

from fastapi import Response

from app.core.clock import local_day
from app.core.errors import Invalid, Refusal
from app.domain.councils.queries import filing_windows
from app.domain.dossiers.actions import GateHolds, why_not_gates
from app.domain.dossiers.enums import DossierKind
from app.domain.dossiers.queries import dossiers_of_product, gates_before
from app.domain.dossiers.rules import (
    FILING_WINDOWS,
    KIND_LABELS,
    RENEWAL_LIMIT,
    STATE_LABELS,
    runs_in_rounds,
)
from app.domain.dossiers.schemas import OpenDossier, OpenFromCertificate
from app.domain.products.queries import get_product
from app.domain.recognition.actions import open_first, open_renewal, open_upgrade
from app.domain.recognition.policy import why_not_open_first, why_not_renew, why_not_upgrade
from app.domain.recognition.queries import (
    CertifiedProduct,
    get_certificate,
    running_certificate,
)
from app.rulebooks import loader
from app.web.deps import Page, SignedInPage, page_router
from app.web.forms import Form, PostedForm, empty_form, validated

router = page_router()

WHY_NOT = {DossierKind.UPGRADE: why_not_upgrade, DossierKind.RENEWAL: why_not_renew}
OPEN = {DossierKind.UPGRADE: open_upgrade, DossierKind.RENEWAL: open_renewal}


@router.get("/dossiers/new", name="dossiers.new")
def new(page: Page, product: str = "") -> Response:
    """Ask the gates of a first dossier."""
    if not product:
        return page.go("products.list", said="Hãy chọn sản phẩm, rồi bấm «Mở hồ sơ đánh giá».")
    return _gates(page, product, empty_form())


@router.post("/dossiers", name="dossiers.create")
def create(form: PostedForm, page: Page) -> Response:
    """Open a first dossier when every gate was answered."""
    code = form.text("product_code")

    def do() -> str:
        data = validated(OpenDossier, {"product_code": code, "gate_answers": _answers(form)})
        return open_first(
            page.session,
            data,
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ).code

    return _opened(page, form, do, lambda: _gates(page, code, form, status=422))


@router.get("/certificates/{code}/upgrade", name="certificates.upgrade")
def ask_upgrade(page: Page, code: str) -> Response:
    """Ask the gates of an upgrade."""
    return _again(page, code, DossierKind.UPGRADE, empty_form())


@router.post("/certificates/{code}/upgrade", name="certificates.open_upgrade")
def upgrade(form: PostedForm, page: Page, code: str) -> Response:
    """Open the dossier of an upgrade."""
    return _reopened(page, code, DossierKind.UPGRADE, form)


@router.get("/certificates/{code}/renewal", name="certificates.renewal")
def ask_renewal(page: Page, code: str) -> Response:
    """Ask the gates of a renewal."""
    return _again(page, code, DossierKind.RENEWAL, empty_form())


@router.post("/certificates/{code}/renewal", name="certificates.open_renewal")
def renewal(form: PostedForm, page: Page, code: str) -> Response:
    """Open the dossier of a renewal."""
    return _reopened(page, code, DossierKind.RENEWAL, form)


def _answers(form: Form) -> list[dict[str, object]]:
    """Return the answers of a form; a question without one is not sent on."""
    return [
        {"gate": name.removeprefix("gate."), "applies": form.text(name) == "yes"}
        for name in form.raw
        if name.startswith("gate.") and form.text(name) in {"yes", "no"}
    ]


def _opened(
    page: SignedInPage, form: Form, do: Callable[[], str], shown_again: Callable[[], Response]
) -> Response:
    try:
        code = do()
    except Invalid as problem:
        form.showing(problem)
        return shown_again()
    except GateHolds as holds:
        form.showing(Invalid({}, holds.template, code=holds.reason_code))
        form.problem = _told(holds)
        return shown_again()
    return page.go("dossiers.show", code=code, said="Đã mở hồ sơ.")


def _told(holds: GateHolds) -> Invalid:
    """Return a gate that holds as the sentence above the form, with its basis."""
    told = Invalid({}, holds.template, code=holds.reason_code)
    told.params, told.legal_basis = holds.params, holds.legal_basis
    return told


def _reopened(page: SignedInPage, code: str, kind: DossierKind, form: Form) -> Response:
    def do() -> str:
        data = validated(OpenFromCertificate, {"gate_answers": _answers(form)})
        return OPEN[kind](
            page.session,
            code,
            data,
            actor=page.actor,
            at=page.at,
            council_rules_dir=page.settings.council_rules_dir,
        ).code

    return _opened(page, form, do, lambda: _again(page, code, kind, form, status=422))


def _again(
    page: SignedInPage, code: str, kind: DossierKind, form: Form, *, status: int = 200
) -> Response:
    day = local_day(page.at)
    found = get_certificate(page.session, code, actor=page.actor, on=day)
    if refusal := WHY_NOT[kind](page.actor, found):
        raise refusal
    return _gates(page, found.product.code, form, kind=kind, found=found, status=status)


def _gates(
    page: SignedInPage,
    product_code: str,
    form: Form,
    *,
    kind: DossierKind = DossierKind.FIRST,
    found: CertifiedProduct | None = None,
    status: int = 200,
) -> Response:
    day = local_day(page.at)
    product, producer = get_product(page.session, product_code, actor=page.actor)
    pins = loader.pins(product.set_number, day, page.settings.council_rules_dir)
    rubric, regime = loader.rubric(pins.rubric_code), loader.regime(pins.regime_code)
    questions = gates_before(product, producer, on=day)
    # From a certificate, whether it goes on was asked before (`_again`).
    running = None if found else running_certificate(page.session, product.id or 0, on=day)
    why_not: Refusal | None = why_not_open_first(page.actor, producer, running) or why_not_gates(
        questions, producer, rubric
    )
    rounds = filing_windows(page.session, regime, on=day) if runs_in_rounds(regime, kind) else ()
    return page.render(
        "dossiers/new.html",
        status=status,
        form=form,
        kind=kind,
        kinds=KIND_LABELS,
        action=page.url("dossiers.create")
        if found is None
        else page.url(f"certificates.open_{kind}", code=found.certificate.code),
        found=found,
        product=product,
        producer=producer,
        rubric=rubric,
        regime=regime,
        council_rules=loader.council_rules(
            pins.council_rules_code, page.settings.council_rules_dir
        ),
        questions=questions,
        rounds=rounds,
        windows_basis=FILING_WINDOWS,
        renewal_limit=RENEWAL_LIMIT,
        others=dossiers_of_product(page.session, product.id or 0, actor=page.actor),
        labels=STATE_LABELS,
        why_not_open=why_not,
    )
