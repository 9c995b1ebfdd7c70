"""The shipped reference and demonstration data say what they claim to say, row by row.

Scores are added up here from the words of the rubric files, without the scoring engine, so that the
demonstration and the engine cannot be wrong together.
"""

import csv
import unicodedata
from collections import Counter
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.demonstration.journeys import PLACEHOLDER
from app.domain.accounts.enums import Role
from app.domain.councils.enums import Seat
from app.domain.dossiers.enums import EvidenceKind
from app.domain.producers.enums import Gender, ProducerKind

APP = Path(__file__).resolve().parents[3] / "app"
PLACES = APP / "domain" / "places" / "data"
DEMONSTRATION = APP / "demonstration" / "data"
RUBRICS = APP / "rulebooks" / "data" / "rubrics" / "qd26-2026"

PLAN_DAY = date(2022, 10, 14)
LAST_OLD_DAY = date(2025, 6, 30)
FIRST_NEW_DAY = date(2025, 7, 1)
CASES = ("self_assessment_03", "self_assessment_04", "self_assessment_06")
LARGEST_EVIDENCE = 40 * 1024

Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


UNITS = rows(PLACES / "units.csv")
AGENCIES = rows(PLACES / "agencies.csv")
HOLIDAYS = rows(PLACES / "holidays.csv")
PRODUCTS = rows(DEMONSTRATION / "products.csv")
PEOPLE = rows(DEMONSTRATION / "people.csv")


def covers(row: Row, on: date) -> bool:
    start, end = row["valid_from"], row["valid_to"]
    return (not start or date.fromisoformat(start) <= on) and (
        not end or on <= date.fromisoformat(end)
    )


def units_on(on: date, level: str) -> dict[str, Row]:
    return {unit["code"]: unit for unit in UNITS if unit["level"] == level and covers(unit, on)}


def case(name: str) -> dict[str, Any]:
    content = (DEMONSTRATION / f"{name}.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(content)
    return found


def criteria_of(rubric_code: str) -> dict[str, dict[str, Any]]:
    path = next(RUBRICS.glob(f"{rubric_code.rsplit('-', 1)[1]}-*.yaml"))
    rubric = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {
        criterion["code"]: criterion
        for part in rubric["parts"]
        for section in part["sections"]
        for criterion in section["criteria"]
    }


def level_of(criterion: dict[str, Any], answer: str) -> int:
    codes = [option["code"] for option in criterion["options"]]
    return -1 if answer == "none" else codes.index(answer)


def points_of(criteria: dict[str, dict[str, Any]], answers: dict[str, str]) -> int:
    total = 0
    for code, answer in answers.items():
        level = level_of(criteria[code], answer)
        total += criteria[code]["options"][level]["points"] if level >= 0 else 0
    return total


def missed_minima(
    criteria: dict[str, dict[str, Any]], answers: dict[str, str], star: int
) -> set[str]:
    return {
        code
        for code, criterion in criteria.items()
        for level, option in enumerate(criterion["options"])
        if option.get("star_min", 9) <= star and level_of(criterion, answers[code]) < level
    }


# --- units ------------------------------------------------------------------------------------


def test_units_count_one_province_eight_districts_106_old_and_38_new_communes() -> None:
    assert len(units_on(PLAN_DAY, "commune")) == 106
    assert len(units_on(LAST_OLD_DAY, "commune")) == 106
    assert len(units_on(LAST_OLD_DAY, "district")) == 8
    assert len(units_on(FIRST_NEW_DAY, "commune")) == 38
    assert units_on(FIRST_NEW_DAY, "district") == {}
    assert list(units_on(FIRST_NEW_DAY, "province")) == ["12"]
    assert len(UNITS) == 1 + 8 + 106 + 38


def test_code_and_first_day_name_one_unit_and_spans_of_a_code_do_not_overlap() -> None:
    keys = Counter((unit["code"], unit["valid_from"]) for unit in UNITS)
    assert max(keys.values()) == 1
    for day in (PLAN_DAY, LAST_OLD_DAY, FIRST_NEW_DAY):
        codes = Counter(unit["code"] for unit in UNITS if covers(unit, day))
        assert max(codes.values()) == 1


def test_seventeen_codes_of_2025_named_another_unit_before() -> None:
    old, new = units_on(LAST_OLD_DAY, "commune"), units_on(FIRST_NEW_DAY, "commune")
    assert set(new) <= set(old)
    renamed = [code for code, unit in new.items() if old[code]["name"] != unit["name"]]
    assert len(renamed) == 17
    assert old["03405"]["full_name"] == "Xã Giang Ma"
    assert new["03405"]["full_name"] == "Xã Tả Lèng"


def test_every_old_commune_has_one_successor_and_every_new_one_a_predecessor() -> None:
    new = units_on(FIRST_NEW_DAY, "commune")
    successors = [
        unit["successor_codes"].split(";") for unit in units_on(LAST_OLD_DAY, "commune").values()
    ]
    assert all(len(codes) == 1 for codes in successors)
    assert {codes[0] for codes in successors} == set(new)


def test_every_unit_lies_in_a_unit_that_existed_with_it() -> None:
    for unit in UNITS:
        if unit["level"] == "province":
            continue
        day = date.fromisoformat(unit["valid_from"])
        parents = {**units_on(day, "province"), **units_on(day, "district")}
        assert unit["parent_code"] in parents, unit["code"]


def test_full_names_are_kind_and_name_in_composed_letters() -> None:
    words = {
        "tinh": "Tỉnh",
        "huyen": "Huyện",
        "thanh_pho": "Thành phố",
        "xa": "Xã",
        "phuong": "Phường",
        "thi_tran": "Thị trấn",
    }
    for unit in UNITS:
        assert unit["full_name"] == f"{words[unit['kind']]} {unit['name']}"
        assert unicodedata.is_normalized("NFC", unit["full_name"])
        assert unit["source"]
    kinds = Counter(unit["kind"] for unit in units_on(FIRST_NEW_DAY, "commune").values())
    assert kinds == {"xa": 36, "phuong": 2}


# --- agencies and holidays --------------------------------------------------------------------


def test_ended_agencies_name_successors_that_exist_afterwards() -> None:
    known = {agency["code"]: agency for agency in AGENCIES}
    assert len(known) == len(AGENCIES)
    for agency in AGENCIES:
        assert agency["name"]
        assert agency["name_en"]
        assert agency["source"]
        for code in filter(None, agency["successor_codes"].split(";")):
            assert agency["valid_to"], "only what ended has successors"
            assert not known[code]["valid_to"]


def test_no_district_body_and_no_old_department_remains_in_2026() -> None:
    today = {agency["code"] for agency in AGENCIES if covers(agency, date(2026, 9, 1))}
    assert not {a["code"] for a in AGENCIES if a["level"] == "district"} & today
    assert not {"SO_NNPTNT", "SO_TNMT", "SO_KHDT", "SO_TTTT", "CUC_QLTT"} & today
    assert {"SO_NNMT", "CHI_CUC_QLTT", "CQTM_OCOP", "TO_TU_VAN_TINH"} <= today


def test_holidays_are_the_eleven_days_of_the_labour_code_and_days_in_lieu() -> None:
    days = [date.fromisoformat(row["date"]) for row in HOLIDAYS]
    assert len(set(days)) == len(days)
    assert all(row["name"] and row["source"] for row in HOLIDAYS)
    for year in (2026, 2027):
        of_year = [row for row in HOLIDAYS if row["date"].startswith(str(year))]
        assert len([row for row in of_year if not row["name"].startswith("Nghỉ bù")]) == 11


def test_every_holiday_on_a_weekend_has_a_working_day_in_lieu() -> None:
    days = {date.fromisoformat(row["date"]) for row in HOLIDAYS}
    in_lieu = {date.fromisoformat(r["date"]) for r in HOLIDAYS if r["name"].startswith("Nghỉ bù")}
    expected = set()
    for day in sorted(days - in_lieu):
        if day.weekday() >= 5:
            other = day
            while other.weekday() >= 5 or other in days - in_lieu or other in expected:
                other += timedelta(days=1)
            expected.add(other)
    assert in_lieu == expected


# --- products ---------------------------------------------------------------------------------


def test_every_product_keeps_its_facts_and_its_set_is_one_of_26() -> None:
    assert len(PRODUCTS) == 80
    assert len({(row["name"], row["producer_name"]) for row in PRODUCTS}) == 80
    for row in PRODUCTS:
        assert 1 <= int(row["set_number"]) <= 26
        assert row["set_reason"]
        assert row["note"] or row["source_url"]
        assert unicodedata.is_normalized("NFC", "".join(row.values()))


def test_only_recognised_products_carry_stars() -> None:
    assert {row["status"] for row in PRODUCTS} == {"recognised", "district_passed", "listed"}
    for row in PRODUCTS:
        assert row["stars"] in ("", "3", "4")
        if row["status"] != "recognised":
            assert row["stars"] == "", row["name"]


def test_every_commune_of_a_product_is_a_commune_of_today_that_its_old_one_became() -> None:
    new, old = units_on(FIRST_NEW_DAY, "commune"), units_on(LAST_OLD_DAY, "commune")
    districts = units_on(LAST_OLD_DAY, "district")
    became = {
        (districts[unit["parent_code"]]["full_name"], unit["full_name"]): unit["successor_codes"]
        for unit in old.values()
    }
    for row in PRODUCTS:
        code = row["commune_2025_code"]
        assert (row["commune_basis"] in ("source", "growing_area")) is bool(code)
        assert not code or code in new
        if row["commune_2022"]:
            assert became[row["district_2022"], row["commune_2022"]] == code


def test_one_producer_has_one_kind_and_one_commune() -> None:
    facts: dict[str, set[tuple[str, str]]] = {}
    for row in PRODUCTS:
        kind = row["producer_type"]
        assert kind == "" or ProducerKind(kind)
        if row["producer_name"]:
            assert kind
            facts.setdefault(row["producer_name"], set()).add((kind, row["commune_2025_code"]))
    assert all(len(known) == 1 for known in facts.values())


# --- people -----------------------------------------------------------------------------------


def test_usernames_are_unique_and_easy_to_type_on_a_phone() -> None:
    usernames = [person["username"] for person in PEOPLE]
    assert len(set(usernames)) == len(usernames)
    assert all(name.isascii() and name.isalnum() and name.islower() for name in usernames)
    assert all(3 <= len(name) <= 12 for name in usernames)


def test_every_invented_name_says_that_it_is_invented() -> None:
    assert all("minh họa)" in person["name"] for person in PEOPLE)


def test_every_role_has_an_account_and_every_place_and_agency_exists_today() -> None:
    assert {person["role"] for person in PEOPLE} == set(Role)
    communes = units_on(FIRST_NEW_DAY, "commune")
    agencies = {agency["code"] for agency in AGENCIES if covers(agency, date(2026, 9, 1))}
    producers = {(row["producer_name"], row["commune_2025_code"]) for row in PRODUCTS}
    for person in PEOPLE:
        assert person["unit_code"] == "" or person["unit_code"] in communes
        assert person["agency_code"] == "" or person["agency_code"] in agencies
        if person["role"] == Role.PRODUCER:
            assert (person["organisation"], person["unit_code"]) in producers


def test_two_communes_are_staffed_so_that_own_and_other_can_be_told_apart() -> None:
    for role in (Role.PRODUCER, Role.COMMUNE_OFFICER, Role.COMMUNE_LEADER):
        held = [person["unit_code"] for person in PEOPLE if person["role"] == role]
        assert len(held) == len(set(held)) == 2


def test_the_council_has_a_chair_a_secretary_without_vote_and_members_of_six_bodies() -> None:
    # Whoever was replaced has the post and no seat any more.
    seated = [
        person
        for person in PEOPLE
        if person["role"] == Role.COUNCIL_MEMBER and person["council_role"]
    ]
    seats = Counter(Seat(person["council_role"]) for person in seated)
    assert seats == {Seat.CHAIR: 1, Seat.SECRETARY: 1, Seat.MEMBER: 6, Seat.INVITED: 1}
    for person in seated:
        votes = person["council_role"] in (Seat.CHAIR, Seat.MEMBER)
        assert person["voting"] == ("true" if votes else "false")
    members = {p["agency_code"] for p in seated if p["council_role"] == Seat.MEMBER}
    assert members == {"SO_NNMT", "SO_CT", "SO_YT", "SO_KHCN", "SO_VHTTDL", "CQTM_OCOP"}
    assert all(not p["voting"] for p in PEOPLE if p["role"] != Role.COUNCIL_MEMBER)


# --- scored examples --------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_every_claim_and_every_sheet_answers_every_criterion_of_the_rubric(name: str) -> None:
    found = case(name)
    criteria = criteria_of(found["rubric"])
    claims = {code: claim["option"] for code, claim in found["self_assessment"].items()}
    for answers in (claims, *found["sheets"].values()):
        assert list(answers) == list(criteria)
        for code, answer in answers.items():
            options = criteria[code]["options"]
            if answer == "none":
                assert all(option["points"] for option in options), code
            else:
                assert answer in {option["code"] for option in options}, code


@pytest.mark.parametrize("name", CASES)
def test_every_voting_seat_has_a_sheet_and_totals_are_as_expected(name: str) -> None:
    found = case(name)
    criteria = criteria_of(found["rubric"])
    voting = [person["username"] for person in PEOPLE if person["voting"] == "true"]
    assert list(found["sheets"]) == voting
    totals = [points_of(criteria, answers) for answers in found["sheets"].values()]
    assert totals == found["expected"]["totals"]
    assert Fraction(sum(totals), len(totals)) == Fraction(found["expected"]["average"])
    assert max(totals) - min(totals) <= 10
    assert len({tuple(answers.items()) for answers in found["sheets"].values()}) == len(voting)


@pytest.mark.parametrize(
    ("name", "low", "high", "star", "missed"),
    [
        ("self_assessment_03", 74, 78, 4, set()),
        ("self_assessment_04", 70, 90, 3, {"10"}),
        ("self_assessment_06", 30, 50, 2, None),
    ],
)
def test_examples_end_at_the_star_they_were_made_for(
    name: str, low: int, high: int, star: int, missed: set[str] | None
) -> None:
    found = case(name)
    criteria = criteria_of(found["rubric"])
    assert low <= Fraction(found["expected"]["average"]) < high
    assert found["expected"]["star"] == star
    if missed is None:
        return
    for answers in found["sheets"].values():
        assert missed_minima(criteria, answers, 3) == set()
        assert missed_minima(criteria, answers, 4) == missed


@pytest.mark.parametrize("name", CASES)
def test_examples_say_in_every_text_that_they_are_invented(name: str) -> None:
    found = case(name)
    assert found["invented"] is True
    assert "minh họa" in found["producer"]["representative"]
    texts = [claim["description"] for claim in found["self_assessment"].values()]
    texts += [found["product"][part] for part in ("description", "packaging", "story")]
    texts += [text for text in found["commune_report"].values() if isinstance(text, str)]
    assert all(text.startswith("Minh họa: ") for text in texts)
    assert ProducerKind(found["producer"]["kind"])
    assert Gender(found["producer"]["representative_gender"])


@pytest.mark.parametrize("name", CASES)
def test_real_products_end_at_their_real_star_and_only_an_invented_one_fails(name: str) -> None:
    found = case(name)
    real = {(row["producer_name"], row["name"]): row for row in PRODUCTS}
    row = real.get((found["producer"]["name"], found["product"]["name"]))
    if found["product"]["invented"]:
        assert row is None
        assert "minh họa" in found["producer"]["name"]
        assert "minh họa" in found["product"]["name"]
        return
    assert row is not None
    assert row["status"] == "recognised"
    assert int(row["stars"]) == found["expected"]["star"]
    assert int(row["set_number"]) == found["product"]["set_number"]
    assert row["commune_2025_code"] == found["commune_code"]
    account = next(person for person in PEOPLE if person["username"] == found["account"])
    assert account["organisation"] == found["producer"]["name"]
    assert account["name"] == found["producer"]["representative"]


@pytest.mark.parametrize("name", CASES)
def test_evidence_is_of_known_kinds_small_and_cites_criteria_that_exist(name: str) -> None:
    found = case(name)
    criteria = criteria_of(found["rubric"])
    for paper in found.get("evidence", []):
        content = (DEMONSTRATION / "evidence" / paper["file"]).read_bytes()
        assert len(content) <= LARGEST_EVIDENCE
        assert content.startswith((b"%PDF-", b"\xff\xd8\xff"))
        assert EvidenceKind(paper["kind"])
        assert "minh họa" in paper["title"]
        assert set(paper["criteria"]) <= set(criteria)


def test_every_evidence_file_is_used() -> None:
    used = {paper["file"] for name in CASES for paper in case(name).get("evidence", [])}
    assert {path.name for path in (DEMONSTRATION / "evidence").iterdir()} == used | {PLACEHOLDER}
