"""A morning at intake: what waits goes where it should, by keyboard and at once; a call is written down.

The complaints are rows of the public file of a state where it lies beside the project, else rows of our own of the same
shape; nothing of it is kept.
"""

import csv
import gzip
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from django.utils import timezone

from complaints import handling
from complaints.handling.steps import authority
from complaints.models import Complaint, HandlingStep
from complaints.parties.actors import SYSTEM
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status
from tests import given
from tests.browser.authority.test_authority import a_candidate
from tests.browser.looks import LOOKS
from tests.cast import World
from tests.routing.labelled.test_labelled import SHARED

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
FILE = SHARED / "wa_ag" / "cases_all.csv.gz"


def rows(many: int) -> Iterator[dict[str, str]]:
    """Whom it was about, and what; one in four names nobody, as there."""
    if FILE.exists():
        with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    else:
        for n in range(many):
            yield {
                "business_name": "" if n % 4 == 0 else f"shop {n % 7}",
                "practice_names": ("Billing Issues", "Refund|Advertising")[n % 2],
            }


def a_morning(world: World, many: int) -> list[Complaint]:
    """Most against an enrolled carrier with a likely suggestion, every fifth named in words."""
    now, requests = timezone.now(), []
    for n, row in enumerate(islice(rows(many), many)):
        to = (
            RespondentRequest(named=row["business_name"][:100], address="东街口")
            if n % 5 == 4
            else RespondentRequest(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk)
        )
        what = row["practice_names"].replace("|", "; ")
        requests.append(
            given.a_request(
                world,
                now=now - timedelta(minutes=many - n),
                respondents=(to,),
                order_no=f"WA{n}",
                item_name=row["practice_names"].split("|")[0][:60] or "service",
                statement=f"{row['business_name'] or 'somebody'}, number {n}: {what}" + "." * (n % 3),
            )
        )
    cases = handling.file(requests, actor=world.consumer, now=now)
    moves = []
    for case in cases:
        candidates = [a_candidate(world)] if case.picked_enterprise_id else []
        because = given.BECAUSE | {"is_match": False, "candidates": candidates}
        moves.append((case.pk, authority.refer_to_triage(reason="ambiguous", explanation=because), SYSTEM))
    handling.take_each(moves, now=now)
    return cases


@pytest.mark.parametrize("many", [12, pytest.param(150, marks=pytest.mark.full)])
def test_a_morning_of_complaints_is_distributed(world: World, visit: Callable[..., Any], many: int) -> None:
    made = a_morning(world, many)
    Complaint.objects.filter(pk=made[0].pk).update(returns=2)
    visitor = visit(width=1280, user=world.su)
    page = visitor.look("/authority/triage/")

    # By keyboard: the first one is open; the second is sent with one press, and the third opens.
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("j")
    number = page.locator(".is-open small a").inner_text()
    following = page.locator(".is-open ~ [data-case] small a").first.inner_text()
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("Enter")
    assert Complaint.objects.get(number=number).status != S.TRIAGE
    assert page.locator(".is-open small a").inner_text() == following

    # One goes to the county instead of the enterprise, with the reason.
    last = Complaint.objects.filter(status=S.TRIAGE, picked_enterprise__isnull=False, returns=0).last()
    assert last is not None
    page = visitor.go(f"/authority/triage/{last.number}/")
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.keyboard.press("2")
    page.locator("#id_why").select_option("not_for_enterprise")
    page.locator("form.panel button.btn:not(.is-2)").click()
    page.wait_for_url(re.compile(r"/authority/triage/(\?|$)"))
    assert HandlingStep.objects.get(complaint=last, step="assign_authority").data["reason"] == "not_for_enterprise"

    # All others at once; what came back twice stays for a person.
    page.get_by_text("选几件一起送").click()
    page.locator("#batch_all").check()
    page.get_by_role("button", name="分送选中的").click()
    page.locator("[role=status] h1").wait_for()
    visitor.look()
    assert Complaint.objects.filter(status=S.TRIAGE).count() == 1
    assert page.get_by_role("link", name=made[0].number).count() == 1
    page = visitor.go(f"/authority/triage/{made[0].number}/")
    assert page.get_by_text("已被退回2次").count() == 1


@pytest.mark.parametrize("look", LOOKS)
def test_pages_of_intake_fit_and_hold_before_axe(world: World, visit: Callable[..., Any]) -> None:
    now = timezone.now()
    same = {"order_no": "DD-1", "statement": "他们无证经营，请查处，也请退我的钱。"}
    first, second = (given.a_complaint(world, status=S.TRIAGE, now=now, **same).number for _ in range(2))
    review = given.a_complaint(world, status=S.REVIEW, now=now)
    given.step(review, handling.MOVES["dispute_jurisdiction"](text="经营者的登记地在仓山区。"), world.officer, now)
    visitor = visit(user=world.su)
    for path in (
        "triage/",
        f"triage/{second}/",
        "intake/",
        f"cases/{second}/together/?with={first}",
        f"cases/{second}/contact/",
        "jurisdiction/",
        f"cases/{review.number}/designate/",
    ):
        visitor.look(f"/authority/{path}")


def test_without_a_script_a_call_is_written_down_and_its_receipt_printed(
    world: World, visit: Callable[..., Any]
) -> None:
    visitor = visit(width=1280, user=world.su, javascript=False)
    page = visitor.go("/authority/triage/")
    page.get_by_role("link", name="登记来电、来访、来信").click()
    page.locator("#id_came-is_own_number").check()
    day = (timezone.localdate() - timedelta(days=9)).isoformat()
    for field, text in {
        "came-proof": "LY-2026-0815",
        "you-name": "林来电",
        "you-phone": "13900001111",
        "you-address": "福州市鼓楼区某路2号",
        "problem-statement": "鼓楼的，中国移动每个月账单多出一项，我没有开通过，要求退128.5元。",
    }.items():
        page.locator(f"[name='{field}']").fill(text)
    visitor.look()
    # One press fills in what was understood, the same page says what is missing, and nothing is lost.
    page.get_by_role("button", name="听出来的填上").click()
    assert page.locator(".error-summary").count() == 0
    assert page.locator("[name='enterprise-respondent']:checked").input_value().startswith(f"{world.mobile.pk}-")
    page.locator("#id_problem-problem_category").select_option("telecom.fees.unexplained_charge")
    page.locator("#id_problem-disputed_on").fill(day)
    page.locator("[name='problem-service_number']").fill("13900001111")
    page.locator("input[name='demands-demand'][value=refund]").check()
    page.locator("button[name=go]").click()
    # What was not asked of the consumer yet is pointed at.
    assert page.locator(".error-summary a").count() == 2
    for name in ("share_with_enterprise", "pass_to_regulator"):
        page.locator(f"[name='consents-{name}'][value=yes]").check()
    page.locator("button[name=go]").click()
    assert page.get_by_role("heading", name="请读给消费者听").count() == 1
    visitor.look()
    page.locator("#id_read").check()
    page.get_by_role("button", name="登记", exact=True).last.click()
    assert page.get_by_role("heading", name="投诉登记回执").count() == 1
    visitor.look()
    case = Complaint.objects.get()
    assert (case.channel, case.status) == ("phone", S.FILED)
    assert case.steps.get(step="file").recorded_by is not None
