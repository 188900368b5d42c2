"""Lost or stolen: all sessions and tokens end at once, by the person or an officer; the log shows every entry."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import OutgoingMessage, SecurityEvent
from accounts.security_log import note
from tests import missing_in, reloaded
from tests.accounts.test_second_factor import KEY, NOW
from tests.accounts.test_sessions_and_changes import consumer_in, is_in
from tests.api.conftest import token_for
from tests.cast import World

pytestmark = pytest.mark.django_db
OFFICERS = "/authority/lost-device/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_T27_a_person_ends_every_session_and_token_at_once_and_is_told(client: Client, world: World) -> None:
    consumer_in(client)
    lost, stranger = Client(), Client()
    lost.force_login(world.chen)
    stranger.force_login(world.otto)
    own, foreign = (token_for(user, world=world).token for user in (world.chen, world.otto))
    assert own.shown in client.get("/account/sessions/").content.decode()
    answer = client.post("/account/sessions/", {"everything": "1", **KEY})
    assert "所有设备都已退出" in client.get(answer["Location"]).content.decode()
    assert [is_in(one) for one in (client, lost, stranger)] == [False, False, True]
    assert (reloaded(own).revoked_at, reloaded(foreign).revoked_at) == (NOW, None)
    told = OutgoingMessage.objects.latest("id")
    assert (told.address, "1个程序令牌" in told.body) == (world.chen.phone, True)
    assert SecurityEvent.objects.get(kind="everything_ended").person_key == world.chen.person_key


def test_T27_an_officer_ends_it_after_a_call_back_is_recorded_and_learns_of_no_account(
    client: Client, world: World
) -> None:
    consumer_in(client)
    token = token_for(world.chen, world=world).token
    officer = Client()
    officer.force_login(world.rui)
    said = []
    for phone in ("13800000001", "19900004321"):
        body = {"address": phone, "how": "called_back", "idempotency_key": f"a1b2c3d4{phone}"}
        assert officer.post(OFFICERS, body)["Location"] == OFFICERS
        said.append(officer.get(OFFICERS).content.decode().replace("138****0001", "").replace("199****4321", ""))
    assert "已办" in said[0]
    assert said[0].split("</form>")[-1] == said[1].split("</form>")[-1]
    assert (is_in(client), reloaded(token).revoked_at) == (False, NOW)
    entry = SecurityEvent.objects.get(kind="everything_ended")
    assert (entry.person_key, entry.subject) == (world.rui.person_key, str(world.chen.person_key))
    assert entry.reason == "called_back"
    assert OutgoingMessage.objects.latest("id").address == world.chen.phone
    assert officer.post(OFFICERS, {"address": "x", **KEY}).status_code == 422
    for who in (world.ming, world.otto):
        other = Client()
        other.force_login(who)
        assert other.get(OFFICERS).status_code == 404


def test_T83_a_person_reads_every_entry_by_or_about_the_own_account_and_no_other(client: Client, world: World) -> None:
    note("reveal", now=NOW, user=world.otto, organisation="别家单位", address="203.0.113.9")
    note(
        "account_off",
        now=NOW,
        user=world.rui,
        subject=str(world.chen.person_key),
        organisation="某机关",
        address="192.0.2.7",
    )
    for number in range(60):
        note("stepped_up", now=NOW + timedelta(seconds=number), user=world.chen, address=f"198.51.100.{100 + number}")
    client.force_login(world.chen)
    seen, following = "", "/account/log/"
    while following:
        answer = client.get(following)
        seen, following = seen + answer.content.decode(), answer.context["next_url"]
    assert not missing_in(seen, *(f"198.51.100.{100 + n}" for n in range(60)), "停用账号", "某机关", "别人办的")
    assert not {text for text in ("192.0.2.7", "203.0.113.9", "别家单位") if text in seen}
    assert Client().get("/account/log/").status_code == 302
