"""Signing in at a provider of accounts: a real one walked through, and one that bends every answer."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import OctKey
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import select

from app.core.clock import now
from app.core.db import WriteSession, reading, transaction
from app.core.settings import Settings
from app.domain.accounts.actions import disable_user
from app.domain.accounts.enums import Role, SignInWay
from app.domain.accounts.models import LoginSession
from app.domain.accounts.queries import actor_of, find_user
from app.domain.accounts.rules import Actor
from app.domain.accounts.schemas import NewGrant
from app.domain.identities.actions import link_identity
from app.domain.identities.models import ProviderIdentity
from app.domain.identities.rules import Subject
from app.domain.posts.actions import invite
from app.domain.posts.schemas import Invite
from app.main import create_app
from tests.conftest import AT
from tests.factories.people import HOME, People, signed_in
from tests.plugins.provider import CLIENT, SECRET, Puppet, new_key, walk
from tests.web.page_checks import check_page
from tests.web.typing import press

Clients = Callable[..., TestClient]
ATTEMPT = "ocop_provider_attempt"
pytestmark = pytest.mark.usefixtures("people")
# What a provider says is judged before the database is asked: once is enough.
only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def people(engine: Engine) -> None:
    """Open the accounts of an officer and of the administrator."""
    with transaction(engine) as session:
        people = People(session, AT)
        people.officer()
        people.administrator()


@pytest.fixture
def at_provider(settings: Settings) -> Iterator[Clients]:
    """Return a maker of clients of this program where it knows a provider."""
    made: list[TestClient] = []

    def make(issuer: str, **changes: object) -> TestClient:
        chosen = settings.model_copy(
            update={
                "oidc_issuer": issuer,
                "oidc_client_id": CLIENT,
                "oidc_client_secret": SecretStr(SECRET),
                "oidc_name": "Tài khoản tỉnh",
                **changes,
            }
        )
        client = TestClient(create_app(chosen), follow_redirects=False).__enter__()
        made.append(client)
        return client

    yield make
    for client in made:
        client.__exit__(None, None, None)


def link(engine: Engine, issuer: str, username: str = f"canbo{HOME}") -> None:
    """Let the subject «giang» of a provider stand for an account."""
    with transaction(engine) as session:
        subject = Subject(issuer, "giang")
        link_identity(session, username, subject, actor=administrator(session), at=AT)


def administrator(session: WriteSession) -> Actor:
    user = find_user(session, "quantri")
    assert user is not None
    return actor_of(session, user, at=now())


def path_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


def begun(client: TestClient, puppet: Puppet, **query: str) -> str:
    """Begin an attempt, let the puppet know its nonce, and return the way back."""
    answer = client.get("/sign-in/provider", params=query)
    assert answer.status_code == 303, answer.text
    asked = parse_qs(urlsplit(answer.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    puppet.nonce, puppet.now = asked["nonce"][0], int(now().timestamp())
    return f"/sign-in/provider/back?code=mot-ma&state={asked['state'][0]}"


def is_signed_in(client: TestClient) -> bool:
    return client.get("/work").status_code == 200


# --- the real provider --------------------------------------------------------------------------


def test_somebody_links_their_account_and_signs_in_at_a_real_provider(
    at_provider: Clients, provider: str, engine: Engine
) -> None:
    client = at_provider(provider)
    page = client.get("/sign-in", params={"next": "/dossiers"}).text
    check_page(page)
    start = re.search(r'href="(/sign-in/provider\?next=[^"]+)"', page)
    assert start
    # Nobody is linked yet: the way on is told, and nobody signed in.
    back = walk(client.get(start[1]).headers["location"], "giang")
    unknown = client.get(path_of(back))
    assert unknown.status_code == 403
    check_page(unknown.text)
    assert "giang" in unknown.text
    assert not is_signed_in(client)
    signed_in(client, f"canbo{HOME}")
    assert "/account/provider" in client.get("/account").text
    page = client.get("/account/provider").text
    check_page(page)
    ticket = re.search(r'href="(/sign-in/provider\?link=[^"]+)"', page)
    assert ticket
    back = walk(client.get(ticket[1]).headers["location"], "giang")
    assert client.get(path_of(back)).headers["location"] == "/account/provider"
    client.post("/sign-out")
    assert not is_signed_in(client)
    back = walk(client.get(start[1]).headers["location"], "giang")
    done = client.get(path_of(back))
    assert done.headers["location"] == "/dossiers", done.text
    assert is_signed_in(client)
    with reading(engine) as session:
        ways = session.exec(select(LoginSession.way).order_by(LoginSession.id)).all()  # type: ignore[arg-type]  # -- a column
        assert list(ways) == [SignInWay.PASSWORD, SignInWay.PROVIDER]
    # The same way back opens nothing again, not even with the cookie the browser held before.
    client.cookies.clear()
    assert client.get(path_of(back)).status_code == 400
    assert not is_signed_in(client)
    assert client.get("/sign-in/provider/out").headers["location"].startswith(f"{provider}/oauth/")


def test_a_code_that_was_used_is_refused_by_the_real_provider(
    at_provider: Clients, provider: str, engine: Engine
) -> None:
    client = at_provider(provider)
    link(engine, provider)
    first = client.get("/sign-in/provider")
    cookie = client.cookies[ATTEMPT]
    back = path_of(walk(first.headers["location"], "giang"))
    assert client.get(back).status_code == 303
    client.cookies.clear()
    client.cookies.set(ATTEMPT, cookie)
    again = client.get(back)
    assert again.status_code == 400
    check_page(again.text)
    assert not is_signed_in(client)


def test_an_invitation_is_accepted_at_the_real_provider_without_a_password(
    at_provider: Clients, provider: str, engine: Engine
) -> None:
    client = at_provider(provider)
    with transaction(engine) as session:
        grant = NewGrant(role=Role.AUDITOR, valid_from=AT.date())
        data = Invite(name="Lò Thị Mẫu", grants=[grant])
        token, _ = invite(session, data, actor=administrator(session), at=now())
    page = client.get(f"/join/{token}").text
    check_page(page)
    start = client.get("/sign-in/provider", params={"join": token})
    back = client.get(path_of(walk(start.headers["location"], "lo")))
    assert back.headers["location"] == f"/join/{token}", back.text
    page = client.get(f"/join/{token}").text
    check_page(page)
    assert "Lo Thử Nghiệm" in page
    assert 'type="password"' not in page
    done = press(client, page, f"/join/{token}", username="lo.thi.mau")
    assert done.headers["location"] == "/sign-in/provider", done.text
    back = client.get(path_of(walk(client.get("/sign-in/provider").headers["location"], "lo")))
    assert back.status_code == 303
    assert is_signed_in(client)


# --- a provider that bends its answers ------------------------------------------------------------


def other_key(puppet: Puppet) -> None:
    puppet.signs_with = new_key("mot", 1)


def shared_secret(puppet: Puppet) -> None:
    puppet.signs_with = OctKey.import_key(SECRET)  # type: ignore[assignment]  # -- what a forger tries
    puppet.header = {"alg": "HS256"}


def unsigned(puppet: Puppet) -> None:
    whole = puppet.token()
    body = whole["id_token"].split(".")[1]
    puppet.token_answer = whole | {"id_token": f"eyJhbGciOiJub25lIn0.{body}."}


def said(**claims: object) -> Callable[[Puppet], None]:
    def bend(puppet: Puppet) -> None:
        puppet.bend_claims = lambda told: told.update(claims)

    return bend


def without(name: str) -> Callable[[Puppet], None]:
    def bend(puppet: Puppet) -> None:
        puppet.bend_claims = lambda told: told.pop(name)

    return bend


def old(puppet: Puppet) -> None:
    puppet.bend_claims = lambda told: told.update(exp=puppet.now - 61, iat=puppet.now - 400)


def answering(status: int, **answer: object) -> Callable[[Puppet], None]:
    def bend(puppet: Puppet) -> None:
        puppet.token_status, puppet.token_answer = status, dict(answer)

    return bend


@only_sqlite
@pytest.mark.parametrize(
    ("bend", "status"),
    [
        pytest.param(said(nonce="khac"), 502, id="another nonce"),
        pytest.param(without("nonce"), 502, id="no nonce"),
        pytest.param(said(iss="https://khac.example"), 502, id="another issuer"),
        pytest.param(said(aud="khac"), 502, id="another audience"),
        pytest.param(said(aud=[CLIENT, "khac"], azp="khac"), 502, id="another party"),
        pytest.param(old, 502, id="expired"),
        pytest.param(said(sub=""), 502, id="no subject"),
        pytest.param(said(sub=17), 502, id="a subject that is no text"),
        pytest.param(other_key, 502, id="another key"),
        pytest.param(shared_secret, 502, id="a shared secret"),
        pytest.param(unsigned, 502, id="unsigned"),
        pytest.param(answering(200, access_token="x", token_type="Bearer"), 502, id="no token"),
        pytest.param(answering(302), 502, id="a redirect"),
        pytest.param(answering(400, error="invalid_grant"), 400, id="an expired code"),
        pytest.param(answering(401, error="invalid_client"), 502, id="our secret refused"),
        pytest.param(answering(503), 503, id="out of order"),
    ],
)
def test_what_does_not_hold_signs_nobody_in(
    at_provider: Clients,
    puppet: Puppet,
    engine: Engine,
    bend: Callable[[Puppet], None],
    status: int,
) -> None:
    client = at_provider(puppet.issuer)
    link(engine, puppet.issuer)
    back = begun(client, puppet)
    bend(puppet)
    answer = client.get(back)
    assert answer.status_code == status, answer.text
    check_page(answer.text)
    assert not is_signed_in(client)
    assert "/elsewhere" not in puppet.asked
    # A password still opens the door.
    assert signed_in(client, f"canbo{HOME}")


def test_a_straight_answer_signs_in_and_carries_the_verifier(
    at_provider: Clients, puppet: Puppet, engine: Engine
) -> None:
    client = at_provider(puppet.issuer)
    link(engine, puppet.issuer)
    answer = client.get(begun(client, puppet, next="//evil.example/"))
    assert answer.headers["location"] == "/"
    assert is_signed_in(client)
    assert "code_verifier=" in puppet.posted[0]
    with transaction(engine) as session:
        disable_user(session, f"canbo{HOME}", actor=administrator(session), at=now())
    closed = client.get(begun(client, puppet))
    assert closed.status_code == 422
    assert "đang bị khóa" in closed.text


@only_sqlite
def test_a_new_key_of_the_provider_is_asked_for(
    at_provider: Clients, puppet: Puppet, engine: Engine
) -> None:
    client = at_provider(puppet.issuer)
    link(engine, puppet.issuer)
    assert client.get(begun(client, puppet)).status_code == 303
    puppet.signs_with = new_key("hai")
    puppet.published = [puppet.signs_with]
    puppet.header = {"alg": "RS256", "kid": "hai"}
    # Asked a moment ago: an unknown key is no reason to ask for keys with every token.
    assert client.get(begun(client, puppet)).status_code == 502
    assert puppet.asked.count("/keys") == 1
    known = client.app.state.account_provider  # type: ignore[attr-defined]  # -- of the application
    known._keys_at -= timedelta(minutes=2)
    assert client.get(begun(client, puppet)).status_code == 303
    assert puppet.asked.count("/keys") == 2


@only_sqlite
@pytest.mark.parametrize(
    ("way", "status"),
    [
        ("?code=mot-ma&state=khac", 400),
        ("?code=mot-ma", 400),
        ("", 400),
    ],
)
def test_a_state_that_this_browser_did_not_begin_is_refused(
    at_provider: Clients, puppet: Puppet, engine: Engine, way: str, status: int
) -> None:
    client = at_provider(puppet.issuer)
    link(engine, puppet.issuer)
    begun(client, puppet)
    answer = client.get(f"/sign-in/provider/back{way}")
    assert answer.status_code == status
    assert not puppet.posted
    assert not is_signed_in(client)


@only_sqlite
def test_a_forged_cookie_another_issuer_and_a_person_who_stops_sign_nobody_in(
    at_provider: Clients, puppet: Puppet, engine: Engine
) -> None:
    client = at_provider(puppet.issuer)
    link(engine, puppet.issuer)
    back = begun(client, puppet)
    mixed = client.get(f"{back}&iss=https://khac.example")
    assert mixed.status_code == 502
    back = begun(client, puppet)
    stopped = client.get(f"{back.replace('code=mot-ma&', '')}&error=access_denied")
    assert stopped.status_code == 400
    assert "đã dừng lại" in stopped.text
    back = begun(client, puppet)
    forged = client.cookies[ATTEMPT][:-8] + "AAAAAAA="
    client.cookies.clear()
    client.cookies.set(ATTEMPT, forged)
    assert client.get(back).status_code == 400
    assert not puppet.posted


@only_sqlite
def test_a_provider_that_is_away_or_says_odd_things_of_itself_is_told_plainly(
    at_provider: Clients, puppet: Puppet
) -> None:
    away = at_provider("http://127.0.0.1:9", oidc_seconds=2.0)
    answer = away.get("/sign-in/provider")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    check_page(answer.text)
    assert "mật khẩu" in answer.text
    for bend in (
        {"issuer": "https://khac.example"},
        {"token_endpoint": "http://10.0.0.1/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": None},
    ):
        puppet.bend_metadata = lambda told, bend=bend: told.update(bend)  # type: ignore[misc]  # -- of this turn
        assert at_provider(puppet.issuer).get("/sign-in/provider").status_code == 502


def test_linking_goes_from_ones_own_page_in_ones_own_session(
    at_provider: Clients, puppet: Puppet, engine: Engine
) -> None:
    client = signed_in(at_provider(puppet.issuer), f"canbo{HOME}")
    ticket = re.search(r"\?link=([^\"]+)", client.get("/account/provider").text)
    assert ticket
    assert client.get("/sign-in/provider", params={"link": "tu-nghi-ra"}).status_code == 403
    back = begun(client, puppet, link=ticket[1].replace("%3D", "="))
    # Somebody else signed in meanwhile: their account is linked to nothing.
    attempt = client.cookies[ATTEMPT]
    signed_in(client, "quantri")
    client.cookies.set(ATTEMPT, attempt)
    assert client.get(back).status_code == 403
    signed_in(client, f"canbo{HOME}")
    back = begun(client, puppet, link=ticket[1].replace("%3D", "="))
    assert client.get(back).headers["location"] == "/account/provider"
    page = client.get("/account/provider").text
    check_page(page)
    unlink = re.search(r'action="(/account/provider/\d+/unlink)"', page)
    assert unlink
    # What stands for one account is nobody else's.
    signed_in(client, "quantri")
    page = client.get("/accounts/quantri").text
    check_page(page)
    taken = press(client, page, "/accounts/quantri/identities", subject="giang")
    assert taken.status_code == 409
    signed_in(client, f"canbo{HOME}")
    page = client.get("/account/provider").text
    assert press(client, page, unlink[1]).status_code == 303
    with reading(engine) as session:
        assert session.exec(select(ProviderIdentity)).first() is None


@only_sqlite
def test_a_second_factor_shown_at_the_provider_counts_where_the_settings_say_so(
    at_provider: Clients, puppet: Puppet, engine: Engine
) -> None:
    link(engine, puppet.issuer, "quantri")
    roles = {"second_factor_roles": "administrator", "oidc_second_factor": "loa3, otp"}
    client = at_provider(puppet.issuer, **roles)
    answer = client.get(begun(client, puppet, next="/accounts"))
    assert answer.headers["location"] != "/accounts"
    assert not is_signed_in(client)
    puppet.bend_claims = lambda told: told.update(amr=["pwd", "otp"])
    answer = client.get(begun(client, puppet, next="/accounts"))
    assert answer.headers["location"] == "/accounts"
    assert is_signed_in(client)


@only_sqlite
def test_without_a_provider_there_is_no_such_door(client: TestClient) -> None:
    for path in ("/sign-in/provider", "/sign-in/provider/back", "/sign-in/provider/out"):
        answer = client.get(path)
        assert answer.status_code == 404
        check_page(answer.text)
    assert "/sign-in/provider" not in client.get("/sign-in").text
