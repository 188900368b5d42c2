"""What somebody typed is shown as they typed it, and no browser runs it."""

import inspect
import re
from datetime import timedelta
from html.parser import HTMLParser
from itertools import product

import pytest
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
from tests.given import BECAUSE, a_complaint, filed, step

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
    firm = {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk}
    link = {"named": ALL[:190], "address": ALL, "link": "javascript:alert(1)", "phone": ALL[:30]}
    whole = dict.fromkeys(("statement", "consumer_address", "place", "demand_note"), ALL)
    lengths = {"item_name": 190, "consumer_name": 110, "brand": 100, "source": 70, "order_no": 50}
    case = filed(
        world,
        now=now,
        respondents=(RespondentRequest(**firm, **link),),
        demands=(DemandRequest(kind="refund", note=ALL), DemandRequest(kind="apology", note=ALL)),
        **whole,
        **{name: ALL[:length] for name, length in lengths.items()},
    )
    refusals = [offer_terms.Answer(demand=demand, verdict="refuse", reason=ALL) for demand in (1, 2)]
    for minutes, actor, move in (
        (0, world.actor("system"), handling.MOVES["forward"](because=BECAUSE, **firm)),
        (0, world.handler, enterprise.accept_case(handler_id=world.ming_staff.pk)),
        (0, world.handler, enterprise.ask_consumer(text=ALL)),
        (0, world.consumer, consumer.add_statement(text=ALL)),
        (0, world.handler, enterprise.add_internal_note(text=ALL)),
        (1, world.handler, offers.make_offer(answers=refusals, promises=(), message=ALL)),
        (2, world.consumer, both.claim_settled_elsewhere(text=ALL)),
    ):
        step(case, move, actor, now + timedelta(minutes=minutes))
    return case


PAGES = {
    "chen": "/cases/ /cases/{n}/ /cases/{n}/offer/{o}/ /cases/{n}/correct/ /account/ /account/privacy/",
    "ming": "/enterprise/queue/ /enterprise/cases/{n}/ /enterprise/cases/{n}/offer/ /enterprise/team/",
    "rui": "/authority/cases/ /authority/cases/{n}/ /authority/ /authority/notices/ /oversight/",
    "su": "/authority/triage/ /authority/cases/",
}


def test_T30_T53_nothing_that_was_typed_comes_alive(world: World, hostile: Complaint) -> None:
    reader = Reader()
    reader.feed(ALL)
    assert len(reader.alive) >= 4, "this test does not find what is alive"
    for who, language in product(PAGES, ("zh-hans", "en")):
        client, seen = Client(), 0
        client.cookies["django_language"] = language
        client.force_login(getattr(world, who))
        for pattern in PAGES[who].split():
            answer = client.get(pattern.format(n=hostile.number, o=hostile.offers.get().pk), follow=True)
            page = answer.content.decode()
            assert answer.status_code in (200, 404), pattern
            reader = Reader()
            reader.feed(page)
            assert reader.alive == [], (who, language, pattern)
            seen += "x-evil" in reader.text
            assert not re.search(r">\s*49\s*<", page)
        assert seen or who == "su", "the pages show none of the texts, so this proves nothing"
    assert hostile.status == Status.AWAITING_CONSUMER


def test_T17_T90_no_task_takes_an_argument_so_no_message_can_name_a_case_and_a_forged_one_changes_none(
    world: World,
) -> None:
    a_complaint(world, status=Status.NEGOTIATING)
    before = Complaint.objects.values().get()
    app.loader.import_default_modules()
    apps = ("complaints.", "routing.", "oversight.", "enterprises.", "odr_portal.")
    ours = {name: task for name, task in app.tasks.items() if name.startswith(apps)}
    assert len(ours) >= 5
    for name, task in ours.items():
        assert not inspect.signature(task.run).parameters, name
        for arguments in ([1], ["1 or 1=1"], [{"complaint": 1}], [10**9, "close"]):
            with pytest.raises(TypeError):
                task.apply(args=arguments, throw=True)
    assert app.conf.accept_content == ["json"]
    assert Complaint.objects.values().get() == before
