"""T31 and T53: whatever people are called and write, a letter has our links only, our headers only, and no formula
comes alive.

Every letter of a whole case, to all sides, goes through a real post office and is taken apart there.
"""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from authorities.models import Authority
from complaints.handling import sweep_clocks as sweep
from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint, Notice
from complaints.notices import delivery
from complaints.notices.channels import MAIL
from complaints.notices.channels.letter import Letter
from complaints.notices.channels.mail import only_our_links
from complaints.notices.digests import letter_of
from complaints.procedure.workflow import Status as S
from enterprises.models import Branch, Enterprise
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.notices.post_office import PostOffice, post_office
from tests.complaints.notices.test_channels import mail_to
from web import environment

__all__ = ["post_office"]
pytestmark = pytest.mark.django_db
HOST = "odr.example.org"
NASTY = "{{7*7}}{{1234567*7}}{% load x %}{0.__class__}${1234567*7}#{1234567*7}<b>x</b> https://evil.example/a"
NASTY += " www.evil.example"
BROKEN = "名\r\nBcc: all@evil.example\r\n\r\n<script>"
LINK = re.compile(r"(?i)\b(?:[a-z][a-z0-9+.-]{1,12}://|www\.|mailto:)[^\s，。；）)]+")
OURS = {"subject", "from", "to", "date", "message-id", "auto-submitted", "x-auto-response-suppress"}
OURS |= {"mime-version", "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post"}


@pytest.fixture
def mail(settings: Any, post_office: PostOffice) -> PostOffice:
    settings.MAIL_SERVER = environment.mail_server("EMAIL_URL", post_office.url)
    settings.MAIL_FROM, settings.SITE_URL = "portal@example.org", f"https://{HOST}"
    return post_office


def look_at(office: PostOffice) -> list[str]:
    """Take apart what arrived; returns subject and words of each letter."""
    results = []
    for taken in office.accepted:
        message = taken.message
        assert {name.lower() for name in message.keys()} <= OURS  # noqa: SIM118
        assert not message.is_multipart()
        assert (message.get_content_type(), message["To"]) == ("text/plain", taken.to)
        text = f"{message['Subject']}\n{message.get_content()}"
        for link in LINK.findall(f"{text}\n{str(message['List-Unsubscribe'] or '').strip('<>')}"):
            assert urlsplit(link).netloc == HOST, link
        assert "8641969" not in text
        results.append(text)
    return results


def named_badly(world: World, name: str) -> None:
    """Everybody and every place of the cast."""
    for person in (world.chen, world.ming, world.lead, world.rui, world.su):
        person.name = name[:120]
        person.email = person.email or "chen@example.com"
        person.save()
    Enterprise.objects.filter(pk=world.mobile.pk).update(name=name)
    Branch.objects.filter(pk=world.fuzhou.pk).update(name=name)
    Authority.objects.filter(pk=world.gulou.pk).update(name=name)


@pytest.mark.parametrize("name", [NASTY, BROKEN], ids=["formulas", "line breaks"])
def test_T31_T53_every_letter_of_a_case(world: World, mail: PostOffice, name: str) -> None:
    named_badly(world, name)
    values = {"statement": name, "item_name": name[:200], "consumer_name": name, "consumer_address": name}
    for status in (S.PERFORMING, S.MEDIATING, S.AWAITING_MATERIAL, S.CLOSED):
        case = given.a_complaint(world, status=status, **values)
        if status == S.PERFORMING:
            given.step(case, enterprise.send_message(text=name), world.handler, WEDNESDAY)
            given.step(case, consumer.add_statement(text=name), world.consumer, WEDNESDAY)
            given.step(case, enterprise.report_performed(obligations=[1], proof=name), world.handler, WEDNESDAY)
    failed = given.a_complaint(world, status=S.NEGOTIATING, **values)
    given.step(failed, consumer.stop_negotiating(), world.consumer, WEDNESDAY)
    sweep(now=WEDNESDAY + timedelta(days=30))
    # Asked for once more, so that what is old news by now goes out as well.
    Notice.objects.update(send_after=WEDNESDAY, again=1)
    # Heads read one line a unit, so the names of the units stand in their letters.
    for _ in range(3):
        delivery.sweep_notices(now=WEDNESDAY + timedelta(days=30, hours=2))
    letters = look_at(mail)
    assert len(letters) > 20
    assert not Notice.objects.filter(state="queued", last_error__startswith="fault").exists()
    whole = "\n".join(letters)
    assert f"https://{HOST}/cases/" in whole
    if name == NASTY:
        # A unit is called so, and is named so.
        assert "{{7*7}}{{1234567*7}}{% load x %}{0.__class__}" in whole


def test_T31_a_code_carries_nothing_that_somebody_typed(world: World, mail: PostOffice) -> None:
    browser = Client()
    browser.get("/account/sign-in/")
    for key, typed in (("k", "chen+{{7*7}}@example.com\r\nBcc: all@evil.example"), ("m", "hua@example.com")):
        form = {"address": typed, "next": "https://evil.example/", "idempotency_key": key * 12}
        browser.post("/account/sign-in/", form)
    delivery.sweep_notices(now=WEDNESDAY)
    look_at(mail)
    assert {taken.to for taken in mail.accepted} <= {"hua@example.com"}


def test_T31_no_link_but_ours_can_be_clicked_and_no_name_becomes_a_header(post_office: PostOffice) -> None:
    near = ("https://evil.example/", f"https://{HOST}.evil.example/", f"https://{HOST}@evil.example/")
    odd = ("HTTP://evil.example", "ftp://evil.example", "javascript://%0aalert(1)", "mailto:all@evil.example")
    for text in (*near, *odd, "www.evil.example", "https:/evil.example"):
        ours = f"https://{HOST}/cases/1/"
        written = only_our_links(f"{text} {ours} {text}", f"https://{HOST}")
        assert [link for link in LINK.findall(written) if urlsplit(link).netloc != HOST] == []
        assert f" {ours} " in written
        assert not LINK.findall(only_our_links(text, ""))
    door = mail_to(post_office)
    for text in (BROKEN, NASTY, "a\nb", "a\u2028Bcc: b@evil.example", "\x00\x0bBcc: c@evil.example"):
        door.send(Letter(key="1", subject=text, body="b"), "chen@example.com")
        message = post_office.accepted[-1].message
        assert {name.lower() for name in message.keys()} <= OURS  # noqa: SIM118
        assert message["Bcc"] is None
        assert "\n" not in message["Subject"]
        assert message["To"] == "chen@example.com"


def test_T53_words_of_people_in_a_letter_stay_as_they_were_written() -> None:
    same: Any = {"channel": MAIL, "subject": f"【12315】{NASTY}", "short": "", "language": "zh-hans"}
    case = Complaint(number="1")
    row = Notice(pk=1, complaint=case, form="single", body=f"{NASTY}\n/cases/1/", **same)
    letter = letter_of([row], site=f"https://{HOST}")
    assert (letter.subject, letter.body) == (f"【12315】{NASTY}", f"投诉1。\n{NASTY}\nhttps://{HOST}/cases/1/")
    same |= {"form": "digest", "body": "/cases/1/", "send_after": WEDNESDAY}
    rows = [Notice(pk=n, complaint=Complaint(pk=n), **same) for n in (1, 2)]
    assert letter_of(rows).body.count(NASTY) == 2
