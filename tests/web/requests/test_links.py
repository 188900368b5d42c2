"""Nobody is offered a link that then says no: each kind of person goes through all pages from the first."""

import html
import re
from collections import Counter, deque
from functools import reduce
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Administrator, User
from accounts.roles import Role
from authorities.models import Officer
from complaints.handling.steps import authority, both
from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from oversight.counters import making
from tests import by_commit, given
from tests.cast import World
from tests.complaints.pages.at_the_authority import one_person_suffices
from tests.complaints.pages.at_the_desk import signed_in

LINK = re.compile(r'<a [^>]*href="([^"#]+)')
#: Ends the session, changes how the page looks, or is kept by whoever stands between.
SKIPPED = re.compile(r"^/(?:static|display)/|sign-out")
#: Alike but for whose they are: references, keys, numbers, and the values of the query.
ALIKE = (r"\d{8}-(?:\d\d-)?[0-9A-Z]{12}-[0-9A-Z]", r"[0-9a-f]{8}-[0-9a-f-]{20,}", r"\d+", r"=[^&]*")
ANALYST, DUTIES = "analyst", ("system", "security", "audit")
OFFICERS = ("rui", "su", "head", "superior", ANALYST)
EVERYBODY = ("chen", "ming", "lead", *OFFICERS, *DUTIES)


@pytest.mark.parametrize(
    ("who", "each"),
    [
        # The commit chooses the officer.
        *((who, 1) for who in ("chen", "lead", by_commit().choice(OFFICERS), *DUTIES)),
        *(pytest.param(who, 4, marks=pytest.mark.full) for who in EVERYBODY),
    ],
)
def test_every_link_that_somebody_is_offered_opens(world: World, who: str, each: int) -> None:
    """So many of each kind of address are opened."""
    now = timezone.now()
    for status in (S.TRIAGE, S.REVIEW, S.MEDIATING, S.NEGOTIATING, S.AWAITING_CONSUMER, S.CLOSED):
        given.a_complaint(world, status=status, now=now)
    given.step(Complaint.objects.get(status=S.CLOSED), both.give_publication_consent(), world.consumer, now)
    one_person_suffices()
    refused = given.a_complaint(world, status=S.REVIEW, now=now)
    refusal = authority.refuse(ground="outside_duty", body="12300", facts="资费争议由电信主管部门处理。")
    given.step(refused, refusal, world.officer, now)
    given.step(refused, both.object_to_decision(text="我不同意这个决定。"), world.consumer, now)
    making.rebuild(now=now)
    client = signed_in(_person(world, who))
    waiting, opened, shut = deque([("/", ""), ("/account/", ""), ("/track/", "")]), Counter[str](), []
    while waiting:
        address, offered_by = waiting.popleft()
        kind = reduce(lambda text, alike: re.sub(alike, "", text), ALIKE, address)
        if opened[kind] == each:
            continue
        opened[kind] += 1
        answer = client.get(address, follow=True)
        if answer.status_code >= 400:
            shut.append((offered_by, address, answer.status_code))
        elif answer.get("Content-Type", "").startswith("text/html"):
            for link in map(html.unescape, LINK.findall(answer.content.decode())):
                if link.startswith(("/", "?")) and not SKIPPED.search(link):
                    waiting.append((address.split("?")[0] + link if link.startswith("?") else link, address))
    assert not shut
    assert len(opened) > (20 if who in DUTIES else 50)


def _person(world: World, who: str) -> Any:
    if who == ANALYST:
        Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
        return world.otto
    if who in DUTIES:
        user = User.objects.create_user(email=f"{who}@example.com", password="x" * 20, name="管理员")
        Administrator.objects.create(user=user, kind=who, since=timezone.now())
        return user
    return {"head": world.head_officer.user, "superior": world.superior_officer.user}.get(who) or getattr(world, who)
