"""Who an actor is: posts, units, and what they let it see; no database."""

import pytest

from app.domain.accounts.enums import Role
from app.domain.accounts.rules import PROVINCE_WIDE, ROLE_LABELS, SYSTEM, Actor, Grant


def actor(*grants: Grant, unit_name: str = "") -> Actor:
    return Actor(user_id=7, name="Lò Văn Mẫu", grants=grants, unit_name=unit_name)


def test_every_role_has_a_name_for_people() -> None:
    assert set(ROLE_LABELS) == set(Role)


def test_a_post_counts_for_its_own_unit_only() -> None:
    officer = actor(Grant(Role.COMMUNE_OFFICER, unit_code="03390"))
    assert officer.has(Role.COMMUNE_OFFICER, Role.AUDITOR)
    assert officer.has_in_unit("03390", Role.COMMUNE_OFFICER)
    assert not officer.has_in_unit("03405", Role.COMMUNE_OFFICER)
    assert not officer.has_in_unit("03390", Role.COMMUNE_LEADER)
    assert officer.units == {"03390"}


def test_an_account_acts_for_the_producers_it_represents() -> None:
    producer = actor(Grant(Role.PRODUCER, producer_id=3), Grant(Role.PRODUCER, producer_id=4))
    assert producer.producer_ids == {3, 4}
    assert producer.acts_for(3)
    assert not producer.acts_for(5)
    assert not producer.acts_for(None)


@pytest.mark.parametrize("role", Role)
def test_only_province_wide_posts_see_every_commune(role: Role) -> None:
    assert actor(Grant(role)).sees_province == (role in PROVINCE_WIDE)


def test_the_administrator_and_the_council_do_not_see_every_dossier_by_their_post() -> None:
    assert not {Role.ADMINISTRATOR, Role.COUNCIL_MEMBER, Role.PARTNER} & PROVINCE_WIDE


def test_the_office_names_each_role_once_and_the_unit() -> None:
    held = (
        Grant(Role.COMMUNE_OFFICER, unit_code="03390"),
        Grant(Role.COMMUNE_OFFICER, unit_code="03405"),
        Grant(Role.PRODUCER, producer_id=1),
    )
    assert actor(*held, unit_name="Xã Bình Lư").office == "Cán bộ xã, Chủ thể OCOP · Xã Bình Lư"
    assert actor(*held).role_label == "Cán bộ xã"
    assert actor().office == "—"
    assert actor().role_label == ""


def test_the_system_itself_holds_no_post() -> None:
    assert SYSTEM.user_id is None
    assert not SYSTEM.has(*Role)
