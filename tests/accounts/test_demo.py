"""The demo signs in with one click; it never opens on a database of real people."""

import pytest
from django.test import Client

from accounts.demo import refuse_real_people
from accounts.models import User
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
KEY = {"idempotency_key": "a1b2c3d4e5f6a7b8"}


def test_an_empty_database_and_a_demo_may_start() -> None:
    refuse_real_people()
    User.objects.create_user("ming@demo.invalid", PASSWORD)
    User.objects.create_user(phone="+8613800000001")
    refuse_real_people()


@pytest.mark.parametrize("click", [True, False])
def test_people_of_the_demo_need_no_factor_and_only_in_the_demo(client: Client, settings: object, click: bool) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    person = User.objects.create_user("ming@demo.invalid", PASSWORD, name="明")
    if click:
        client.post("/account/sign-in/demo/", {"person": person.pk, **KEY})
    else:
        client.post("/account/sign-in/password/", {"email": "ming@demo.invalid", "password": PASSWORD, **KEY})
    assert client.get("/account/").status_code == 200
    assert client.get("/account/password/").status_code == 200
    settings.DEMO = False  # type: ignore[attr-defined]
    assert client.get("/account/").status_code == 302


def test_a_real_person_needs_the_factor_in_the_demo_and_a_database_of_them_refuses_in_one_sentence(
    client: Client, settings: object
) -> None:
    settings.DEMO = True  # type: ignore[attr-defined]
    User.objects.create_user("ming@example.com", PASSWORD, name="明")
    client.post("/account/sign-in/password/", {"email": "ming@example.com", "password": PASSWORD, **KEY})
    assert client.get("/account/").status_code == 302
    User.objects.create_user(phone="+8613800000001")
    with pytest.raises(SystemExit, match=r"^DEMO=1, but this database has people[^.]*\.$"):
        refuse_real_people()
