"""The receipt as PDF: what the page says, to whom the page says it, and the token for as long."""

import io
from datetime import timedelta

import pikepdf
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from complaints.models import Complaint
from tests.complaints.dossier.test_dossier import text_of
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_submit import file, prove, ready


def read(content: bytes) -> str:
    with pikepdf.open(io.BytesIO(content)) as paper:
        assert len(paper.pages) == 1
        return "".join(text_of(paper).split())


def test_it_says_number_who_and_when_and_the_token_for_half_an_hour(client: Client, town: Town) -> None:
    address = file(client, ready(client, town)).headers["Location"]
    for language in ("zh-hans", "en"):
        client.cookies["django_language"] = language
        case, page = Complaint.objects.get(), client.get(address)
        paper = f"{address.rstrip('/')}.pdf"
        assert f'href="{paper}"' in page.content.decode()
        answer = client.get(paper)
        assert answer.headers["Content-Type"] == "application/pdf"
        text = read(answer.content)
        for part in (case.number, page.context["next_action"].holder, page.context["sentence"], page.context["token"]):
            assert "".join(part.split()) in text, part
        assert ("投诉已提交" if language == "zh-hans" else "/track/") in text
        with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
            assert page.context["token"] not in read(client.get(paper).content)


def test_it_is_its_owners(client: Client, town: Town) -> None:
    draft = ready(client, town)
    prove(client, draft)
    paper = f"{file(client, draft).headers['Location'].rstrip('/')}.pdf"
    owner, stranger = Client(), Client()
    owner.force_login(User.objects.with_phone("+8619900000001").get())
    stranger.force_login(User.objects.create_user(phone="+8619900000009"))
    assert owner.get(paper).status_code == 200
    assert stranger.get(paper).status_code == 404
    assert "sign-in" in Client().get(paper).headers["Location"]
