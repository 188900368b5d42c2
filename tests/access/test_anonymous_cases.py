"""A case that was filed without an account stays with whoever holds its number, token and phone."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from complaints.filing import drafts
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, shown, signed_in

TOKEN = "7K3Q9-M2PT4-RA7K3-Q9M2P-T4RA7-0"
MISSING = "20200101-XXXXXX-X"


@pytest.fixture
def case(world: World) -> Complaint:
    """Somebody with Chen's phone filed it before there was an account, and nobody rang back."""
    result = given.a_complaint(
        world, status=Status.TRIAGE, now=timezone.now() - timedelta(minutes=5), consumer_id=None, contact_verified=False
    )
    Complaint.objects.filter(pk=result.pk).update(tracking_digest=drafts.tracking_digest(TOKEN), consumer=None)
    result.refresh_from_db()
    return result


def bare(page: str, number: str) -> str:
    """The page without what differs from one drawing to the next."""
    return re.sub(r'value="[^"]*"|\d{4}-\d{4}', "", page).replace(number, "N")


@pytest.mark.parametrize("path", ["/cases/{}/", "/cases/{}/receipt/", "/cases/{}/why/review/", "/cases/{}/withdraw/"])
def test_T14_a_later_account_with_the_same_phone_is_no_key(world: World, case: Complaint, path: str) -> None:
    client = signed_in(world.chen)
    answer, missing = client.get(path.format(case.number)), client.get(path.format(MISSING))
    assert (answer.status_code, missing.status_code) == (404, 404)
    assert bare(shown(answer), case.number) == bare(shown(missing), MISSING)
    assert case.number not in shown(client.get("/cases/"))
    assert not Complaint.objects.visible_to(world.chen).filter(pk=case.pk).exists()


@pytest.mark.parametrize(
    ("number", "token"), [("right", "7K3Q9-M2PT4-RA7K3-Q9M2P-T4RA8-0"), ("wrong", TOKEN), ("wrong", "no token")]
)
def test_T14_number_and_token_open_it_only_together(case: Complaint, number: str, token: str) -> None:
    client = Client()
    asked = case.number if number == "right" else MISSING
    answer = client.post("/track/", {"number": asked, "token": token})
    assert answer.status_code == 422
    assert "编号和查询口令对不上" in shown(answer)
    assert client.get(f"/track/{case.number}/").status_code == 302


def test_T14_a_token_shows_and_neither_decides_without_the_phone_nor_gives_the_case_to_who_signs_in(
    world: World, case: Complaint
) -> None:
    client = Client()
    assert client.post("/track/", {"number": case.number, "token": TOKEN}).status_code == 302
    page = client.get(f"/track/{case.number}/")
    assert page.status_code == 200
    assert "13800000001" not in shown(page)
    send(client, f"/track/{case.number}/withdraw/", {"reason": "mistake", "code": "000000"})
    case.refresh_from_db()
    assert (case.status, case.consumer_id) == (Status.TRIAGE, None)
    client = Client()
    client.post("/track/", {"number": case.number, "token": TOKEN})
    client.force_login(User.objects.create_user(phone="+8613900000077", name="客试"))
    assert client.get(f"/cases/{case.number}/").status_code == 404
    case.refresh_from_db()
    assert case.consumer_id is None
