"""What is pure about passwords, devices and codes: refused, named, matched without a database."""

from datetime import UTC, datetime

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.settings import SECOND_FACTOR_ROLES
from app.domain.accounts.enums import Role, SignInStep
from app.domain.accounts.rules import (
    PASSWORD_MESSAGES,
    Actor,
    Grant,
    device_label,
    matching_step,
    new_recovery_code,
    recovery_code_typed,
    roles_named,
    step_left,
    totp_address,
    totp_code_typed,
    why_not_password,
)

ABOUT = ("canbo03390", "Giàng A Mẫu", "Sở Nông nghiệp và Môi trường")
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 -- the one of RFC 6238, appendix B


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("ngan", "short"),
        ("x" * 201, "long"),
        ("password1", "common"),
        ("Football1", "common"),
        ("1q2w3e4r5t", "common"),
        ("ocop2026!", "near"),
        ("OCOP-Lai-Châu", "near"),
        ("canbo03390", "near"),
        ("giangamau", "near"),
        ("Giàng A Mẫu 99", "near"),
        ("sonongnghiepvamoitruong", "near"),
        ("abcdefgh12", "near"),
        ("poiuytrewq!", "near"),
        ("aaaaaaaaaaaa", "near"),
        ("matkhau123", "near"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused_with_its_reason(
    password: str, why: str
) -> None:
    assert why_not_password(password, about=ABOUT) == PASSWORD_MESSAGES[why]


@pytest.mark.parametrize(
    "password",
    [
        "bốn con ngựa",
        "mot-ngua-ba-trau",
        "hoa-ban-minh-hoa",
        "Ocop của bà ngoại tôi",
        "kx7#Qp!2",
        "        ngôi nhà        ",
        "đ" * 3 + "ường xa vạn dặm",
    ],
)
def test_no_composition_is_asked_for_and_spaces_and_accents_count(password: str) -> None:
    assert why_not_password(password, about=ABOUT) is None


@given(st.text(min_size=8, max_size=200), st.lists(st.text(max_size=60), max_size=3))
def test_every_text_gets_an_answer(password: str, about: list[str]) -> None:
    assert why_not_password(password, about=tuple(about)) in {None, *PASSWORD_MESSAGES.values()}


@pytest.mark.parametrize(
    ("agent", "label"),
    [
        (
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A156E) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/130.0.0.0 Mobile Safari/537.36"
            ),
            "Chrome trên Android",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A135F) AppleWebKit/537.36 (KHTML, like "
                "Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36"
            ),
            "Samsung Internet trên Android",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
                "like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
            ),
            "Safari trên iPhone",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
                "like Gecko) CriOS/130.0.6723.90 Mobile/15E148 Safari/604.1"
            ),
            "Chrome trên iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0"
            ),
            "Edge trên Windows",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "coc_coc_browser/130.0.0 Chrome/124.0.0.0 Safari/537.36"
            ),
            "Cốc Cốc trên Windows",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Firefox trên Linux",
        ),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
                "Gecko) Version/18.1 Safari/605.1.15"
            ),
            "Safari trên Mac",
        ),
        ("Mozilla/5.0 (Linux; Android 9) Dalvik", "Trình duyệt trên Android"),
        ("Chrome/1", "Chrome"),
        ("testclient", "Trình duyệt không rõ tên"),
        ("", "Trình duyệt không rõ tên"),
    ],
)
def test_a_browser_is_named_as_people_call_it(agent: str, label: str) -> None:
    assert device_label(agent) == label


@given(st.text(max_size=500))
def test_whatever_a_browser_says_it_gets_a_name(agent: str) -> None:
    assert device_label(agent)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(SECRET, code, at=at, after=0) == seconds // 30


def test_a_code_counts_one_step_before_and_after_and_never_twice() -> None:
    at = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)
    totp = pyotp.TOTP(SECRET)
    now = totp.timecode(at)
    counted = {
        steps: matching_step(SECRET, totp.generate_otp(now + steps), at=at, after=0)
        for steps in (-2, -1, 0, 1, 2)
    }
    assert counted == {-2: None, -1: now - 1, 0: now, 1: now + 1, 2: None}
    assert matching_step(SECRET, totp.generate_otp(now), at=at, after=now) is None
    assert matching_step(SECRET, totp.generate_otp(now - 1), at=at, after=now) is None
    assert matching_step(SECRET, totp.generate_otp(now + 1), at=at, after=now) == now + 1


@given(st.integers(min_value=60, max_value=2**32))
def test_the_present_code_works_at_every_moment(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert matching_step(SECRET, pyotp.TOTP(SECRET).at(at), at=at, after=0) is not None


def test_the_telephone_is_told_whose_secret_it_is() -> None:
    address = totp_address(SECRET, "kiemtoan")
    assert address.startswith("otpauth://totp/OCOP%20Lai%20Chau:kiemtoan?secret=" + SECRET)
    assert "issuer=OCOP%20Lai%20Chau" in address


def test_codes_are_read_as_people_type_them() -> None:
    assert totp_code_typed(" 123 456 ") == "123456"
    assert totp_code_typed("12345") is None
    assert totp_code_typed("١٢٣٤٥٦") is None
    assert recovery_code_typed("k7m2q0xw4d") == "K7M2Q-0XW4D"
    assert recovery_code_typed(" K7M2Q - OXW4D ") == "K7M2Q-0XW4D"
    assert recovery_code_typed("123456") is None
    assert recovery_code_typed("K7M2Q-0XW4U") is None


def test_a_fresh_code_of_the_list_reads_as_itself() -> None:
    codes = [new_recovery_code() for _ in range(200)]
    assert len(set(codes)) == 200
    assert [recovery_code_typed(code.lower()) for code in codes] == codes


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("has_factor", [False, True])
@pytest.mark.parametrize("showed", [False, True])
@pytest.mark.parametrize("must_change", [False, True])
def test_nobody_goes_on_before_every_step_is_done(
    role: Role | None, has_factor: bool, showed: bool, must_change: bool
) -> None:
    roles = roles_named(SECOND_FACTOR_ROLES)
    actor = Actor(user_id=1, name="", grants=(Grant(role),) if role else ())
    step = step_left(
        actor,
        has_factor=has_factor,
        showed_factor=showed,
        must_change_password=must_change,
        roles=roles,
    )
    if has_factor and not showed:
        assert step is SignInStep.SHOW_FACTOR
    elif must_change:
        assert step is SignInStep.CHANGE_PASSWORD
    elif role in roles and not showed:
        assert step is SignInStep.SET_UP_FACTOR
    else:
        assert step is None


def test_roles_are_named_by_their_words_and_strangers_are_told() -> None:
    assert roles_named("") == frozenset()
    assert roles_named(" auditor , administrator") == {Role.AUDITOR, Role.ADMINISTRATOR}
    with pytest.raises(ValueError, match="no such role: king"):
        roles_named("auditor,king")
