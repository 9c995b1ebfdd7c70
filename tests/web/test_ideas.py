"""Pages and JSON of product ideas: from the form to the product, without script."""

from uuid import uuid4

from fastapi.testclient import TestClient
from sqlalchemy import Engine

from app.core.db import transaction
from app.domain.ideas.enums import IdeaState
from tests.conftest import AT
from tests.factories.ideas import CONTACT, idea_texts, make_idea
from tests.factories.people import HOME, People, signed_in, token_for
from tests.web.page_checks import check_page
from tests.web.typing import press


def test_an_idea_goes_from_the_form_to_a_product_through_the_pages(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        people.officer()
        people.agency()
    officer = signed_in(client, f"canbo{HOME}")
    form = officer.get("/ideas/new").text
    check_page(form)
    blank = press(officer, form, "/ideas", whose=HOME)
    assert blank.status_code == 422
    made = press(officer, blank.text, "/ideas", **idea_texts())
    assert made.status_code == 303
    idea = str(made.headers["location"])
    assert CONTACT in officer.get(idea).text
    review = officer.get(f"{idea}/review").text
    check_page(review)
    bare = press(officer, review, f"{idea}/review", decision="ask_changes")
    assert bare.status_code == 422
    assert press(officer, bare.text, f"{idea}/review", reason="Nói rõ hơn.").status_code == 303
    edit = officer.get(f"{idea}/edit").text
    assert "Nói rõ hơn." in edit
    assert press(officer, edit, idea, material="Trồng ở bản, 2 ha").status_code == 303
    again = officer.get(f"{idea}/review").text
    assert press(officer, again, f"{idea}/review", decision="accept").status_code == 303
    convert = officer.get(f"{idea}/convert").text
    check_page(convert)
    product = press(
        officer,
        convert,
        f"{idea}/convert",
        set_number="5",
        producer_name="Tổ hợp tác Nà Đon",
        address="Bản Nà Đon",
        representative="Lò Thị Mẫu (nhân vật minh họa)",
    )
    assert product.status_code == 303
    assert idea in officer.get(str(product.headers["location"])).text
    agency = signed_in(client, "canbotinh")
    listed = agency.get("/ideas").text
    check_page(listed)
    assert "Số ý tưởng theo xã" in listed
    assert CONTACT not in agency.get(idea).text


def test_a_stale_idea_names_its_fields_as_the_form_does_in_either_language(
    client: TestClient, engine: Engine
) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        idea = f"/ideas/{make_idea(session, people).code}"
        people.officer()
    officer = signed_in(client, f"canbo{HOME}")
    first, second, third = (officer.get(f"{idea}/edit").text for _ in range(3))
    assert press(officer, first, idea, material="Trồng ở bản, 2 ha").status_code == 303
    stale = press(officer, second, idea, material="Trồng ở bản, 3 ha")
    assert stale.status_code == 409
    check_page(stale.text)
    assert "<dt>Nguyên liệu lấy ở đâu</dt><dd>Trồng ở bản, 2 ha</dd>" in stale.text
    client.cookies.set("ocop_lang", "en")
    stale = press(officer, third, idea, material="Trồng ở bản, 3 ha")
    assert "<dt>Where the material comes from</dt>" in stale.text


def test_a_program_reads_ideas_and_their_counts(client: TestClient, engine: Engine) -> None:
    with transaction(engine) as session:
        people = People(session, AT)
        code = make_idea(session, people, state=IdeaState.ACCEPTED).code
        people.agency()
    headers = {
        "authorization": f"Bearer {token_for(engine, 'canbotinh')}",
        "idempotency-key": str(uuid4()),
    }
    seen = client.get(f"/api/v1/ideas/{code}", headers=headers).json()
    assert (seen["state"], seen["contact"], len(seen["reviews"])) == ("accepted", None, 1)
    counts = client.get("/api/v1/idea-counts", headers=headers).json()
    assert counts == [{"commune_code": HOME, "state": "accepted", "count": 1}]
    refused = client.post(
        f"/api/v1/ideas/{code}/review", headers=headers, json={"decision": "accept", "version": 2}
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "idea.not_reviewer")
