"""What somebody typed is shown as they typed it, and no browser runs it."""

import inspect
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from complaints import handling
from complaints.handling.steps import both, consumer, enterprise, offers
from complaints.models import Complaint
from complaints.procedure.filing_request import DemandRequest, RespondentRequest
from complaints.procedure.workflow import Status
from complaints.settlement import offer_terms
from enterprises.models import Branch
from odr_portal.celery import app
from tests.cast import World
from tests.given import BECAUSE, a_complaint, a_request, step

POLYGLOTS = (
    "\"'><x-evil onmouseover=alert(1)>",
    "</textarea></title></option></script><x-evil onfocus=alert(1) autofocus>",
    "javascript:alert(1)//<svg/onload=alert(1)>",
    "{{7*7}}{% load static %}<img src=x onerror=alert(1)>",
    "`${alert(1)}`\u202e<x-evil>&lt;x-evil&gt;",
)
ALL = " ".join(POLYGLOTS)


class Reader(HTMLParser):
    """Collects what a browser would take for live."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name.startswith("on") or name == "style" or (value or "").strip().lower().startswith("javascript:"):
                self.alive.append(f"<{tag} {name}={value}>")
        source = dict(attrs).get("src")
        if tag == "x-evil" or (tag == "script" and not (source or "").startswith("/static/")) or source == "x":
            self.alive.append(f"<{tag}>")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def hostile(world: World) -> Complaint:
    """A case whose every text wants to be more than text."""
    now = timezone.now() - timedelta(hours=30)
    for user in (world.chen, world.ming, world.rui):
        user.name = ALL[:110]
        user.save()
    Branch.objects.filter(pk=world.fuzhou.pk).update(name=ALL[:100], name_en=ALL[:100])
    request = replace(
        a_request(world, now=now),
        statement=ALL,
        item_name=ALL[:190],
        consumer_name=ALL[:110],
        consumer_address=ALL,
        brand=ALL[:100],
        source=ALL[:70],
        place=ALL,
        order_no=ALL[:50],
        demand_note=ALL,
        respondents=(
            RespondentRequest(
                enterprise_id=world.mobile.pk,
                branch_id=world.fuzhou.pk,
                named=ALL[:190],
                address=ALL,
                link="javascript:alert(1)",
                phone=ALL[:30],
            ),
        ),
        demands=(DemandRequest(kind="refund", note=ALL), DemandRequest(kind="apology", note=ALL)),
    )
    case = handling.file([request], actor=world.consumer, now=now)[0]
    step(
        case,
        handling.MOVES["forward"](enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=BECAUSE),
        world.actor("system"),
        now,
    )
    step(case, enterprise.accept_case(handler_id=world.ming_staff.pk), world.handler, now)
    step(case, enterprise.ask_consumer(text=ALL), world.handler, now)
    step(case, consumer.add_statement(text=ALL), world.consumer, now)
    step(case, enterprise.add_internal_note(text=ALL), world.handler, now)
    step(
        case,
        offers.make_offer(
            answers=[
                offer_terms.Answer(demand=1, verdict="refuse", reason=ALL),
                offer_terms.Answer(demand=2, verdict="refuse", reason=ALL),
            ],
            promises=(),
            message=ALL,
        ),
        world.handler,
        now + timedelta(minutes=1),
    )
    step(case, both.claim_settled_elsewhere(text=ALL), world.consumer, now + timedelta(minutes=2))
    return case


def test_the_reader_of_this_test_finds_what_is_alive() -> None:
    reader = Reader()
    reader.feed(ALL)
    assert len(reader.alive) >= 4


PAGES = {
    "chen": [
        "/cases/",
        "/cases/{n}/",
        "/cases/{n}/offer/{o}/",
        "/cases/{n}/correct/",
        "/account/",
        "/account/privacy/",
    ],
    "ming": ["/enterprise/queue/", "/enterprise/cases/{n}/", "/enterprise/cases/{n}/offer/", "/enterprise/team/"],
    "rui": ["/authority/cases/", "/authority/cases/{n}/", "/authority/", "/authority/notices/", "/oversight/"],
    "su": ["/authority/triage/", "/authority/cases/"],
}


@pytest.mark.parametrize("who", PAGES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_T30_T53_nothing_that_was_typed_comes_alive(world: World, hostile: Complaint, who: str, language: str) -> None:
    client = Client()
    client.cookies["django_language"] = language
    client.force_login(getattr(world, who))
    seen = 0
    for pattern in PAGES[who]:
        offer = hostile.offers.get().pk  # type: ignore[attr-defined]
        answer = client.get(pattern.format(n=hostile.number, o=offer), follow=True)
        page = answer.content.decode()
        assert answer.status_code in (200, 404), pattern
        reader = Reader()
        reader.feed(page)
        assert reader.alive == [], pattern
        seen += "x-evil" in reader.text
        assert not re.search(r">\s*49\s*<", page)
    assert seen or who == "su", "the pages show none of the texts, so this proves nothing"
    assert hostile.status == Status.AWAITING_CONSUMER


OURS = ("complaints.", "routing.", "oversight.", "enterprises.", "odr_portal.")


def ours() -> dict[str, object]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if name.startswith(OURS)}


def test_T90_no_task_takes_an_argument_so_no_message_can_name_a_case() -> None:
    assert len(ours()) >= 5
    for name, task in ours().items():
        assert not inspect.signature(task.run).parameters, name  # type: ignore[attr-defined]
    assert app.conf.accept_content == ["json"]


def fingerprint() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select md5(coalesce(string_agg(c::text, '|' order by id), '')) from complaints_complaint c")
        return str(cursor.fetchone()[0])


def test_T17_T90_a_forged_message_changes_no_case(world: World) -> None:
    a_complaint(world, status=Status.NEGOTIATING)
    before = fingerprint()
    for task in ours().values():
        for arguments in ([1], ["1 or 1=1"], [{"complaint": 1}], [10**9, "close"]):
            with pytest.raises(TypeError):
                task.apply(args=arguments, throw=True)  # type: ignore[attr-defined]
    assert fingerprint() == before
