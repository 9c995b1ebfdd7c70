"""Whom a flood is counted for, and when there is room again."""

import pytest

from app.http.limits import FloodLimit, LoginLimit, TooManyAttempts, network_of


def test_an_ipv6_house_is_one_sender_and_an_ipv4_address_another() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2::9")
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("203.0.113.7") == "203.0.113.7"
    assert network_of("testclient") == "testclient"


def test_each_sender_has_a_count_of_its_own() -> None:
    limit = FloodLimit("1/hour")
    limit.count("203.0.113.7")
    limit.count("203.0.113.8")
    with pytest.raises(TooManyAttempts) as stopped:
        limit.count("203.0.113.7")
    assert 3590 < stopped.value.retry_after_seconds <= 3600


def tries(limit: LoginLimit, count: int, **who: str) -> list[bool]:
    return [
        limit.failed(**({"username": "canbo", "network": "203.0.113.7"} | who))
        for _ in range(count)
    ]


def wait_of(limit: LoginLimit, **who: str) -> int:
    try:
        limit.check(**({"username": "canbo", "network": "203.0.113.7"} | who))
    except TooManyAttempts as stopped:
        return stopped.retry_after_seconds
    return 0


def test_the_wait_grows_with_the_failures_and_has_an_end() -> None:
    waits = []
    for failures in (4, 5, 10, 20, 40):
        limit = LoginLimit("5/minute; 10/15 minutes; 20/hour", "1000/minute")
        tries(limit, failures)
        waits.append(wait_of(limit))
    assert waits[0] == 0
    for wait, most in zip(waits[1:], (60, 900, 3600, 3600), strict=True):
        assert most - 5 <= wait <= most


def test_whose_failures_they_are_is_kept_apart() -> None:
    limit = LoginLimit("2/minute", "5/minute")
    assert tries(limit, 2) == [False, True]
    assert wait_of(limit, username="CanBo ", network="198.51.100.1") > 0
    assert wait_of(limit, device="known browser") == 0
    assert wait_of(limit, username="khac") == 0
    tries(limit, 3, device="known browser")
    assert wait_of(limit, device="known browser", network="198.51.100.1") > 0
    assert wait_of(limit, username="khac") > 0  # the network has failed five times
    assert wait_of(limit, username="khac", network="198.51.100.1") == 0


def test_a_house_of_ipv6_is_one_network() -> None:
    limit = LoginLimit("100/minute", "2/minute")
    tries(limit, 1, network="2001:db8:1:2::1", username="a")
    tries(limit, 1, network="2001:db8:1:2:ffff::9", username="b")
    assert wait_of(limit, network="2001:db8:1:2::77", username="c") > 0
    assert wait_of(limit, network="2001:db8:1:3::77", username="c") == 0


def test_the_fifth_wrong_code_is_the_last_of_its_session() -> None:
    limit = LoginLimit("100/minute", "100/minute")
    assert [limit.wrong_code(7) for _ in range(5)] == [False] * 4 + [True]
    assert limit.wrong_code(8) is False
