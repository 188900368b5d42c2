"""An invitation opens one post, for one address, once, for seven days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, override_settings
from django.utils import timezone

from accounts.models import Administrator, OutgoingMessage, SecurityEvent, User
from complaints.notices.delivery import give_up_old
from enterprises.models import Staff
from enterprises.models.team import Invitation
from enterprises.team.team import address_digest
from tests import found_in, reloaded, undone
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.following import follow

MAIL = "newcomer@example.com"
PASSWORD = "a long sentence that nobody guesses"
ACCEPT = "/account/invitation/"


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(WEDNESDAY, tick=False) as clock:
        yield clock


def invited(world: World, *, mail: str = MAIL, role: str = "handler") -> str:
    """The path of the link in the letter."""
    typed = {"email": mail, "post": f"branch-{world.fuzhou.pk}", "role": role}
    answer = send(signed_in(world.lead), "/enterprise/team/invite/", typed)
    assert answer.status_code == 302, shown(answer)
    letter = OutgoingMessage.objects.order_by("pk").last()
    assert letter.address == mail
    result = re.search(r"/account/invitation/[\w-]+/", letter.body)
    assert result is not None
    return result.group()


def with_password(client: Client, password: str = PASSWORD) -> Any:
    return send(client, ACCEPT, {"name": "新试", "password": password, "again": password})


def accepted(link: str, mail: str = MAIL, *, client: Client | None = None) -> Client:
    client = client or Client()
    assert follow(client, link)["Location"] == ACCEPT
    assert send(client, ACCEPT, {"email": mail}).status_code == 302
    return client


def test_a_newcomer_accepts_sets_a_password_and_goes_on_to_the_second_factor(world: World) -> None:
    link = invited(world)
    token = link.split("/")[-2]
    assert len(token) >= 22
    assert not found_in(str(vars(Invitation.objects.get())), token, MAIL)
    client = accepted(link)
    weak = with_password(client, "password1234")
    assert (weak.status_code, "新试" in shown(weak), "password1234" in shown(weak)) == (422, True, False)
    done = with_password(client)
    assert done.status_code == 302
    assert done["Location"].startswith("/account/second-factor/set-up/")
    user = Staff.objects.latest("pk").user
    assert (user.name, user.email, user.check_password(PASSWORD)) == ("新试", MAIL, True)
    expected = (world.mobile.pk, world.fuzhou.pk, "handler", timezone.localdate())
    assert Staff.objects.values_list("enterprise", "branch", "role", "starts_on").get(user=user) == expected
    given = SecurityEvent.objects.get(kind="role_given")
    assert (given.person_key, given.subject) == (world.lead.person_key, str(user.person_key))
    # Without the second factor nobody at work is in.
    assert client.get("/enterprise/queue/").status_code == 302


def test_T12_the_link_alone_opens_nothing_works_once_and_wrong_addresses_are_counted(world: World) -> None:
    link, client = invited(world), Client()
    follow(client, link)
    for number in range(5):
        send(client, ACCEPT, {"email": f"guess{number}@example.com"})
    assert "试得太多了" in shown(send(client, ACCEPT, {"email": MAIL}))
    link = invited(world)
    client = Client()
    follow(client, link)
    for _ in range(2):
        assert send(client, ACCEPT, {"email": "somebody@example.com"}).status_code == 422
    assert not Staff.objects.filter(role="handler", starts_on=timezone.localdate()).exists()
    assert with_password(accepted(link)).status_code == 302
    again = Client()
    assert follow(again, link).status_code == 404
    assert again.get(ACCEPT).status_code == 404


def test_T12_what_is_over_looks_like_what_never_was(world: World, wednesday: time_machine.Traveller) -> None:
    link = invited(world)
    for what, status in (("late", 404), ("revoked", 404), ("inviter left", 409)):
        with undone():
            client = accepted(link)
            if what == "late":
                wednesday.shift(timedelta(days=7))
            elif what == "revoked":
                path = f"/enterprise/team/invitations/{Invitation.objects.get().pk}/revoke/"
                assert [send(signed_in(user), path, {}).status_code for user in (world.hua, world.lead)] == [404, 302]
            else:
                Staff.objects.filter(user=world.lead).update(ends_on=timezone.localdate() - timedelta(days=1))
            assert with_password(client).status_code == status, what
            assert not Staff.objects.filter(starts_on=timezone.localdate()).exists()
            assert not User.objects.with_email(MAIL).exists()
        wednesday.move_to(WEDNESDAY)
    stranger = Client()
    follow(stranger, "/account/invitation/AAAAAAAAAAAAAAAAAAAAAA/")
    assert with_password(stranger).status_code == 404
    assert not User.objects.with_email(MAIL).exists()


def test_T12_of_an_invitation_a_second_opening_needs_a_new_one(world: World) -> None:
    link = invited(world)
    accepted(link)
    other = Client()
    assert follow(other, link, form="another-page-of-it").status_code == 404
    assert other.get(ACCEPT).status_code == 404


def with_invitation(client: Client, user: User, link: str) -> None:
    """Signed in, the invitation opened before in mind."""
    client.force_login(user)
    session = client.session
    session["invitation_token"] = link.split("/")[-2]
    session.save()


def test_T13_somebody_we_know_signs_in_and_joins_and_an_administrator_cannot(world: World) -> None:
    link = invited(world, mail="otto@example.com")
    world.otto.email = "otto@example.com"
    world.otto.save()
    client = Client()
    follow(client, link)
    assert send(client, ACCEPT, {"email": "otto@example.com"})["Location"] == ACCEPT
    assert 'href="/account/sign-in/?next=%2Faccount%2Finvitation%2F"' in shown(client.get(ACCEPT))
    with_invitation(client, world.otto, link)
    assert "接受邀请" in shown(client.get(ACCEPT))
    assert with_password(client).status_code == 302
    assert Staff.objects.filter(user=world.otto, role="handler").exists()
    other = signed_in(world.chen)
    follow(other, invited(world))
    assert "另一个邮箱" in shown(other.get(ACCEPT))
    assert with_password(other).status_code == 422
    assert not Staff.objects.filter(user=world.chen).exists()
    keeper = User.objects.create_user(email="keeper@example.com", password=PASSWORD, name="管试")
    Administrator.objects.create(user=keeper, kind="audit", since=WEDNESDAY)
    client, link = Client(), invited(world, mail="keeper@example.com")
    with_invitation(client, keeper, link)
    assert send(client, ACCEPT, {}).status_code == 409
    assert Invitation.objects.latest("pk").used_at is None


def test_a_form_that_asks_for_too_much_is_refused_with_the_reason(world: World) -> None:
    client = signed_in(world.lead)
    for given in (
        {"email": "nobody", "post": f"branch-{world.fuzhou.pk}", "role": "handler"},
        {"email": MAIL, "post": f"enterprise-{world.telecom.pk}", "role": "handler"},
        {"email": MAIL, "post": f"branch-{world.fuzhou.pk}", "role": "approver"},
        {},
    ):
        answer = send(client, "/enterprise/team/invite/", given)
        assert (answer.status_code, "error-summary" in shown(answer)) == (422, True)
    assert not Invitation.objects.exists()


def test_the_letter_waits_longer_than_a_code(world: World, wednesday: time_machine.Traveller) -> None:
    invited(world)
    wednesday.shift(timedelta(days=2))
    give_up_old(now=timezone.now())
    letter = OutgoingMessage.objects.get()
    assert (letter.state, bool(letter.body)) == ("queued", True)
    wednesday.shift(timedelta(days=5))
    give_up_old(now=timezone.now())
    assert (reloaded(letter).state, letter.body) == ("given_up", "")


@override_settings(SECRET_KEY="a key of long ago")
def test_an_open_invitation_outlives_an_update_of_the_portal() -> None:
    # What the row holds was written by the portal that sent the letter.
    digest = "9ddbf1fce14f722b87c878e3cca9a515f0e607ad9173f4dbc27592c83e014271"
    assert address_digest(" Newcomer@example.com ") == digest
