"""What is asked: of whom, why, with nothing preset; and what is said about it afterwards."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from accounts.models import User
from complaints.filing import drafts
from complaints.filing.demands import DemandsStep
from complaints.filing.forms import EXPLANATIONS
from complaints.filing.held import COOKIE
from complaints.filing.steps import PARTS
from complaints.models import Complaint, HandlingStep, Matter, PersonalText
from enterprises.models import LeagueLine, PublishedFigure
from tests import found_in, missing_in
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_bad_input import TABLE, form_with
from tests.complaints.filing.test_drafts import OTHER_PHONE, begin, fill, heard_with, screen, send, url
from tests.complaints.filing.test_submit import file, prove, ready, signed_in
from tests.oversight.counting import a_line

#: Their own words say why, or the words beside them.
PLAIN = {
    "enterprise": {"query", "respondent", "named", "business_phone"},
    "purchase": {"item_name", "brand"},
    "problem": {"is_approximate", "statement", "contacted_on", "their_reference", "report"},
    "demands": {"demand", "note", "amount_refund", "amount_damages"},
    "you": {"name", "phone", "code", "is_unverified", "principal_phone", "relation", "may_settle", "is_declared"}
    | {"parties", "representatives"},
    "consents": {"share_with_enterprise", "pass_to_regulator", "delegated_mediation", "publish_masked"},
}


def test_every_question_says_why_and_every_field_has_its_line_in_the_table_of_bad_input() -> None:
    for asking in PARTS:
        options = {"enterprise_name": "测试移动"} if asking.step == "consents" else {}
        form = asking(today=timezone.localdate(), category="service.telecom", **options)
        asked = {name for name in form.fields if (asking.step, name) not in EXPLANATIONS}
        assert asked <= PLAIN.get(asking.step, set()), asked - PLAIN.get(asking.step, set())
        assert all((asking.question, asking.why))
    tested = {(step, name) for step, name, *_rest in TABLE}
    asked = {(step, name) for step in answers.OF_STEP for name in form_with(step).fields}
    # Boxes that are ticked or not: there is nothing to type wrong.
    boxes = {("problem", "is_approximate"), ("you", "is_unverified"), ("you", "is_declared")}
    assert asked - boxes <= tested, sorted(asked - boxes - tested)


def test_nothing_is_preset_and_a_carrier_is_asked_about_more_than_a_shop(client: Client, town: Town) -> None:
    draft = begin(client, town)
    fill(client, draft, until="you")
    preset = r'<input type="(radio|checkbox)"[^>]*\bchecked'
    assert not re.search(preset, screen(client, draft, "you"))
    send(client, url(draft, "you"), answers.YOU)
    assert not re.search(preset, screen(client, draft, "check"))
    assert screen(client, draft, "check").count("不同意：") == 4
    page = screen(client, draft, "heard")
    for name in ("service_number", "plan", "contract_until", "promised"):
        assert f'name="{name}"' in page
    # Why, behind one sign and not at each question.
    assert not missing_in(page, "为什么问这些", "资费以您的套餐为准")
    assert "为什么问：资费" not in page.partition("为什么问这些")[0].partition("还知道这些")[0]
    other = Client()
    draft = begin(other, town, told="鞋子穿了一天就开胶，要求退货", pick="authority")
    page = screen(other, draft, "heard")
    assert not found_in(page, 'name="plan"', 'name="service_number"')
    assert not missing_in(page, 'name="order_no"', 'name="object_category"')


def test_what_a_carrier_was_asked_stands_in_the_case_and_a_report_is_registered_apart_and_said_so(
    client: Client, town: Town
) -> None:
    values = {"plan": "畅享99", "contract_until": "2028-01-31", "promised": "每月99元，随时可以取消"}
    draft = begin(client, town)
    said = heard_with(problem=values) | {"ask": ["report"]}
    assert send(client, url(draft, "heard"), said).headers["Location"] == url(draft, "guide")
    send(client, url(draft, "guide"), {"statement": answers.STATEMENT, "report": "店里还在卖过期的卡"})
    send(client, url(draft, "you"), answers.YOU)
    check = screen(client, draft)
    assert not missing_in(check, "畅享99", "2028年1月31日", "随时可以取消")
    assert "另行登记，由监管部门单独处理；不写进这件投诉，企业看不到" in check
    prove(client, draft)
    address = file(client, draft).headers["Location"]
    assert "您举报的内容已经另行登记" in client.get(address).content.decode()
    # Said once: afterwards nothing of the case shows that there is one.
    assert "举报" not in client.get(address).content.decode()
    case = Complaint.objects.get()
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert not missing_in(page, "畅享99", "2028年1月31日", "随时可以取消")
    assert "过期的卡" not in page
    assert {table.objects.get(kind="report").audience for table in (Matter, PersonalText)} == {"authority"}
    assert [row.step for row in HandlingStep.objects.filter(audience="parties")] == ["file"]


# amount in dispute, what is asked, the field that is refused, words of the refusal
SUMS: list[tuple[str, dict[str, Any], str, str]] = [
    ("128.50", {"amount_refund": "128.50"}, "", ""),
    ("128.50", {"amount_refund": "128.51"}, "amount_refund", "您填的涉及金额是¥128.50，这里要求退¥128.51，多了¥0.01"),
    ("0", {"amount_refund": "20"}, "amount_refund", "您填的涉及金额是¥0.00，这里要求退¥20.00"),
    ("128.50", {"demand": ["damages"], "amount_damages": "500"}, "note", "要求赔偿¥500.00，超过涉及金额¥128.50"),
    ("128.50", {"demand": ["damages"], "amount_damages": "500", "note": "误工一天"}, "", ""),
    ("128.50", {"demand": ["damages"], "amount_damages": "100"}, "", ""),
    # Not ticked: not judged.
    ("128.50", {"demand": ["apology"], "amount_refund": "9999"}, "", ""),
]


def test_what_is_asked_is_held_against_what_is_in_dispute_where_that_was_said() -> None:
    """By programs and at the counter: the screens ask for no sum but that of a demand."""
    for disputed, asked, field, words in SUMS:
        given = answers.DEMANDS | asked
        data = MultiValueDict({name: value if isinstance(value, list) else [value] for name, value in given.items()})
        form = DemandsStep(data, today=timezone.localdate(), category="service.telecom", disputed=Decimal(disputed))
        assert form.is_valid() is not bool(field), (disputed, asked)
        assert not field or words in str(form.errors[field])


def test_what_is_asked_back_is_in_dispute_and_an_apology_needs_no_sum(client: Client, town: Town) -> None:
    draft = ready(client, town, demands={"amount_refund": "99"})
    draft.refresh_from_db()
    assert draft.data["purchase"]["amount"] == ["99"]
    sorry = heard_with(demands={"demand": ["apology"], "amount_refund": ""})
    assert send(client, url(draft, "heard"), sorry).headers["Location"] == url(draft, "you")
    draft.refresh_from_db()
    assert "amount" not in draft.data["purchase"]


def test_the_browser_holds_the_draft_as_long_as_the_draft_is_kept(client: Client, town: Town) -> None:
    draft = begin(client, town)
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=12), tick=False):
        assert "这份草稿快要到期了" in screen(client, draft, "you")
        send(client, url(draft, "you"), answers.YOU)
        assert int(client.cookies[COOKIE]["max-age"]) == 7 * 86400
        assert "快要到期" not in screen(client, draft, "you")


def test_left_to_the_authority_another_consent_is_asked_and_the_dates_are_those_of_the_authority(
    client: Client, town: Town
) -> None:
    assert drafts.enrolled_name(begin(Client(), town)) == town.carrier.name
    draft = begin(client, town, pick="authority")
    fill(client, draft)
    prove(client, draft)
    consents = screen(client, draft, "consents")
    assert ('name="pause_for_settlement"' in consents, 'name="share_with_enterprise"' in consents) == (True, False)
    page = client.get(file(client, draft, pause_for_settlement="yes").headers["Location"]).content.decode()
    assert not missing_in(page, "监管部门告诉您是否受理", "最迟在这一天结束调解")


def test_open_drafts_stand_among_my_cases_and_nobody_elses(client: Client, town: Town) -> None:
    draft, stranger = begin(client, town), signed_in(OTHER_PHONE)
    other = User.objects.with_phone(OTHER_PHONE).get()
    assert (drafts.open_ones_of(other.pk, now=timezone.now()), draft.owner_id) == ([], None)
    fill(client, draft, until="you")
    prove(client, draft)
    elsewhere = signed_in()
    page = elsewhere.get("/cases/").content.decode()
    assert not missing_in(page, "没填完的投诉", answers.STATEMENT[:10], f'href="{url(draft, "you")}"', "继续填写")
    assert elsewhere.get(url(draft, "you")).status_code == 200
    assert "没填完的投诉" not in stranger.get("/cases/").content.decode()
    file(client, draft)
    assert "没填完的投诉" not in elsewhere.get("/cases/").content.decode()


def test_figures_of_the_problem_before_those_of_all(client: Client, town: Town) -> None:
    """What may be expected of the enterprise stands on the first and on the last screen."""
    draft, figure = ready(client, town), {"enterprise": town.carrier, "day": timezone.localdate(), "formula": 1}
    counts = {"ended": 200, "settled": 100, "unconfirmed": 20, "median_days": 9, "promised": 50, "kept": 40}
    PublishedFigure.objects.create(**figure, **counts)
    a_line(town.carrier, n=180, settled=90, unconfirmed=18)
    page = screen(client, draft, "enterprise")
    assert not missing_in(page, "180件有了结果：消费者确认和解50%", "一半在9天内有结果。")
    assert not missing_in(screen(client, draft), "这家企业以往怎么样", "180件有了结果")
    counts |= {"ended": 100, "settled": 30, "median_days": 4}
    PublishedFigure.objects.create(category=answers.PROBLEM["problem_category"], **figure, **counts)
    assert not missing_in(screen(client, draft), "同类问题：一半在4天内有结果。", "180件有了结果")
    LeagueLine.objects.all().delete()
    assert "近一年有结果的投诉太少，不作统计。" in screen(client, draft)


def test_whoever_never_asked_the_enterprise_may_write_first_with_what_is_filled_in(client: Client, town: Town) -> None:
    assert "给企业写信" not in screen(client, ready(client, town))
    draft = ready(client, town, problem={"has_contacted": "no"})
    # It is no condition.
    assert not missing_in(screen(client, draft), 'href="/check/letter/"', "提交投诉")
    letter = client.get("/check/letter/").content.decode()
    assert not missing_in(letter, "测试移动福州分公司", "059100000000", "智家体验包", "退还货款或服务费")
    assert not missing_in(letter, "128.50", "陈雨桐")
