"""Pages of posts that change hands: what an invited person meets, handing over, leave, who may not."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.clock import now, today
from app.core.db import ReadSession, reading, transaction
from app.domain.accounts.enums import Role
from app.domain.accounts.models import User
from app.domain.accounts.queries import actor_of, find_user
from app.domain.posts.queries import posts_of
from app.domain.producers.actions import create_producer
from app.domain.producers.models import Producer
from tests.conftest import AT
from tests.factories.people import ELSEWHERE, HOME, People, make_person, signed_in
from tests.factories.register import producer_data
from tests.web.page_checks import check_page
from tests.web.typing import press

CHOSEN = "mua-xuan tren-ban-moi"


@pytest.fixture
def world(engine: Engine) -> str:
    """Open an account for each office of a commune and for the administrator; return a producer."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.administrator()
        people.leader()
        people.agency()
        officer = people.officer()
        make_person(session, "can.bo.hai", Role.COMMUNE_OFFICER, at=AT, unit_code=ELSEWHERE)
        return create_producer(session, producer_data(), actor=officer, at=AT).code


def known(session: ReadSession, username: str) -> User:
    user = find_user(session, username)
    assert user is not None
    return user


def link_of(page: str) -> str:
    found = re.search(r'value="http://[^"/]+(/join/[\w-]+)"', page)
    assert found, page
    return found[1]


def invited(administrator: TestClient, **changes: str) -> str:
    data = {
        "name": "Giàng A Mẫu",
        "organisation": "UBND xã",
        "role": Role.COMMUNE_OFFICER.value,
        "unit_code": HOME,
    } | changes
    page = administrator.get("/invitations/new").text
    check_page(page)
    answer = press(administrator, page, "/invitations", **data)
    assert answer.status_code == 200, answer.text
    check_page(answer.text)
    return link_of(answer.text)


@pytest.mark.usefixtures("world")
def test_an_invited_person_opens_their_account_and_the_link_is_then_over(
    client: TestClient, engine: Engine
) -> None:
    link = invited(signed_in(client, "quantri"))
    assert link not in client.get("/invitations").text
    client.cookies.clear()
    page = client.get(link)
    check_page(page.text)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "Quantri Thử Nghiệm mời bạn" in page.text
    assert "Bình Lư" in page.text
    weak = press(client, page.text, link, username="giang.a.mau", password="12345678")
    assert weak.status_code == 422
    check_page(weak.text)
    assert 'id="password-e"' in weak.text
    taken = press(client, page.text, link, username="quantri", password=CHOSEN)
    assert taken.status_code == 409
    assert "đã có người dùng" in taken.text
    done = press(client, page.text, link, username="giang.a.mau", password=CHOSEN)
    assert done.headers["location"] == "/sign-in"
    over = client.get(link)
    assert over.status_code == 410
    assert "Giàng A Mẫu" not in over.text
    check_page(over.text)
    assert client.get("/join/khong-co-lien-ket-nay").status_code == 404
    signed_in(client, "giang.a.mau", CHOSEN)
    assert client.get("/work").status_code == 200
    with reading(engine) as session:
        user = known(session, "giang.a.mau")
        assert actor_of(session, user, at=now()).has_in_unit(HOME, Role.COMMUNE_OFFICER)


@pytest.mark.usefixtures("world")
def test_a_revoked_and_a_renewed_link_lead_nowhere(client: TestClient) -> None:
    first = invited(signed_in(client, "quantri"))
    page = client.get("/invitations").text
    check_page(page)
    renew = re.search(r'action="(/invitations/LM-\w+/renew)"', page)
    assert renew
    second = link_of(press(client, page, renew[1]).text)
    assert client.get(first).status_code == 404
    revoke = renew[1].replace("renew", "revoke")
    page = client.get("/invitations").text
    assert press(client, page, revoke).status_code == 303
    assert client.get(second).status_code == 410
    assert "Đã hủy" in client.get("/invitations").text


def test_an_officer_invites_who_speaks_for_a_producer_of_the_commune_and_nobody_else(
    client: TestClient, engine: Engine, world: str
) -> None:
    officer = signed_in(client, f"canbo{HOME}")
    assert f"/invitations/new?producer={world}" in officer.get(f"/producers/{world}").text
    page = officer.get("/invitations/new", params={"producer": world}).text
    check_page(page)
    action = f"/producers/{world}/invitations"
    link = link_of(press(officer, page, action, name="Lò Thị Mẫu").text)
    assert officer.get("/invitations/new").status_code == 403
    form = officer.get(link).text
    press(officer, form, link, username="lo.thi.mau", password=CHOSEN)
    with reading(engine) as session:
        user = known(session, "lo.thi.mau")
        producer = session.get(Producer, posts_of(session, user.id or 0)[0].producer_id)
        assert producer is not None
        assert producer.code == world
    stranger = signed_in(client, "can.bo.hai")
    assert stranger.get("/invitations/new", params={"producer": world}).status_code == 404
    data = {"_key": "moi-nguoi-la-1", "name": "Người Lạ"}
    assert stranger.post(action, data=data).status_code == 404
    assert "Lò Thị Mẫu" not in stranger.get("/invitations").text


def test_the_administrator_gives_and_ends_posts_on_the_page_of_an_account(
    client: TestClient, engine: Engine, world: str
) -> None:
    administrator = signed_in(client, "quantri")
    address = "/accounts/can.bo.hai"
    page = administrator.get(address).text
    check_page(page)
    assert "Mật khẩu, đăng nhập" in page
    wrong = press(administrator, page, f"{address}/posts", role="producer", producer_id="CT-KHONG")
    assert wrong.status_code == 422
    check_page(wrong.text)
    assert "Không có chủ thể nào mang mã này." in wrong.text
    given = press(administrator, page, f"{address}/posts", role="producer", producer_id=world)
    assert given.status_code == 303
    page = administrator.get(address).text
    check_page(page)
    assert "Chủ thể OCOP" in page
    number = max(own_posts(engine, "can.bo.hai"))
    end = f"{address}/posts/{number}/end"
    early = press(administrator, page, end, last_day="2020-01-01")
    assert early.status_code == 422
    check_page(early.text)
    assert press(administrator, page, end, last_day=str(today())).status_code == 303
    data = {"_key": "khoa-tai-khoan"}
    assert administrator.post(f"{address}/disable", data=data).status_code == 303
    page = administrator.get(address).text
    check_page(page)
    assert press(administrator, page, f"{address}/enable").status_code == 303
    with reading(engine) as session:
        assert known(session, "can.bo.hai").disabled_at is None


def own_posts(engine: Engine, username: str) -> list[int]:
    with reading(engine) as session:
        return [post.id or 0 for post in posts_of(session, known(session, username).id or 0)]


@pytest.mark.usefixtures("world")
def test_posts_are_handed_over_and_both_people_read_about_it(
    client: TestClient, engine: Engine
) -> None:
    administrator = signed_in(client, "quantri")
    address = f"/accounts/canbo{HOME}/handover"
    page = administrator.get(address).text
    check_page(page)
    number = own_posts(engine, f"canbo{HOME}")[0]
    refused = press(
        administrator,
        page,
        address,
        to_username="can.bo.hai",
        posts=str(number),
        on_day="2020-01-01",
    )
    assert refused.status_code == 422
    check_page(refused.text)
    done = press(
        administrator,
        page,
        address,
        to_username="can.bo.hai",
        posts=str(number),
        on_day=str(today() + timedelta(days=1)),
        reason="Chuyển công tác",
    )
    assert done.status_code == 303
    handover = done.headers["location"]
    for name in ("quantri", f"canbo{HOME}", "can.bo.hai"):
        shown = signed_in(client, name).get(handover)
        assert shown.status_code == 200
        check_page(shown.text)
    assert signed_in(client, "canbotinh").get(handover).status_code == 404
    assert signed_in(client, f"lanhdao{HOME}").get(address).status_code == 403


@pytest.mark.usefixtures("world")
def test_leave_is_entered_by_oneself_and_ended_early(client: TestClient) -> None:
    leader = signed_in(client, f"lanhdao{HOME}")
    page = leader.get("/absences/new").text
    check_page(page)
    data = {"deputy": f"canbo{HOME}", "first_day": str(today()), "last_day": str(today())}
    wrong = press(leader, page, "/absences", **(data | {"last_day": "2020-01-01"}))
    assert wrong.status_code == 422
    check_page(wrong.text)
    done = press(leader, page, "/absences", **data)
    assert done.status_code == 303, done.text
    absence = done.headers["location"]
    for name in (f"lanhdao{HOME}", f"canbo{HOME}", "quantri"):
        person = signed_in(client, name)
        shown = person.get(absence).text
        check_page(shown)
        check_page(person.get("/absences").text)
    deputy = signed_in(client, f"canbo{HOME}")
    assert "Lãnh đạo UBND xã (thay Lanhdao" in deputy.get("/account").text
    page = signed_in(client, f"lanhdao{HOME}").get(absence).text
    assert press(client, page, f"{absence}/end").status_code == 303
    assert "(thay" not in signed_in(client, f"canbo{HOME}").get("/account").text
    stranger = signed_in(client, "canbotinh")
    assert stranger.get(absence).status_code == 404
    assert stranger.get("/absences/new", params={"username": f"lanhdao{HOME}"}).status_code == 403
