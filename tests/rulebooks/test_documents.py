"""The documents themselves: complete, locked, cited, and answering for the right days."""

import hashlib
import shutil
import time
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
import yaml

from app.rulebooks import loader
from app.rulebooks.model import (
    Actor,
    GateEffect,
    NoRuleInForce,
    NotPinnable,
    Rubric,
    RulebookError,
    UnknownRulebook,
)

TODAY = date(2026, 11, 24)
PAST = ("qd1048-2019", "qd148-2023", "qd1489-2025")


def forget() -> None:
    """Empty the caches, so that the next question reads the disk."""
    for cached in (
        loader.regime,
        loader.rubric,
        loader.council_rules,
        loader.regime_codes,
        loader.sources,
        loader._lock,
    ):
        cached.cache_clear()


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Copy the shelf, so that a test may damage it."""
    for name in ("data", "sources.yaml", "lock.yaml"):
        source = loader.HERE / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy(source, tmp_path / name)
    monkeypatch.setattr(loader, "HERE", tmp_path)
    monkeypatch.setattr(loader, "DATA", tmp_path / "data")
    forget()
    yield tmp_path
    forget()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def relock(shelf: Path, code: str, path: Path) -> None:
    """Publish a damaged document, so that only its content can be at fault."""
    lock = shelf / "lock.yaml"
    kept = [
        line for line in lock.read_text("utf-8").splitlines() if not line.startswith(f"{code}:")
    ]
    kept.append(f"{code}: {hashlib.sha256(path.read_bytes()).hexdigest()}")
    lock.write_text("\n".join(kept) + "\n", encoding="utf-8")
    forget()


def test_the_whole_shelf_is_sound() -> None:
    report = loader.check()

    assert report.errors == ()
    assert report.documents == 4 + 26 + 26 + 1


def test_the_sets_of_2026_are_complete() -> None:
    catalogue = loader.rubrics("qd26-2026")
    sheets = [loader.rubric(line.code) for line in catalogue]
    criteria = [criterion for sheet in sheets for criterion in sheet.criteria]
    options = [option for criterion in criteria for option in criterion.options]

    assert [line.set_number for line in catalogue] == list(range(1, 27))
    assert all(sheet.completeness == "full" for sheet in sheets)
    assert len(criteria) == 787
    assert len([option for option in options if not option.inferred]) == 2535
    assert len([option for option in options if option.star_min]) == 575
    for sheet in sheets:
        assert [part.max for part in sheet.parts] == [40, 25, 35]
    assert {sheet.category_code for sheet in sheets} == {"I", "II", "III", "IV", "V", "VI"}


def test_the_sets_of_2019_load_for_history_only() -> None:
    catalogue = loader.rubrics("qd1048-2019")
    sheets = [loader.rubric(line.code) for line in catalogue]

    assert len(sheets) == 26
    assert [s.set_number for s in sheets if s.completeness == "partial"] == [19]
    assert all([part.max for part in sheet.parts] == [35, 25, 40] for sheet in sheets)
    assert loader.rubric_in_force(15, date(2021, 3, 1)).code == "qd1048-2019-15"
    with pytest.raises(NotPinnable):
        loader.pins(15, date(2021, 3, 1))


def test_every_stop_stands_before_a_three_star_minimum() -> None:
    """What lets a stop end without a star whichever way "các bước tiếp theo" is read."""
    for line in loader.rubrics("qd26-2026"):
        sheet = loader.rubric(line.code)
        codes = [criterion.code for criterion in sheet.criteria]
        for gate in sheet.gates:
            if gate.effect is GateEffect.STOP:
                after = sheet.criteria[codes.index(gate.criterion_code) + 1 :]
                assert any(o.star_min == 3 for c in after for o in c.options), sheet.code


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2019, 8, 21), "qd1048-2019"),
        (date(2023, 2, 23), "qd1048-2019"),
        (date(2023, 2, 24), "qd148-2023"),
        (date(2025, 7, 5), "qd148-2023"),
        (date(2025, 7, 6), "qd1489-2025"),
        (date(2026, 5, 21), "qd1489-2025"),
        (date(2026, 5, 22), "qd26-2026"),
        (TODAY, "qd26-2026"),
    ],
)
def test_a_dossier_falls_under_the_regime_of_its_day(day: date, code: str) -> None:
    assert loader.in_force(day).code == code


def test_no_regime_is_held_before_2019() -> None:
    with pytest.raises(NoRuleInForce, match="20/08/2019"):
        loader.in_force(date(2019, 8, 20))


def test_the_tables_of_2023_are_not_held() -> None:
    with pytest.raises(NoRuleInForce, match="bộ tiêu chí số 4"):
        loader.rubric_in_force(4, date(2024, 1, 1))


@pytest.mark.parametrize("code", PAST)
def test_past_regimes_can_be_read_but_not_pinned(code: str) -> None:
    past = loader.regime(code)

    assert not past.is_pinnable
    with pytest.raises(NotPinnable):
        _ = past.procedure


def test_districts_recognised_three_stars_only_from_2023_to_2025() -> None:
    recognising = {code: loader.regime(code).level_of(3) for code in (*PAST, "qd26-2026")}

    assert recognising == {
        "qd1048-2019": Actor.PROVINCE,
        "qd148-2023": Actor.DISTRICT,
        "qd1489-2025": Actor.PROVINCE,
        "qd26-2026": Actor.PROVINCE,
    }


def test_the_regime_of_2026_says_what_the_decision_says() -> None:
    law = loader.regime("qd26-2026")
    steps = law.procedure

    assert {band.star: (int(band.low), int(band.high)) for band in law.star_bands} == {
        5: (90, 100),
        4: (70, 90),
        3: (50, 70),
        2: (30, 50),
        1: (0, 30),
    }
    assert law.band_of(Fraction(17499, 250)).star == 3
    assert law.signer_of(4) == "Chủ tịch UBND cấp tỉnh"
    assert law.signer_of(5) == "Bộ trưởng Bộ Nông nghiệp và Môi trường"
    assert law.signer_of(2) == ""
    assert (steps.certificate_validity.value, steps.certificate_validity.unit) == (36, "months")
    assert steps.certificate_validity.basis.citation == "Điều 4.3 Quyết định 26/2026/QĐ-TTg"
    assert steps.commune_assessment.working_days == 15
    assert len(steps.commune_assessment.findings) == 4
    assert [
        (window.proposals_before, window.results_before)
        for window in steps.rounds_of(Actor.PROVINCE).windows
    ] == [("04-30", "06-30"), ("10-30", "12-30")]
    assert (steps.renewal.file_from_days_before, steps.renewal.file_until_days_before) == (180, 120)
    assert steps.renewal.finish_within_days == 45
    assert steps.extension.max_days_after_expiry == 180
    assert steps.revocation.within_days == 15
    assert len(steps.revocation.grounds) == 6
    assert len(steps.evidence) == 15
    assert steps.samples_for(4) == 5
    assert steps.samples_for(26) == 0
    assert len(steps.kinds_for("I")) == 5
    assert len(steps.kinds_for("VI")) == 7


@pytest.mark.parametrize("name", ["product_code", "slip_number"])
def test_numbers_are_written_as_the_law_prints_them(name: str) -> None:
    number = getattr(loader.regime("qd26-2026").procedure, name)

    written = number.filled(province="12", commune="03390", ordinal=1, year=2026)

    assert written == number.example


def test_the_default_council_rules_answer_what_the_law_leaves_open() -> None:
    rules = loader.council_rules_in_force(TODAY)

    assert rules.is_default
    assert rules.quorum.share == Fraction(3, 4)
    assert [rules.quorum.needed(voting) for voting in (4, 7, 8, 9)] == [3, 6, 6, 7]
    assert rules.quorum.is_met(present=6, voting=8, chair_present=True)
    assert not rules.quorum.is_met(present=6, voting=8, chair_present=False)
    assert not rules.quorum.is_met(present=5, voting=7, chair_present=True)
    assert rules.divergence.limit == 10
    assert rules.days_before_meeting.value == 2
    assert rules.site_survey.sets == (26,)


def test_a_dossier_pins_three_codes_and_their_hashes() -> None:
    pins = loader.pins(4, TODAY)

    assert (pins.regime_code, pins.rubric_code, pins.council_rules_code) == (
        "qd26-2026",
        "qd26-2026-04",
        "lai-chau-default",
    )
    assert pins.regime_hash == loader.document_hash("qd26-2026")
    assert pins.rubric_hash == loader.document_hash("qd26-2026-04")
    assert pins.council_rules_hash == loader.document_hash("lai-chau-default")


@pytest.mark.parametrize(
    "code", ["", "qd26-2026-27", "qd26-2026-4", "../lock", "qd26-2026/../x", "QD26-2026-04"]
)
def test_a_code_nobody_published_is_unknown(code: str) -> None:
    for look_up in (loader.regime, loader.rubric, loader.council_rules, loader.document_hash):
        with pytest.raises(UnknownRulebook):
            look_up(code)


@pytest.mark.parametrize(
    ("code", "file"),
    [
        ("qd26-2026-04", "rubrics/qd26-2026/04-mat-ong-nong-san-thuc-pham-khac.yaml"),
        ("qd1048-2019-15", "rubrics/qd1048-2019/15-ruou-trang.yaml"),
        ("qd26-2026", "regimes/qd26-2026.yaml"),
        ("lai-chau-default", "councils/lai-chau-default.yaml"),
    ],
)
def test_one_changed_byte_of_a_published_document_is_refused(
    shelf: Path, code: str, file: str
) -> None:
    path = shelf / "data" / file
    path.write_bytes(path.read_bytes() + b"\n")

    with pytest.raises(RulebookError, match="khác bản đã công bố"):
        loader.document_hash(code)


def test_every_byte_of_the_lock_is_needed(shelf: Path) -> None:
    lock = shelf / "lock.yaml"
    lock.write_text(lock.read_text("utf-8").replace("qd26-2026-04:", "qd26-2026-94:"), "utf-8")

    errors = loader.check().errors

    assert any("chưa khóa" in error and "qd26-2026-04" in error for error in errors)
    assert any("'qd26-2026-94' không có tệp" in error for error in errors)


def test_a_citation_must_be_registered(shelf: Path) -> None:
    edit(shelf / "sources.yaml", "\ntay-ninh:", "\ntay-bac:")
    forget()

    with pytest.raises(RulebookError, match="'tay-ninh' chưa có trong sổ"):
        loader.council_rules("lai-chau-default")


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("rubrics/qd26-2026/14-ruou-trang.yaml", "max: 3\n", "max: 4\n", "điểm tối đa"),
        ("rubrics/qd26-2026/14-ruou-trang.yaml", "points: 1\n", "points: 1.5\n", "int"),
        ("rubrics/qd26-2026/14-ruou-trang.yaml", "code: b\n", "code: a\n", "trùng mã"),
        ("rubrics/qd26-2026/14-ruou-trang.yaml", "star_min: 3\n", "star_min: 6\n", "star_min"),
        ("rubrics/qd26-2026/14-ruou-trang.yaml", "slug:", "slogan: x\nslug:", "slogan"),
        ("regimes/qd26-2026.yaml", "below: '90'", "below: '89'", "không nối nhau"),
        ("regimes/qd26-2026.yaml", "from: '70'", "from: 70", "dạng chữ"),
        ("regimes/qd26-2026.yaml", "working_days: 15", "working_days: '15'", "working_days"),
        ("councils/lai-chau-default.yaml", "share: 3/4", "share: 0.75", "phân số"),
        ("councils/lai-chau-default.yaml", "limit: 10", "limit: 10\n  extra: 1", "extra"),
    ],
)
def test_a_document_that_does_not_add_up_is_refused(
    shelf: Path, file: str, old: str, new: str, complaint: str
) -> None:
    path = shelf / "data" / file
    edit(path, old, new)
    kind, *family = path.relative_to(shelf / "data").parts[:-1]
    code = f"{family[0]}-{path.name[:2]}" if family else path.stem
    relock(shelf, code, path)
    load = {"rubrics": loader.rubric, "regimes": loader.regime, "councils": loader.council_rules}

    with pytest.raises(RulebookError, match=complaint):
        load[kind](code)


def test_the_catalogue_must_tell_what_the_sets_tell(shelf: Path) -> None:
    path = shelf / "data" / "regimes" / "qd26-2026.yaml"
    edit(path, "name: Hoa\n", "name: Hoa tươi\n")
    relock(shelf, "qd26-2026", path)

    (error,) = loader.check().errors

    assert error == "qd26-2026: danh mục khác nội dung bộ qd26-2026-23"


def province_rules(folder: Path, code: str, first: str, status: str = "in_force") -> None:
    """Write a regulation as the province would: our default with its own divergence limit."""
    raw = yaml.safe_load((loader.DATA / "councils" / "lai-chau-default.yaml").read_bytes())
    raw |= {"code": code, "status": status, "is_default": False}
    raw["in_force"]["from"] = first
    raw["divergence"]["limit"] = 7
    (folder / f"{code}.yaml").write_text(yaml.safe_dump(raw, allow_unicode=True), "utf-8")


def test_the_province_may_bring_its_own_council_rules(tmp_path: Path) -> None:
    province_rules(tmp_path, "lai-chau-2026", "2026-08-01")

    assert loader.council_rules_in_force(date(2026, 7, 31), tmp_path).is_default
    assert loader.council_rules_in_force(date(2026, 8, 1), tmp_path).divergence.limit == 7
    assert loader.council_rules_in_force(date(2026, 8, 1)).is_default
    pins = loader.pins(4, TODAY, tmp_path)
    assert pins.council_rules_code == "lai-chau-2026"
    assert pins.council_rules_hash == loader.document_hash("lai-chau-2026", tmp_path)
    assert loader.check(tmp_path).errors == ()


def test_a_draft_can_be_read_but_is_never_in_force(tmp_path: Path) -> None:
    province_rules(tmp_path, "lai-chau-2027", "2026-08-01", status="draft")

    assert loader.council_rules("lai-chau-2027", tmp_path).divergence.limit == 7
    assert loader.council_rules_in_force(TODAY, tmp_path).is_default


def test_reading_is_quick_and_happens_once() -> None:
    forget()
    started = time.process_time()
    first: Rubric = loader.rubric("qd26-2026-04")
    loader.rubrics("qd26-2026")
    cold = time.process_time() - started

    assert loader.rubric("qd26-2026-04") is first
    assert cold < 1.0
