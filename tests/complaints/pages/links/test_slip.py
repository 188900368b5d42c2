"""A slip of paper hands a case over: it opens once, asks for a code after that, and leads the case into an account."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import OpenedLink, SecurityEvent, User
from complaints.links import slips
from complaints.models import Complaint
from complaints.pages.shared import slips as printing
from complaints.procedure.workflow import Status as S
from enterprises.models import Station, StationStaff
from tests import at_once, given, missing_in, reloaded
from tests.accounts.authenticator import newest_code
from tests.cast import World
from tests.complaints.pages.at_the_desk import checked, send, shown, signed_in
from tests.complaints.pages.links.test_prove import DAY, PHONE, without_account
from tests.complaints.pages.links.test_track import with_token


def page_of(case: Complaint) -> str:
    return f"/authority/cases/{case.number}/slip/"


def printed(client: Client, page: str) -> str:
    """The address in the code of the slip that this page prints."""
    text = checked(send(client, page, {}), 200, "<svg")
    found = re.search(r"https?://[^/<]+(/slip/[^/<]+/)", text)
    assert found, text
    return found[1]


def opened(client: Client, path: str, *, key: str = "") -> Any:
    return send(client, path, {"open": "1"}, key=key)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_an_officer_prints_it_and_the_person_scans_it_proves_the_number_and_has_the_case(
    world: World, language: str
) -> None:
    case = without_account(world)
    officer = signed_in(world.su)
    assert page_of(case) in shown(officer.get(f"/authority/cases/{case.number}/"))
    checked(officer.get(page_of(case)), 200)
    assert not SecurityEvent.objects.filter(kind="slip_printed").exists()
    path = printed(officer, page_of(case))
    logged = SecurityEvent.objects.get(kind="slip_printed")
    assert (logged.person_key, logged.subject) == (world.su.person_key, case.number)
    phone = Client(headers={"accept-language": language})
    # Looking writes nothing, however often; the button opens the page without the key.
    for _ in range(2):
        checked(phone.get(path), 200, 'name="open"')
    assert not OpenedLink.objects.exists()
    assert opened(phone, path)["Location"] == f"/track/{case.number}/"
    home = f"/track/{case.number}/"
    page = checked(phone.get(home), 200, case.number, f"{home}withdraw/", f"{home}prove/")
    assert path not in page
    assert phone.get(f"{home}withdraw/")["Location"].startswith(f"{home}code/")
    checked(send(phone, f"{home}code/", {"send": "1", "next": f"{home}prove/"}), 302)
    checked(send(phone, f"{home}code/", {"code": newest_code(), "next": f"{home}prove/"}), 302)
    assert reloaded(case).consumer == User.objects.with_phone(PHONE).get()
    assert reloaded(case).status == S.FILED


def test_the_second_time_it_asks_a_code_and_another_phone_gets_nothing(world: World) -> None:
    case = without_account(world)
    path = printed(signed_in(world.su), page_of(case))
    first, thief = Client(), Client()
    key = "pressed-twice-by-one-finger"
    for _twice in range(2):
        assert opened(first, path, key=key)["Location"] == f"/track/{case.number}/"
    assert opened(thief, path)["Location"] == f"{path}?again=1"
    assert thief.get(f"/track/{case.number}/").status_code == 302
    checked(send(thief, f"{path}?again=1", {"send": "1"}), 302)
    code = newest_code()
    wrong = "000000" if code != "000000" else "111111"
    checked(send(thief, f"{path}?again=1", {"code": wrong}), 422)
    assert send(thief, f"{path}?again=1", {"code": code})["Location"] == f"/track/{case.number}/"


@pytest.mark.django_db(transaction=True)
def test_two_phones_at_once_open_it_once(world: World) -> None:
    case = without_account(world)
    path = printed(signed_in(world.su), page_of(case))
    answers = at_once(partial(opened, Client(), path), partial(opened, Client(), path))
    assert sorted(answer["Location"] for answer in answers) == sorted([f"/track/{case.number}/", f"{path}?again=1"])


def test_it_is_over_after_two_weeks_or_with_another_token_and_rubbish_is_no_slip(client: Client, world: World) -> None:
    case = without_account(world)
    path = printed(signed_in(world.su), page_of(case))
    number, seconds, mark = path.split("/")[2].split(".")
    other = without_account(world, token="another token of another case")
    forged = (
        *(f"{other.number}.{seconds}.{mark}", f"{number}.{int(seconds) + 1}.{mark}", f"{number}.{seconds}.{'A' * 22}"),
        *("x", f"{number}.{seconds}", f"{number}.999999999999.{mark}", "😀", f"{number}.{seconds}.{mark}x", "9" * 500),
    )
    for key in forged:
        assert client.get(f"/slip/{key}/").status_code == 200
        checked(opened(client, f"/slip/{key}/"), 404, "12315")
    with time_machine.travel(timezone.now() + 14 * DAY + timedelta(seconds=2), tick=True):
        assert opened(client, path).status_code == 404
    with_token(case, "made anew")
    assert opened(client, path).status_code == 404


def test_only_who_may_write_down_prints_one_and_so_many_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case = without_account(world)
    for who in (world.far_officer.user, world.ming, world.chen, world.otto):
        for answer in (signed_in(who).get(page_of(case)), send(signed_in(who), page_of(case), {})):
            assert answer.status_code == 404, who
    assert signed_in(None).get(page_of(case)).status_code == 302
    assert signed_in(world.su).get(page_of(case).replace(case.number, "20260101-AAAAAAAAAAAA-0")).status_code == 404
    monkeypatch.setattr(printing, "OF_PERSON", printing.Limit("slips", 2, DAY))
    officer, key = signed_in(world.su), "the-same-press-twice-over"
    pages = [shown(send(officer, page_of(case), {}, key=key)) for _twice in range(2)]
    assert len({re.search(r"/slip/[^/<]+/", page)[0] for page in pages}) == 1  # type: ignore[index]
    assert [send(officer, page_of(case), {}).status_code for _ in range(2)] == [200, 429]
    # A case whose token nobody has: imported before there was one.
    Complaint.objects.filter(pk=case.pk).update(tracking_digest="")
    assert 'name="idempotency_key"' not in shown(officer.get(page_of(case))).split("<main")[1].split("</main>")[0]


def test_a_station_prints_one_of_what_was_filed_there_and_may_be_followed(world: World) -> None:
    clerk = User.objects.create_user("clerk@example.com", name="站试")
    here = Station.objects.create(code="SD-01", name="东街口服务站", kind="mall", authority=world.gulou)
    StationStaff.objects.create(user=clerk, station=here)
    workspace = signed_in(clerk)
    filed = {"channel": "station", "station_id": here.pk}
    own = with_token(given.filed(world, now=timezone.now(), **filed, station_sees=True))
    hidden = with_token(given.filed(world, now=timezone.now(), **filed, station_sees=False), "another")
    elsewhere = with_token(given.filed(world, now=timezone.now()), "a third")
    page = f"/station/cases/{own.number}/slip/"
    assert page in shown(workspace.get("/station/cases/"))
    path = printed(workspace, page)
    assert not missing_in(shown(send(workspace, page, {})), here.name, own.number)
    assert opened(Client(), path)["Location"] == f"/track/{own.number}/"
    for case in (hidden, elsewhere):
        assert workspace.get(page.replace(own.number, case.number)).status_code == 404
        assert send(workspace, page.replace(own.number, case.number), {}).status_code == 404
    for who in (world.chen, world.ming, world.rui):
        assert signed_in(who).get(page).status_code == 404


def test_the_receipt_of_an_officer_carries_such_a_code(world: World) -> None:
    case = without_account(world)
    until = case.filed_at + slips.VALID_FOR
    assert slips.path_of(case, until=until) == slips.path_of(case, until=until)
    assert opened(Client(), slips.path_of(case, until=until))["Location"] == f"/track/{case.number}/"
