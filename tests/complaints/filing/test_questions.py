"""What is asked: of whom, why, with nothing preset; and what is said about it afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from complaints.filing import drafts
from complaints.filing.demands import DemandsStep
from complaints.filing.forms import EXPLANATIONS
from complaints.filing.held import COOKIE
from complaints.filing.steps import STEPS
from complaints.models import Complaint, HandlingStep, Matter, PersonalText
from complaints.procedure.categories import DEMAND_BY_CODE
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_bad_input import TABLE, form_with
from tests.complaints.filing.test_drafts import begin, fill, send, url
from tests.complaints.filing.test_submit import file, prove, ready

#: Their own words say why, or the words beside them.
PLAIN = {
    "enterprise": {"query", "respondent", "named", "business_phone"},
    "purchase": {"item_name", "brand"},
    "problem": {"is_approximate", "statement", "contacted_on", "their_reference", "report"},
    "demands": {"demand", "note", "amount_refund", "amount_damages"},
    "you": {"name", "phone", "code", "is_unverified", "principal_phone", "relation", "may_settle", "is_declared"}
    | {"parties", "representatives"},
    "consents": {"share_with_enterprise", "pass_to_regulator", "delegated_mediation", "publish_masked"},
    "check": {"truth"},
}


def test_every_question_says_why_and_every_field_has_its_line_in_the_table_of_bad_input() -> None:
    for screen in STEPS:
        options = {"enterprise_name": "测试移动"} if screen.step == "consents" else {}
        form = screen(today=timezone.localdate(), category="service.telecom", **options)
        asked = {name for name in form.fields if (screen.step, name) not in EXPLANATIONS}
        assert asked <= PLAIN.get(screen.step, set()), asked - PLAIN.get(screen.step, set())
        assert screen.question
        assert screen.why
    tested = {(step, name) for step, name, _typed, _refusal in TABLE}
    asked = {(step, name) for step in answers.OF_STEP for name in form_with(step).fields}
    # Boxes that are ticked or not: there is nothing to type wrong.
    boxes = {("problem", "is_approximate"), ("you", "is_unverified"), ("you", "is_declared")}
    assert asked - boxes <= tested, sorted(asked - boxes - tested)


def test_nothing_is_preset_and_a_carrier_is_asked_about_more_than_a_shop(client: Client, town: Town) -> None:
    draft = begin(client, town)
    for step in ("purchase", "problem", "demands", "you", "consents", "check"):
        page = client.get(url(draft, step)).content.decode()
        assert not re.search(r'<input type="(radio|checkbox)"[^>]*\bchecked', page), step
    assert client.get(url(draft, "consents")).content.decode().count("不同意：") == 4
    send(client, url(draft, "purchase"), answers.PURCHASE | {"object_category": "goods.clothing"})
    page = client.get(url(draft, "problem")).content.decode()
    assert "关于您的电信服务" not in page
    assert 'name="plan"' not in page
    send(client, url(draft, "purchase"), answers.PURCHASE)
    page = client.get(url(draft, "problem")).content.decode()
    for name in ("service_number", "plan", "contract_until", "promised", "noticed_on"):
        assert f'name="{name}"' in page
    assert "为什么问：资费以您的套餐为准" in page


def test_what_a_carrier_was_asked_stands_in_the_case(client: Client, town: Town) -> None:
    values = {"plan": "畅享99", "contract_until": "2028-01-31", "promised": "每月99元，随时可以取消"}
    values["noticed_on"] = "2026-10-01"
    draft = ready(client, town, problem=values)
    page = client.get(url(draft, "check")).content.decode()
    for text in ("畅享99", "2028年1月31日", "随时可以取消", "10月1日"):
        assert text in page
    prove(client, draft)
    assert file(client, draft).status_code == 302
    case = Complaint.objects.get()
    assert case.learned_on.isoformat() == "2026-10-01"
    page = client.get(f"/cases/{case.number}/").content.decode()
    for text in ("畅享99", "2028年1月31日", "随时可以取消", "发现日期"):
        assert text in page


# amount in dispute, what is asked, the field that is refused, words of the refusal
SUMS = [
    ("128.50", {"amount_refund": "128.50"}, "", ""),
    ("128.50", {"amount_refund": "128.51"}, "amount_refund", "您填的涉及金额是¥128.50，这里要求退¥128.51，多了¥0.01"),
    ("0", {"amount_refund": "20"}, "amount_refund", "您填的涉及金额是¥0.00，这里要求退¥20.00"),
    ("128.50", {"demand": ["damages"], "amount_damages": "500"}, "note", "要求赔偿¥500.00，超过涉及金额¥128.50"),
    ("128.50", {"demand": ["damages"], "amount_damages": "500", "note": "误工一天"}, "", ""),
    ("128.50", {"demand": ["damages"], "amount_damages": "100"}, "", ""),
    # Not ticked: not judged.
    ("128.50", {"demand": ["apology"], "amount_refund": "9999"}, "", ""),
    # Step 2 is wrong itself, and says so there.
    ("一百多", {"amount_refund": "200"}, "", ""),
]


def test_what_is_asked_is_held_against_what_is_in_dispute_also_when_that_is_lowered(client: Client, town: Town) -> None:
    draft = begin(client, town)
    for disputed, asked, field, words in SUMS:
        send(client, url(draft, "purchase"), answers.PURCHASE | {"amount": disputed})
        response = send(client, url(draft, "demands"), answers.DEMANDS | asked)
        if not field:
            assert response.status_code == 302, response.content.decode()
            continue
        page = response.content.decode()
        assert response.status_code == 422
        assert words in page
        assert f'href="#id_{field}"' in page
    send(client, url(draft, "purchase"), answers.PURCHASE | {"amount": "100"})
    for language in ("zh-hans", "en"):
        typed = answers.DEMANDS | {"amount_refund": "200"}
        page = send(client, url(draft, "demands"), typed, headers={"accept-language": language}).content.decode()
        with override(language):
            assert f"“{DEMAND_BY_CODE['damages'].label}”" in page
    draft = ready(client, town)
    send(client, f"{url(draft, 'purchase')}?back=check", answers.PURCHASE | {"amount": "100"})
    page = client.get(url(draft, "check")).content.decode()
    assert "还有1步没有填好" in page
    assert str(DemandsStep.question) in page


def test_the_browser_holds_the_draft_as_long_as_the_draft_is_kept(client: Client, town: Town) -> None:
    draft = begin(client, town)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=12), tick=False):
        assert "这份草稿快要到期了" in client.get(url(draft, "purchase")).content.decode()
        send(client, url(draft, "purchase"), answers.PURCHASE)
        assert int(client.cookies[COOKIE]["max-age"]) == 7 * 86400
        assert "快要到期" not in client.get(url(draft, "problem")).content.decode()


def test_the_receipt_tells_the_next_three_things_with_dates(client: Client, town: Town) -> None:
    draft = ready(client, town)
    prove(client, draft)
    page = client.get(file(client, draft).headers["Location"]).content.decode()
    things = re.findall(r"<li>\s*<b><time[^>]*>(.*?)</time></b><br>(.*?)</li>", page, re.S)
    assert [what.strip() for _when, what in things] == [
        "把投诉转给测试移动福州分公司",
        "测试移动福州分公司受理，指定专人与您联系",
        "测试移动福州分公司给出结果；没有结果就自动转监管部门",
    ]
    assert all("24:00前" in when for when, _what in things)


def test_without_a_code_the_first_thing_is_a_call(client: Client, town: Town) -> None:
    page = client.get(file(client, ready(client, town)).headers["Location"]).content.decode()
    assert "工作人员打199****0001，核实是您提交的" in page
    assert "19900000001" not in page
    assert "监管部门告诉您是否受理" in page


def test_left_to_the_authority_the_dates_are_those_of_the_authority(client: Client, town: Town) -> None:
    draft = begin(client, town, respondent="authority")
    fill(client, draft, consents={"share_with_enterprise": None, "pause_for_settlement": "yes"})
    prove(client, draft)
    page = client.get(file(client, draft).headers["Location"]).content.decode()
    assert "监管部门告诉您是否受理" in page
    assert "最迟在这一天结束调解" in page


def test_a_report_is_registered_apart_and_said_so(client: Client, town: Town) -> None:
    draft = ready(client, town, problem={"report": "店里还在卖过期的卡"})
    page = client.get(url(draft, "check")).content.decode()
    assert "另行登记，由监管部门单独处理；不写进这件投诉，企业看不到" in page
    prove(client, draft)
    address = file(client, draft).headers["Location"]
    assert "您举报的内容已经另行登记" in client.get(address).content.decode()
    # Said once: afterwards nothing of the case shows that there is one.
    assert "举报" not in client.get(address).content.decode()
    case = Complaint.objects.get()
    assert "过期的卡" not in client.get(f"/cases/{case.number}/").content.decode()
    assert Matter.objects.get(kind="report").audience == "authority"
    assert PersonalText.objects.get(kind="report").audience == "authority"
    assert [row.step for row in HandlingStep.objects.filter(audience="parties")] == ["file"]


def test_open_drafts_stand_among_my_cases_and_nobody_elses(client: Client, town: Town) -> None:
    draft = begin(client, town)
    other = User.objects.create_user(phone="+8619900000009")
    assert drafts.open_ones_of(other.pk, now=timezone.now()) == []
    assert draft.owner_id is None
    fill(client, draft, until="consents")
    prove(client, draft)
    elsewhere, stranger = Client(), Client()
    elsewhere.force_login(User.objects.with_phone("+8619900000001").get())
    stranger.force_login(other)
    page = elsewhere.get("/cases/").content.decode()
    assert "没填完的投诉" in page
    assert "千兆宽带" in page
    assert f'href="{url(draft, "you")}"' in page
    assert "继续填写" in page
    assert elsewhere.get(url(draft, "you")).status_code == 200
    assert "没填完的投诉" not in stranger.get("/cases/").content.decode()
    fill(client, draft)
    file(client, draft)
    assert "没填完的投诉" not in elsewhere.get("/cases/").content.decode()
