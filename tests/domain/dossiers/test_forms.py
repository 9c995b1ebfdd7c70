"""The forms of a dossier hold what is stored, and a signature only when there is one."""

import pytest

from app.core.db import WriteSession
from app.core.errors import NotFound
from app.core.layout import PaperFormat
from app.domain.accounts.rules import Actor
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.forms.printing import DossierForm, NoReportYet, printed_form
from tests.factories.dossiers import make_dossier, report_on
from tests.factories.people import ELSEWHERE, People
from tests.print.reading import docx_words, pdf_words

REGISTRATION, SELF_ASSESSMENT = DossierForm.REGISTRATION, DossierForm.SELF_ASSESSMENT
REPORT = DossierForm.COMMUNE_REPORT
READ = {PaperFormat.PDF: pdf_words, PaperFormat.DOCX: docx_words}


def printed(
    session: WriteSession,
    people: People,
    code: str,
    form: DossierForm,
    kind: PaperFormat,
    *,
    actor: Actor | None = None,
    demonstration: bool = False,
) -> str:
    """Return the words of a form as this person gets it."""
    return READ[kind](
        printed_form(
            session,
            code,
            form,
            kind,
            actor=actor or people.officer(),
            at=people.at,
            demonstration=demonstration,
        )
    )


@pytest.mark.parametrize("kind", PaperFormat)
def test_a_draft_form_waits_for_number_and_day(
    session: WriteSession, people: People, kind: PaperFormat
) -> None:
    said = printed(session, people, make_dossier(session, people).code, REGISTRATION, kind)
    assert "Mật ong thử nghiệm" in said
    assert "ngành sản phẩm thực phẩm" in said.casefold()
    assert "năm 2026" in said
    assert "PĐK-12-" not in said


@pytest.mark.parametrize("kind", PaperFormat)
def test_a_filed_and_accepted_form_carries_both_slips(
    session: WriteSession, people: People, kind: PaperFormat
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    said = printed(session, people, dossier.code, REGISTRATION, kind)
    assert dossier.slip_number
    assert said.count(dossier.slip_number) == 2  # the province counts in the same form
    assert said.count("14/09/2026") == 2
    assert "Bình Lư, ngày 14 tháng 9 năm 2026" in said
    assert "05 sản phẩm" in said


def test_tourism_comes_without_samples(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, set_number=26)
    assert "không yêu cầu" in printed(session, people, dossier.code, REGISTRATION, PaperFormat.DOCX)


@pytest.mark.parametrize("kind", PaperFormat)
def test_a_filed_self_assessment_says_points_star_and_papers(
    session: WriteSession, people: People, kind: PaperFormat
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    said = printed(session, people, dossier.code, SELF_ASSESSMENT, kind)
    for words in (
        "Năm 2025 bán 1.200 lít, doanh thu 480 triệu đồng.",
        "Mở thêm 50 đõ ong.",
        "Tổng cộng 100 100",
        "Hạng sao tự đánh giá: 5 sao.",
        "MC01. Phiếu kiểm nghiệm",
    ):
        assert words in said, words


def test_there_is_no_report_to_print_before_it_was_begun(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    with pytest.raises(NoReportYet):
        printed(session, people, dossier.code, REPORT, PaperFormat.PDF)
    report_on(session, people, dossier)
    said = printed(session, people, dossier.code, REPORT, PaperFormat.PDF)
    assert "Bản dự thảo, chưa ký" in said
    assert "Đã xác nhận trên hệ thống" not in said


@pytest.mark.parametrize("kind", PaperFormat)
def test_a_signed_report_names_its_signer_and_what_was_counted(
    session: WriteSession, people: People, kind: PaperFormat
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ASSESSED)
    said = printed(session, people, dossier.code, REPORT, kind)
    for words in (
        "27/BC-UBND",
        "ỦY BAN NHÂN DÂN XÃ BÌNH LƯ",
        "KT. CHỦ TỊCH",
        people.leader().name,
        "Đã xác nhận trên hệ thống lúc 09:00 ngày 14/09/2026",
        "chiếm 92 %",
        "9/12 lao động",
        "Sản phẩm truyền thống của bản.",
    ):
        assert words in said, words


@pytest.mark.parametrize("form", DossierForm)
def test_only_the_demonstration_prints_specimens(
    session: WriteSession, people: People, form: DossierForm
) -> None:
    code = make_dossier(session, people, state=DossierState.ASSESSED).code
    kind = PaperFormat.PDF
    assert "BẢN MINH HỌA" in printed(session, people, code, form, kind, demonstration=True)
    assert "BẢN MINH HỌA" not in printed(session, people, code, form, kind)


@pytest.mark.parametrize("form", DossierForm)
def test_strangers_print_nothing(session: WriteSession, people: People, form: DossierForm) -> None:
    dossier = make_dossier(session, people, state=DossierState.ASSESSED)
    stranger, member = people.officer(ELSEWHERE), people.council_member(1)
    for actor in (stranger, member):
        with pytest.raises(NotFound):
            printed(session, people, dossier.code, form, PaperFormat.PDF, actor=actor)
    assert printed_form(
        session,
        dossier.code,
        form,
        PaperFormat.DOCX,
        actor=member,
        at=people.at,
        demonstration=False,
        extra_ids={dossier.id or 0},
    )
