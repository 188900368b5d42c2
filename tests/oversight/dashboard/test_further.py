"""Causes over several enterprises, money by problem, and what enrolled ones get to settle: as other SQL counts them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from authorities.models import Region
from complaints import wording
from complaints.models import Complaint, Engagement, RootCause
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from database.row_security import working_as_steps
from oversight.counters import further
from oversight.dashboard import further_views
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.models import Remedy
from tests import given, missing_in
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of
from tests.oversight.counting import CHARGE, a_shop
from tests.oversight.looking import browser, opened, page_of, sent
from tests.oversight.worlds import Walk

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
URL = "/oversight/further/"


def measure(walk: Walk) -> Measure:
    region, today = Region.objects.get(code="350100"), timezone.localdate(walk.now)
    period = Period(first=today - 200 * DAY, last=today)
    return Measure(Scope(regions=(region,)), period, walk.now, current_calendar())


def test_money_and_what_reached_the_enterprise_are_those_of_the_rows(world: World) -> None:
    walk = Walk(world, seed=7, cases=24, ticks=36)
    found, got = further.losses(measure(walk)), further.passed(measure(walk))
    cases = list(Complaint.objects.exclude(status="draft"))
    assert sum(one.n for one in found) == len([case for case in cases if case.amount])
    for one in found:
        own = sorted(case.amount for case in cases if case.problem_category == one.problem and case.amount)
        assert (one.n, one.total) == (len(own), sum(own))
        middle = (own[(len(own) - 1) // 2] + own[len(own) // 2]) / 2
        assert abs(one.median - middle) < Decimal("0.011")
    with connection.cursor() as cursor:
        cursor.execute(
            "select sum(amount) from complaints_obligation where owed_by = 'enterprise' and state = 'confirmed'"
            " and kind in ('original_channel', 'transfer', 'bill_credit')"
        )
        assert sum(one.paid for one in found) == (cursor.fetchone()[0] or 0)
        cursor.execute(
            "select c.enterprise_id, count(*), count(*) filter (where c.id in ("
            " select complaint_id from complaints_engagement)) from complaints_complaint c"
            " join enterprises_enterprise f on f.id = coalesce(c.enterprise_id, c.picked_enterprise_id)"
            " where f.enrolment = 'enrolled' group by 1"
        )
        rows = cursor.fetchall()
    sums = tuple(sum(row[at] for row in rows) for at in (1, 2))
    assert (sum(one.n for one in got), sum(one.got for one in got)) == sums


def test_each_number_opens_the_cases_that_it_counts(world: World) -> None:
    walk = Walk(world, seed=7, cases=24, ticks=36)
    mine = measure(walk)
    days = f"?period=chosen&first={mine.period.first}&last={mine.period.last}"
    page = page_of(world.su, URL + days)
    assert opened(world.su, page) >= len(further.losses(mine)) + len(further.passed(mine)) > 2
    [of_all] = further.listed(mine, "passed").lines[:1]
    assert of_all.complaint_id in Engagement.objects.values_list("complaint_id", flat=True)
    assert page_of(world.su, f"/oversight/cases/{days}&what=passed").count("<time") > 0
    assert browser(world.su).get(f"/oversight/cases/{days}&what=passed&after=²").status_code == 200
    assert browser(world.su).get(f"/oversight/cases/{days}&what=lost&problem=x").context["n"] == 0


def test_the_portal_itself_is_judged_by_who_closed_a_case_and_only_of_thirty(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    assert "还没有人给平台评分" in page_of(world.su, URL)
    for nth, mark in enumerate((5, 4, 4, 2, None)):
        case = given.a_complaint(world, status=Status.CLOSED, now=now - 3 * DAY)
        with working_as_steps():
            facts = case.facts | {
                "rating": {"overall": 1, "portal": mark},
                "display": "elder" if nth == 0 else "standard",
            }
            Complaint.objects.filter(pk=case.pk).update(facts=facts)
    page = page_of(world.su, URL)
    assert not missing_in(page, "不足30件，不列", "办结的，4/5（共5件）给平台评了分")
    assert "3.75" not in page
    monkeypatch.setattr(further_views, "ENOUGH", 4)
    rows = {row["name"]: row for row in browser(world.su).get(URL).context["portal"]["rows"]}
    assert [(row["n"], row["mean"]) for row in rows.values()] == [("4", "3.75"), ("4", "3.75"), ("1", "5.00")]
    page = page_of(world.su, URL)
    assert opened(world.su, page.partition('id="h-portal"')[2]) == 2
    assert "75.0%" not in page_of(world.far_officer.user, URL)


def test_a_cause_is_told_where_three_named_it_thirty_times_and_never_by_whom(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    shops: list[Any] = [world.mobile, a_shop(world, "甲商场"), a_shop(world, "乙商场")]
    monkeypatch.setattr(further, "ENOUGH", 6)
    with working_as_steps():
        for nth in range(7):
            case = given.a_complaint(world, status=Status.NEGOTIATING, now=now - 9 * DAY)
            stage = Engagement.objects.get(complaint=case)
            firm = shops[nth % 3]
            Engagement.objects.filter(pk=stage.pk).update(
                enterprise=firm, until_at=now - 2 * DAY, ended_by="report", odr_result="failed"
            )
            row: Any = {"complaint": case, "enterprise": firm, "engagement": stage, "at": now}
            RootCause.objects.create(cause="billing_error" if nth < 6 else "other", **row)
    page = page_of(world.su, URL).partition('id="h-causes"')[2].partition("</section>")[0]
    rows = browser(world.su).get(URL).context["causes"]
    assert [(one["of"].cause, one["of"].n, one["of"].firms) for one in rows] == [("billing_error", 6, 3)]
    assert not [name for name in ("甲商场", "乙商场") if name in page]
    # Who may begin a campaign there begins one with this cause.
    begin = "/authority/campaigns/new/?cause=billing_error"
    assert (begin in page, begin in page_of(world.head_officer.user, URL)) == (False, True)
    assert wording.label("billing_error", kind="root_cause") in page_of(world.head_officer.user, begin)
    # And demands from there that it is put right for all, of whoever they choose: who named it is not told.
    demand = "/authority/remedies/new/?period=30&amp;cause=billing_error"
    assert (demand in page, demand in page_of(world.head_officer.user, URL)) == (False, True)
    # Of one enterprise nothing is told, nor of two.
    narrow = browser(world.su).get(f"{URL}?enterprise={world.mobile.pk}")
    assert narrow.context["causes"] == []
    with working_as_steps():
        RootCause.objects.filter(enterprise=shops[2]).delete()
    assert browser(world.su).get(URL).context["causes"] == []


def test_of_few_no_sum_stands_there_and_only_officers_find_the_page(world: World) -> None:
    given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now() - 5 * DAY)
    page = page_of(world.su, URL)
    assert not missing_in(page, "不足30件，不列", "1/1", "入驻企业的投诉")
    assert "128.5" not in page
    assert "这段时间没有针对入驻企业的投诉" in page_of(world.far_officer.user, URL)
    for stranger in (world.chen, world.ming):
        assert browser(stranger).get(URL).status_code == 404


def test_a_root_cause_leads_to_a_remedy_by_any_firm_that_is_complained_of(world: World) -> None:
    """Whoever named the cause is told to nobody: one that named nothing is offered like the others."""
    given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now() - 3 * DAY)
    head = officer_of(world, "head")
    link = "/authority/remedies/new/?cause=billing_error"
    page = page_of(head, link)
    assert not missing_in(
        page, f"{world.mobile.name}（1件）", "哪类投诉", wording.label("billing_error", kind="root_cause")
    )
    assert "哪家把投诉的原因标为这个，不告诉任何人" in page
    assert 'href="/oversight/further/?period=30' in page, "the way back"
    days = browser(head).get(link).context["form"].initial
    values = {"enterprise": world.mobile.pk, "cause": "账单没有列明收费", "first": days["first"], "last": days["last"]}
    assert sent(head, link, **values).status_code == 422, "which kind of complaint it is must be said"
    answer = sent(head, link, **values, problem=CHARGE)
    made = Remedy.objects.get()
    assert (answer.status_code, answer.url) == (302, f"/authority/remedies/{made.pk}/")
    assert (made.problem, made.enterprise, made.region_id) == (CHARGE, world.mobile, world.gulou.region_id)
    assert (made.hot_spot, made.campaign, made.case_number, made.state) == (None, None, "", "asked")
    assert browser(head).get("/authority/remedies/new/?cause=no.such").status_code == 404
    assert browser(world.su).get(link).status_code == 404, "who only reads demands nothing"
    # Of another place's complaints nothing is offered.
    assert world.mobile.name not in page_of(officer_of(world, "far"), link)
