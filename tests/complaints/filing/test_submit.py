"""The last click: one complaint, one receipt, whatever is sent twice; who may see it, and what it costs."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pikepdf
import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.sign_in.contacts import Contact, user_for
from complaints import evidence, handling
from complaints.filing import drafts
from complaints.filing.held import COOKIE
from complaints.filing.steps import SCREENS
from complaints.handling.transition.writing import open_files
from complaints.models import Complaint, Evidence, FilingDraft
from complaints.pages.consumer.receipt import qr_code
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from routing.forwarding import forwarding
from tests import at_once, found_in, given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.dossier.conftest import text_of
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import OTHER_PHONE, PHONE, PNG, begin, fill, newest_code, screen, send, url
from tests.complaints.filing.test_evidence import upload

AGREED = answers.CONSENTS | {"file": "1"}


def prove(client: Client, draft: FilingDraft) -> None:
    given = answers.YOU | {"is_unverified": None}
    send(client, url(draft, "you"), given, send_code="1")
    assert send(client, url(draft, "you"), given, code=newest_code()).status_code == 302


def ready(client: Client, town: Town, *, told: str = answers.STATEMENT, **changed: Any) -> FilingDraft:
    draft = begin(client, town, told=told)
    fill(client, draft, **changed)
    return draft


def submitted(client: Client, town: Town, **changed: Any) -> str:
    """A whole complaint, its phone proven; the address of the receipt."""
    draft = ready(client, town, **changed)
    prove(client, draft)
    return str(file(client, draft).headers["Location"])


def signed_in(phone: str = PHONE) -> Client:
    """Another browser, in which this person has signed in."""
    client = Client()
    client.force_login(user_for(Contact("sms", phone)))
    return client


def file(client: Client, draft: FilingDraft, **more: Any) -> Any:
    return send(client, url(draft, "check"), AGREED, **more)


def test_without_the_consents_or_with_a_firm_that_left_nothing_is_filed(client: Client, town: Town) -> None:
    draft = ready(client, town)
    response = send(client, url(draft, "check"), {"file": "1", "pass_to_regulator": "yes"})
    assert (response.status_code, "请选择同意或不同意" in response.content.decode()) == (422, True)
    assert re.search(r'name="pass_to_regulator" value="yes"[^>]*checked', response.content.decode()), "kept"
    draft.refresh_from_db()
    draft.data["enterprise"]["respondent"] = ["987654321--"]
    draft.save()
    page = file(client, draft).content.decode()
    assert not missing_in(page, "还有没填好的", "投诉谁、什么事、想怎么解决")
    assert "提交投诉" not in page
    assert not Complaint.objects.exists()


def test_an_unfinished_draft_is_not_filed_and_a_whole_one_makes_one_case(client: Client, town: Town) -> None:
    draft = begin(client, town)
    response = file(client, draft)
    assert (response.status_code, "还有没填好的" in response.content.decode()) == (422, True)
    assert not Complaint.objects.exists()
    upload(client, draft, "账单.png", PNG)
    fill(client, draft)
    prove(client, draft)
    response = file(client, draft)
    case, row = Complaint.objects.get(), Evidence.objects.get()
    assert response.headers["Location"] == f"/cases/{case.number}/receipt/"
    assert (case.consumer, case.contact_verified) == (User.objects.with_phone(PHONE).get(), True)
    assert (case.picked_enterprise, case.linked_group) == (town.carrier, None)
    assert "关联案件" not in client.get(f"/cases/{case.number}/").content.decode()
    assert [row.kind for row in case.demands.all()] == ["refund", "cancel_service"]
    assert (row.complaint, row.draft) == (case, None)
    draft.refresh_from_db()
    assert (draft.data, draft.filed_as) == ({}, [case.number])
    with pytest.raises(evidence.EvidenceRefused):
        evidence.remove(row)


def read(content: bytes) -> str:
    with pikepdf.open(io.BytesIO(content)) as paper:
        assert len(paper.pages) == 1
        return "".join(text_of(paper).split())


def test_a_double_submit_gives_one_receipt_also_as_a_pdf_with_the_token_for_half_an_hour(
    client: Client, town: Town
) -> None:
    draft = ready(client, town)
    address = file(client, draft).headers["Location"]
    paper, case = f"{address.rstrip('/')}.pdf", Complaint.objects.get()
    text = client.get(address).content.decode()
    assert not missing_in(text, case.number, "谁在办", "24:00前", "您的电话还没有验证", "<svg", f'href="{paper}"')
    # Without a code the first thing is a call.
    assert not missing_in(text, "工作人员打199****0001，核实是您提交的", "监管部门告诉您是否受理")
    assert not found_in(text, "19900000001", 'style="')
    token = drafts.tracking_token(FilingDraft.objects.get(), client.cookies[COOKIE].value)
    assert drafts.tracking_digest(token) == case.tracking_digest
    assert token not in str(Complaint.objects.values()) + str(FilingDraft.objects.values())
    assert int(client.cookies[COOKIE]["max-age"]) == 1800
    assert token in text
    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        late = client.get(address).content.decode()
        assert (case.number in late, token in late) == (True, False)
    assert Client().get(address).status_code == 302
    keys = ({}, {}, {"idempotency_key": "another-key-of-another-tab"})
    again = [file(client, draft, **key) for key in keys]
    assert Complaint.objects.count() == 1
    assert {answer.headers["Location"] for answer in again} == {address}
    for step in SCREENS:
        assert client.get(url(draft, step)).headers["Location"] == address
    # A browser that only filed gets no signed receipt; page and paper say so.
    assert not missing_in(text, "没有平台的电子签名", "登录以后可以制作")
    for language, word in (("zh-hans", "没有平台的电子签名；登录后可以"), ("en", "not signed by the portal")):
        client.cookies["django_language"] = language
        page, answer = client.get(address), client.get(paper)
        assert f'href="{paper}"' in page.content.decode()
        assert answer.headers["Content-Type"] == "application/pdf"
        text = read(answer.content)
        for part in (case.number, page.context["next_action"].holder, page.context["sentence"], token, word):
            assert "".join(part.split()) in text, part
        with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
            assert token not in read(client.get(paper).content)


def test_a_receipt_is_its_owners_and_tells_the_next_three_things_with_dates(client: Client, town: Town) -> None:
    address = submitted(client, town)
    text = client.get(address).content.decode()
    things = re.findall(r"<li>\s*<b><time[^>]*>(.*?)</time></b><br>(.*?)</li>", text, re.S)
    assert [what.strip() for _when, what in things] == [
        "把投诉转给测试移动福州分公司",
        "测试移动福州分公司受理，指定专人与您联系",
        "测试移动福州分公司给出结果；没有结果就自动交市场监管局",
    ]
    assert all("24:00前" in when for when, _what in things)
    other = Client()
    ready(other, town)
    assert other.get(address).status_code == 302
    stranger = signed_in(OTHER_PHONE)
    for form in (address, f"{address.rstrip('/')}.pdf"):
        assert (signed_in().get(form).status_code, stranger.get(form).status_code) == (200, 404)
        assert "sign-in" in Client().get(form).headers["Location"]
    assert stranger.get("/cases/20260101-000000000000-0/receipt/").status_code == 404


def test_the_same_order_or_text_within_sixty_days_is_shown_and_may_be_filed(client: Client, town: Town) -> None:
    submitted(client, town)
    earlier, again = Complaint.objects.get(), signed_in()
    draft = ready(again, town, told="这次是别的事情，前后经过完全不同，请重新处理。")
    assert not missing_in(screen(again, draft), earlier.number, "同一企业、同一订单或号码", "是另一件事，提交")
    assert (file(again, draft).status_code, Complaint.objects.count()) == (302, 2)
    draft = ready(again, town, told=answers.STATEMENT + "！", problem={"service_number": ""})
    assert "内容几乎相同" in screen(again, draft)
    # The same firm, other words and another number: asked about all the same.
    draft = ready(again, town, told="宽带装好以后一直掉线，报修三次。", problem={"service_number": "059188880000"})
    assert not missing_in(screen(again, draft), "是同一件事吗？", "，同一企业", "是另一件事，提交")
    # An unproven phone may be somebody else's: it is shown nothing.
    other = Client()
    assert "是同一件事吗" not in screen(other, ready(other, town))


def test_a_code_by_mail_proves_the_mailbox_and_counts_as_reached(client: Client, town: Town) -> None:
    draft = ready(client, town)
    given = answers.YOU | {"is_unverified": None, "email": "Chen@Example.com"}
    assert "sent=email" in send(client, url(draft, "you"), given, send_email_code="1").headers["Location"]
    assert send(client, url(draft, "you"), given, code=newest_code()).status_code == 302
    file(client, draft)
    case = Complaint.objects.get()
    assert (case.contact_verified, case.consumer) == (True, User.objects.with_email("chen@example.com").get())


def test_the_qr_code_is_one_path() -> None:
    code = qr_code("https://example.org/track/#20261125-ABC.TOKEN")
    assert code.size > 30
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", code.path)


def test_how_many_queries_a_screen_costs(client: Client, town: Town) -> None:
    draft = ready(client, town)
    costs = {}
    for step in SCREENS:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url(draft, step)).status_code == 200
        costs[step] = len(queries)
    allowed = {"heard": 17, "check": 23}
    assert all(cost <= allowed.get(step, 7) for step, cost in costs.items()), costs


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("on_other_devices", [False, True])
def test_two_clicks_at_once_end_at_one_receipt(client: Client, town: Town, on_other_devices: bool) -> None:
    draft = ready(client, town)
    if on_other_devices:
        prove(client, draft)

    def click(tab: str) -> str:
        one = signed_in() if on_other_devices else Client()
        if not on_other_devices:
            one.cookies[COOKIE] = client.cookies[COOKIE].value
        return str(file(one, draft, idempotency_key=f"key-of-tab-{tab}").headers["Location"])

    results = at_once(partial(click, "one"), partial(click, "two"))
    assert Complaint.objects.count() == 1
    assert results == [f"/cases/{Complaint.objects.get().number}/receipt/"] * 2


def test_a_second_submit_on_another_device_ends_at_the_same_receipt(client: Client, town: Town) -> None:
    draft = ready(client, town)
    prove(client, draft)
    other = signed_in()
    page = other.get(url(draft, "check")).content.decode()
    along = re.search(r'name="along" value="([^"]+)"', page)
    assert along is not None
    first = str(file(other, draft, idempotency_key="first-click").headers["Location"])
    again = file(other, draft, idempotency_key="second-click", along=along[1])
    assert (again.status_code, again.headers["Location"]) == (302, first)
    assert (Complaint.objects.count(), FilingDraft.objects.count()) == (1, 1)


#: Session with person; draft's key, draft, enterprise, region, branch, files; lock of the key, key; what was said to
#: what was heard; conditions, branch with its enterprise; name; ids, then all rows at once; draft, key. Who calls,
#: savepoints and roles go with these.
OF_A_FILING = 17
#: Ten reads to decide; four reads; ids, then all that changes and is new at once.
OF_A_FORWARDING = 16
#: Of a lapse nothing is decided; a second transaction looks whether more is due.
OF_A_LAPSE = 8


def statements(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        work()
    return [query["sql"].strip().replace("\n", " ")[:90] for query in seen.captured_queries]


def test_a_signed_in_person_needs_no_code_and_how_many_statements_a_filing_needs(client: Client, town: Town) -> None:
    client = signed_in()
    Conditions.at(timezone.now())
    for earlier in range(2):
        draft = ready(client, town, you={"is_unverified": None})
        asked = statements(lambda draft=draft: file(client, draft))
        assert Complaint.objects.filter(contact_verified=True).count() == earlier + 1
        assert len(asked) == OF_A_FILING, "\n".join(asked)


@pytest.mark.parametrize("count", [1, 12])
def test_a_batch_costs_the_same_however_many(world: World, count: int) -> None:
    rows = [replace(given.a_request(world), consumer_id=None) for _ in range(count)]
    handling.file(rows, actor=replace(world.consumer, person_key=None, user_id=None), now=WEDNESDAY)
    # What a connection asks for the first time is prepared there.
    before = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    open_files([before.pk], now=WEDNESDAY, conditions=Conditions.at(WEDNESDAY), skip_locked=True)
    asked = statements(lambda: forwarding.sweep_filed(now=WEDNESDAY))
    assert {case.status for case in Complaint.objects.all()} == {Status.WITH_ENTERPRISE}
    assert len(asked) == OF_A_FORWARDING, "\n".join(asked)
    later = WEDNESDAY + timedelta(days=30)
    Conditions.at(later)
    asked = statements(lambda: handling.sweep_clocks(now=later))
    assert Complaint.objects.filter(status=Status.REVIEW).count() == count + 1
    assert len(asked) == OF_A_LAPSE, "\n".join(asked)
