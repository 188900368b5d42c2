"""The pages of 三员: each opens only to its duty, and none shows anything of a case."""

import csv
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts import security_log
from accounts.models import Administrator, BrowserSession, SecurityEvent, User
from complaints.handling.transition import contact_access
from complaints.procedure.workflow import Status
from odr_portal.checks import routes
from oversight.models import RestoreDrill
from tests import given, missing_in, reloaded
from tests.access.test_team import person
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import send, shown, signed_in

PAGES = {
    "system": ["/administration/system/", "/administration/changes/"],
    "security": [f"/administration/{name}/" for name in ("log", "people", "holds", "changes")],
    "audit": [f"/administration/{name}/" for name in ("audit", "log", "holds", "changes")],
}
ALL = sorted({page for pages in PAGES.values() for page in pages})
#: What stands for the parts of an address in a walk over all of a case.
PARTS = {"<slug:slug>": "accept", "<int:pk>": "1", "<str:clock>": "negotiation", "<slug:step>": "statement"}
PARTS |= {"<int:offer>": "1"}
CANARIES = ("宽带每月多扣费", "智家体验包", "陈试", "13800000001", "某路1号")


@pytest.fixture
def keepers(world: World) -> dict[str, User]:
    result = {}
    for kind in PAGES:
        result[kind] = person(kind)
        Administrator.objects.create(user=result[kind], kind=kind, since=WEDNESDAY)
    return result


def page_of(user: User) -> str:
    return f"/administration/people/{user.person_key}/"


def test_T13_each_duty_opens_its_own_pages_and_nobody_else_any(world: World, keepers: dict[str, User]) -> None:
    for kind, user in keepers.items():
        client = signed_in(user)
        assert client.get("/administration/")["Location"] == PAGES[kind][0]
        home = client.get(PAGES[kind][0]).content.decode()
        assert missing_in(home, *(f'<a href="{page}"' for page in PAGES[kind])) == [], "each is in the menu"
        for page in ALL:
            assert client.get(page).status_code == (200 if page in PAGES[kind] else 404), (kind, page)
    for user in (world.chen, world.lead, world.head_officer.user):
        for page in [*ALL, "/administration/", page_of(world.chen)]:
            assert signed_in(user).get(page).status_code == 404


def test_T13_no_administrator_sees_anything_of_a_case_and_each_of_its_pages_is_404(
    world: World, keepers: dict[str, User]
) -> None:
    cases = [given.a_complaint(world, status=status) for status in (Status.NEGOTIATING, Status.REVIEW, Status.CLOSED)]
    given.step(cases[0], contact_access.reveal_contact(reason="look_call"), world.handler, WEDNESDAY)
    clients = {kind: signed_in(user) for kind, user in keepers.items()}
    for kind, client in clients.items():
        pages = [*PAGES[kind], page_of(world.chen)]
        if kind == "audit":
            pages.append(f"/administration/audit/?case={cases[0].number}")
        for page in pages:
            text = shown(client.get(page))
            assert not [word for word in CANARIES if word in text], (kind, page)
    # The pages are not empty by accident: what may be counted is counted.
    text = shown(clients["audit"].get(f"/administration/audit/?case={cases[0].number}"))
    assert ("记录完整" in text, "有0条案件记录还不在检查点之内" in text) == (True, False)
    walked = 0
    for name, pattern, _view in routes():
        if "<str:number>" not in pattern or name.startswith("complaints:track"):
            continue
        path = pattern.replace("<str:number>", cases[0].number)
        for part, value in PARTS.items():
            path = path.replace(part, value)
        if "<" in path:
            continue
        for kind, client in clients.items():
            # A program shows a token: a session is nothing there.
            assert client.get(path).status_code in ((401,) if path.startswith("/api/") else (404, 405)), (kind, path)
            walked += 1
    assert walked > 60
    for client in clients.values():
        for page in ("/cases/", "/enterprise/queue/", "/authority/", "/oversight/"):
            assert client.get(page).status_code == 404


def test_the_security_administrator_switches_somebody_off_at_once(world: World, keepers: dict[str, User]) -> None:
    working, client = signed_in(world.ming), signed_in(keepers["security"])
    assert working.get("/enterprise/queue/").status_code == 200
    page = page_of(world.ming)
    assert client.get("/administration/people/", {"q": "MING@example.com"})["Location"] == page
    assert not missing_in(shown(client.get(page)), "中国移动福州分公司", "m***@example.com")
    assert send(client, page, {"do": "off"}).status_code == 302
    assert working.get("/enterprise/queue/").status_code == 302
    assert not BrowserSession.objects.filter(user=world.ming).exists()
    assert SecurityEvent.objects.get(kind="account_off").subject == str(world.ming.person_key)
    assert not reloaded(world.ming).is_active
    assert send(client, page, {"do": "nothing"}).status_code == 409


def test_T13_who_asks_for_what_and_the_last_holder_stays(world: World, keepers: dict[str, User]) -> None:
    client = signed_in(keepers["security"])
    new = person("new")
    for user, typed, status in (
        (new, {"do": "appoint", "kind": "owner"}, 409),
        (new, {"do": "appoint", "kind": "audit"}, 302),
        (new, {"do": "appoint", "kind": "system"}, 409),
        (world.ming, {"do": "appoint", "kind": "audit"}, 409),
        (keepers["audit"], {"do": "dismiss"}, 409),
        (new, {"do": "dismiss"}, 409),
        (keepers["audit"], {"do": "off"}, 409),
        (keepers["security"], {"do": "dismiss"}, 409),
        (keepers["security"], {"do": "off"}, 409),
    ):
        assert send(client, page_of(user), typed).status_code == status, (user.name, typed)
    assert set(Administrator.objects.values_list("user__person_key", "kind")) == {
        (user.person_key, kind) for kind, user in keepers.items()
    }


def test_T37_the_log_is_filtered_costs_the_same_however_long_and_an_alert_stands_out(
    world: World, keepers: dict[str, User], settings: Any
) -> None:
    now, client = timezone.now(), signed_in(keepers["audit"])

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    security_log.note("denied", now=now, user=world.ming, reason="far")
    client.get("/administration/log/")
    few = queries("/administration/log/")
    for _ in range(60):
        security_log.note("sign_in", now=now, user=world.ming, organisation="x")
    assert queries("/administration/log/") == few
    page = shown(client.get("/administration/log/", {"kind": "denied"}))
    assert ("far" in page, page.count('<tr role="row">')) == (True, 2)
    assert "没有符合条件的记录" in shown(client.get("/administration/log/", {"who": "nobody@example.com"}))
    odd = {"kind": "x" * 500, "since": "yesterday", "after": "1.x"}
    assert client.get("/administration/log/", odd).status_code == 200
    settings.REVEALS_A_DAY = 1
    for _ in range(2):
        case = given.a_complaint(world, status=Status.NEGOTIATING)
        given.step(case, contact_access.reveal_contact(reason="look_call"), world.handler, WEDNESDAY)
    typed = {"kind": "reveal_alert"}
    assert "查看联系方式过多" in shown(signed_in(keepers["security"]).get("/administration/log/", typed))


def test_T84_the_configuration_shows_no_secret_and_there_is_no_other_administration(
    world: World, keepers: dict[str, User], settings: Any
) -> None:
    page = shown(signed_in(keepers["system"]).get("/administration/system/"))
    assert ("REVEAL_MINUTES" in page, settings.SECRET_KEY in page, len(settings.SECRET_KEY) > 30) == (True, False, True)
    assert not [name for name, _pattern, _view in routes() if name.startswith("admin:")]
    assert reverse("oversight:administration") == "/administration/"
    assert "admin/" not in {str(entry.pattern) for entry in get_resolver().url_patterns}


def test_the_page_of_the_system_says_what_came_of_the_last_restore_drill(
    keepers: dict[str, User], settings: Any
) -> None:
    client, page, now = signed_in(keepers["system"]), "/administration/system/", timezone.now()
    assert "还没有演练过" in shown(client.get(page))
    row = {"at": now - timedelta(hours=5), "as_of": now - timedelta(hours=7), "seconds": 240}
    RestoreDrill.objects.create(
        **row, cases=12, entries=345, rows=6789, backup="portal-of-the-night.tar", result="sound"
    )
    told = ("恢复成功，记录没有断开", "portal-of-the-night.tar", "6,789", "12件投诉，345条记录", "5小时前，用了4分钟")
    assert missing_in(shown(client.get(page)), *told) == []
    RestoreDrill.objects.create(**row, backup="portal-of-the-night.tar", result="broken")
    assert missing_in(shown(client.get(page)), "恢复出来的记录有断开", "最近一次恢复演练没有通过") == []
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert (
        missing_in(
            client.get(page).content.decode(),
            "Restored record is broken",
            "took 4 minutes",
            "The last restore drill failed",
        )
        == []
    )


def test_T83_an_incident_is_handed_over_with_who_what_and_when(world: World, tmp_path: Path) -> None:
    now = timezone.now()
    about = {"organisation": "=cmd|' /C calc'!A0", "subject": "case", "reason": "look_call", "address": "192.0.2.7"}
    security_log.note("reveal", now=now, user=world.ming, **about)
    out = tmp_path / "incident.csv"
    call_command("export_incident", since=timezone.localdate(now).isoformat(), out=str(out), stderr=StringIO())
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    (row,) = [row for row in rows if row["kind"] == "reveal"]
    assert (row["person_key"], row["subject"], row["address"]) == (str(world.ming.person_key), "case", "192.0.2.7")
    assert not row["organisation"].startswith("=")
    assert security_log.KEPT_FOR.days >= 183
    with pytest.raises(CommandError):
        call_command("export_incident", since="yesterday", stderr=StringIO())
