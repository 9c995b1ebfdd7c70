"""The printed forms of a dossier hold what is stored, and a signature only when there is one."""

from io import BytesIO

import pytest
from pypdf import PdfReader

from app.core.db import WriteSession
from app.core.errors import NotFound
from app.domain.dossiers.enums import DossierState
from app.domain.dossiers.papers import (
    NoReportYet,
    commune_report_paper,
    registration_form_paper,
)
from tests.factories.dossiers import make_dossier, report_on
from tests.factories.people import ELSEWHERE, People

WATERMARK = "BẢN MINH HỌA"


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(p.extract_text() for p in PdfReader(BytesIO(pdf)).pages).split())


def form(session: WriteSession, people: People, code: str, *, demonstration: bool = False) -> str:
    return text_of(
        registration_form_paper(
            session, code, actor=people.officer(), at=people.at, demonstration=demonstration
        )
    )


def report(session: WriteSession, people: People, code: str, *, demonstration: bool = False) -> str:
    return text_of(
        commune_report_paper(
            session, code, actor=people.officer(), at=people.at, demonstration=demonstration
        )
    )


def test_a_draft_form_waits_for_number_and_day(session: WriteSession, people: People) -> None:
    said = form(session, people, make_dossier(session, people).code)
    assert "Mật ong thử nghiệm" in said
    assert "ngành sản phẩm thực phẩm" in said.casefold()
    assert "năm 2026" in said
    assert "PĐK-12-" not in said


def test_a_filed_and_accepted_form_carries_both_slips(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.ACCEPTED)
    said = form(session, people, dossier.code)
    assert dossier.slip_number
    assert said.count(dossier.slip_number) == 2  # the province counts in the same form
    assert said.count("14/09/2026") == 2
    assert "Bình Lư, ngày 14 tháng 9 năm 2026" in said
    assert "05 sản phẩm" in said


def test_tourism_comes_without_samples(session: WriteSession, people: People) -> None:
    assert "không yêu cầu" in form(
        session, people, make_dossier(session, people, set_number=26).code
    )


def test_there_is_no_report_to_print_before_it_was_begun(
    session: WriteSession, people: People
) -> None:
    dossier = make_dossier(session, people, state=DossierState.FILED)
    with pytest.raises(NoReportYet):
        report(session, people, dossier.code)
    report_on(session, people, dossier)
    said = report(session, people, dossier.code)
    assert "Bản dự thảo, chưa ký" in said
    assert "Đã xác nhận trên hệ thống" not in said


def test_a_signed_report_names_its_signer_and_what_was_counted(
    session: WriteSession, people: People
) -> None:
    said = report(session, people, make_dossier(session, people, state=DossierState.ASSESSED).code)
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


def test_only_the_demonstration_prints_specimens(session: WriteSession, people: People) -> None:
    code = make_dossier(session, people, state=DossierState.ASSESSED).code
    for make in (form, report):
        assert WATERMARK in make(session, people, code, demonstration=True)
        assert WATERMARK not in make(session, people, code)


def test_strangers_print_nothing(session: WriteSession, people: People) -> None:
    dossier = make_dossier(session, people, state=DossierState.ASSESSED)
    stranger, member = people.officer(ELSEWHERE), people.council_member(1)
    for make in (registration_form_paper, commune_report_paper):
        for actor in (stranger, member):
            with pytest.raises(NotFound):
                make(session, dossier.code, actor=actor, at=people.at, demonstration=False)
        assert make(
            session,
            dossier.code,
            actor=member,
            at=people.at,
            demonstration=False,
            extra_ids={dossier.id or 0},
        )
