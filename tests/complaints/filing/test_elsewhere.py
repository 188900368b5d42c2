"""A place of another province: that portal files the complaint and keeps its number; one that is away is named."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from authorities.models import Region
from complaints.filing import handing_over
from complaints.models import Complaint, FilingDraft
from complaints.procedure.numbering import check_character
from tests import at_once, given
from tests.cast import World
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import url
from tests.complaints.filing.test_submit import file, prove, ready
from tests.complaints.pages.links.test_track import ask
from web import cells

OLDER = f"20261118-7K3Q9M2PT4RA-{check_character('202611187K3Q9M2PT4RA')}"
BEIJING = f"20261118-11-7K3Q9M2PT4RA-{check_character('20261118117K3Q9M2PT4RA')}"


@pytest.fixture
def nowhere() -> str:
    """An address where nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Says whose portals there are besides this one."""

    def said(**addresses: str) -> None:
        monkeypatch.setattr(settings, "CELLS", {name.removeprefix("of"): url for name, url in addresses.items()})

    monkeypatch.setattr(settings, "CELLS_SECRET", "of the tests alone, and long enough for it")
    said()
    return said


def _post(path: str, body: bytes, **headers: str) -> Any:
    return Client().post(path, body, content_type="application/json", headers=headers)


@pytest.mark.django_db(transaction=True)
def test_a_draft_goes_on_at_the_portal_of_its_province_which_alone_files_it_and_once(
    client: Client, town: Town, live_server: Any, shared: Any
) -> None:
    draft = ready(client, town)
    prove(client, draft)
    # From now on this town is another province's, whose portal is the server of this test.
    shared(of35=live_server.url)
    page = url(draft, "check").replace("check", "elsewhere")
    for answer in (client.get(url(draft, "you")), client.get(url(draft, "check")), file(client, draft)):
        assert answer.headers["Location"] == page
    assert Complaint.objects.count() == 0
    shown = client.get(page).content.decode()
    assert "由福建省的平台受理" in shown
    # Pressed twice at once it is the same draft there.
    places = {answer.headers["Location"] for answer in at_once(*[lambda: client.post(page)] * 2)}
    (place,) = places
    assert place.startswith(f"{live_server.url}/file/from/")
    there, browser = FilingDraft.objects.exclude(pk=draft.pk).get(), Client()
    assert there.data["enterprise"]["respondent"] == ["named"]
    assert there.data["enterprise"]["named"] == ["测试移动通信有限公司"]
    assert there.owner is None
    # That portal, for which the town is its own.
    shared()
    path = urlsplit(place).path
    assert "接着投诉" in browser.get(path).content.decode()
    assert browser.post(path).headers["Location"] == url(there, "heard")
    prove(browser, there)
    done = file(browser, there, pause_for_settlement="yes")
    assert done.status_code == 302, done.content.decode()
    case = Complaint.objects.get()
    assert case.service_region_id == town.gulou
    # Whoever comes by the first portal again ends at the same case.
    shared(of35=live_server.url)
    assert client.post(page).headers["Location"] == place
    assert Client().post(path).headers["Location"] == done.headers["Location"]
    assert Complaint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_firm_is_the_one_with_that_credit_code(client: Client, town: Town, live_server: Any, shared: Any) -> None:
    type(town.carrier).objects.filter(pk=town.carrier.pk).update(uscc="91350100M000100Y43")
    draft = ready(client, town)
    shared(of35=live_server.url)
    handing_over.hand_over(draft)
    there = FilingDraft.objects.exclude(pk=draft.pk).get()
    assert there.data["enterprise"]["respondent"] == [f"{town.carrier.pk}--"]


@pytest.mark.django_db
def test_a_portal_that_is_away_is_named_and_the_draft_stays(
    client: Client, town: Town, nowhere: str, shared: Any
) -> None:
    draft = ready(client, town)
    shared(of35=nowhere)
    answer = client.post(url(draft, "check").replace("check", "elsewhere"))
    assert answer.status_code == 503
    assert "福建省的平台现在连不上。您写的都存在这里" in answer.content.decode()
    # What is of another place is filed as ever.
    shared(of11=nowhere)
    prove(client, draft)
    assert "/receipt/" in file(client, draft).headers["Location"]


@pytest.mark.django_db
def test_nothing_is_filed_about_a_place_of_another_province_by_whatever_way(
    client: Client, town: Town, nowhere: str, shared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = ready(client, town)
    prove(client, draft)
    shared(of35=nowhere)
    monkeypatch.setattr(handing_over, "province_of", lambda draft: "")
    refused = file(client, draft)
    assert nowhere in refused.content.decode()
    assert Complaint.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_number_leads_to_the_portal_that_keeps_it(town: Town, live_server: Any, nowhere: str, shared: Any) -> None:
    client = Client()
    names = {"code": "110000", "name": "北京市", "name_en": "Beijing", "level": "province", "country": "CN"}
    Region.objects.create(pk=110000000, last=119999999, parent_id=100000000, **names)
    shared(of11=live_server.url)
    answer = ask(client, BEIJING.lower())
    assert answer.headers["Location"] == f"{live_server.url}/track/?number={BEIJING}"
    assert BEIJING in client.get(f"/track/?number={BEIJING}").content.decode()
    shared(of11=nowhere)
    for _ in range(7):
        answer = ask(client, BEIJING)
        # It was not looked for here, so nobody is locked out.
        assert answer.status_code == 503
        page = answer.content.decode()
        assert ("北京市的平台现在连不上，请过一会儿再查" in page, "需要修改" in page) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_an_older_number_is_asked_for_everywhere(world: World, live_server: Any, nowhere: str, shared: Any) -> None:
    shared(of11=live_server.url, of12=nowhere)
    answer = ask(Client(), OLDER)
    assert answer.status_code == 422
    assert "编号和查询口令对不上" in answer.content.decode()
    assert "的平台现在连不上" in answer.content.decode()
    # The server of this test has the same cases; here the token is not that of its receipt.
    Complaint.objects.filter(pk=given.filed(world).pk).update(number=OLDER)
    assert ask(Client(), OLDER).headers["Location"] == f"{live_server.url}/track/?number={OLDER}"


@pytest.mark.django_db
def test_only_what_a_portal_signed_a_moment_ago_is_heard(shared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path, body = reverse("complaints:cell-number"), json.dumps({"number": OLDER}).encode()
    now = int(timezone.now().timestamp())

    def header(at: int, path: str = path, body: bytes = body) -> str:
        return f"{at}.{cells._signature(path, at, body)}"

    good = header(now)
    # A portal that has no others hears nobody.
    assert _post(path, body, cell_signature=good).status_code == 400
    shared(of11="https://bj.example")
    assert _post(path, body, cell_signature=good).json() == {"known": False}
    for wrong in ("", "x", good[:-1], header(now - 400), header(now + 400), header(now, "/cells/draft/"), f"{now}."):
        assert _post(path, body, cell_signature=wrong).status_code == 400
    assert _post(path, body + b" ", cell_signature=good).status_code == 400
    monkeypatch.setattr(settings, "CELLS_SECRET", "the key of somebody else, and just as long")
    assert _post(path, body, cell_signature=good).status_code == 400
