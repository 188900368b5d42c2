"""The filters of an authority's list: what they show, what they refuse, what they never do."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authorities.models import Region
from complaints.desks import keyset
from complaints.desks.authority_lists import midnight
from complaints.models import Complaint, Engagement
from complaints.models.complaint import OPEN, lies_in
from tests import given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import DAYS, S, case_at, now
from tests.complaints.pages.at_the_desk import checked, shown, signed_in

CASES = "/authority/cases/"


def listed(client: Any, query: str = "") -> list[str]:
    answer = client.get(f"{CASES}{query}")
    assert answer.status_code == 200
    return [row.complaint.number for row in answer.context["rows"]]


def test_each_condition_narrows_and_a_number_is_found_whatever_its_state(world: World) -> None:
    review, negotiating, closed = case_at(world, S.REVIEW), case_at(world, S.NEGOTIATING), case_at(world, S.CLOSED)
    client = signed_in(world.su)
    number, both = closed.number, [review, negotiating]
    for cases, *queries in (
        (both, "", "?category=service.telecom", "?region=350102", "?officer=none"),
        ([*both, closed], "?status=any", "?category=telecom.fees.unexplained_charge&status=any"),
        ([negotiating], f"?enterprise={world.mobile.pk}", "?enterprise=福州分公司"),
        ([], "?enterprise=没有这家", "?category=goods.food", "?region=350121", f"?q={number}&status=review"),
        ([closed], "?status=closed", "?q=%E5%AE%BD%E5%B8%A6&status=closed", f"?q={number}&status=closed"),
        ([closed], f"?q={number}", f"?q={number.lower().replace('-', ' ')}", f"?q={number[:15]}"),
    ):
        for query in queries:
            assert sorted(listed(client, query)) == sorted(case.number for case in cases), query


def test_a_period_takes_open_and_closed_cases_of_its_days_which_end_at_local_midnight(world: World) -> None:
    today = now().astimezone().date()
    old = given.a_complaint(world, status=S.CLOSED, now=now() - 40 * DAYS)
    fresh, client = case_at(world, S.REVIEW), signed_in(world.su)
    assert listed(client, f"?received_from={today - 2 * DAYS}") == [fresh.number]
    assert listed(client, f"?received_to={today - 30 * DAYS}") == [old.number]
    assert listed(client, f"?received_from={today - 2 * DAYS}&status=closed") == []
    Complaint.objects.filter(pk=old.pk).update(received_at=datetime(2026, 10, 1, 15, 59, tzinfo=now().tzinfo))
    assert listed(client, "?received_from=2026-10-01&received_to=2026-10-01") == [old.number]
    Complaint.objects.filter(pk=old.pk).update(received_at=datetime(2026, 10, 1, 16, 0, tzinfo=now().tzinfo))
    assert listed(client, "?received_from=2026-10-01&received_to=2026-10-01") == []
    assert midnight(date(2026, 10, 1)).isoformat() == "2026-10-01T00:00:00+08:00"


def test_what_an_enterprise_ended_is_found_once_by_day_and_result_whoever_has_the_case_now(world: World) -> None:
    settled = case_at(world, S.CLOSED)
    case_at(world, S.NEGOTIATING)
    stage = Engagement.objects.get(complaint=settled)
    day = stage.until_at.astimezone().date()  # type: ignore[union-attr]
    client = signed_in(world.su)
    assert listed(client, f"?result=settled&ended_from={day}&ended_to={day}") == [settled.number]
    assert listed(client, f"?result=failed&ended_from={day}") == []
    assert listed(client, f"?result=settled&enterprise={world.mobile.pk}") == [settled.number]
    assert listed(client, f"?result=settled&enterprise={world.telecom.pk}") == []
    Complaint.objects.filter(pk=settled.pk).update(enterprise=world.telecom)
    assert listed(client, f"?result=settled&enterprise={world.mobile.pk}") == [settled.number]
    # Ended twice, it still stands there once.
    stage.pk = None
    stage.save()
    assert listed(client, "?result=settled") == [settled.number]
    assert client.get(f"{CASES}?result=settled").context["count"] == 1
    Engagement.objects.filter(complaint=settled).update(ended_by="succession")
    assert listed(client, "?result=settled") == []


def test_what_cannot_be_read_is_left_out_and_odd_values_show_a_page_of_the_own_region(world: World) -> None:
    case = case_at(world, S.REVIEW)
    for query, names in (
        ("?received_from=2026-12-02&received_to=2026-12-01", ["received_to"]),
        ("?received_from=0001-01-01", ["received_from"]),
        ("?received_to=9999-12-31", ["received_to"]),
        ("?ended_from=30.2.2026", ["ended_from"]),
        ("?result=odd", ["result"]),
        ("?status=odd", ["status"]),
        ("?overdue=" + "9" * 31, ["overdue"]),
        ("?category=%27%3B--", ["category"]),
        ("?q=" + "长" * 3000, ["q"]),
        ("?enterprise=" + "x" * 10_000, ["enterprise"]),
        ("?officer=1", ["officer"]),
        ("?region=" + "3" * 25, ["region"]),
        ("?channel=" + "网" * 4000, ["channel"]),
        ("?channel=web%27--", ["channel"]),
    ):
        answer = signed_in(world.rui).get(f"{CASES}{query}")
        assert list(answer.context["filter"].errors) == names
        assert [row.complaint.number for row in answer.context["rows"]] == [case.number]
        assert len(checked(answer, 200, "没有用“").encode()) < 100_000 + len(query)
    far = signed_in(world.far_officer.user)
    for query in (
        *("?after=x", "?after=x.1&status=any", "?before=1.1", "?after=9.9.9", "?before=" + "9" * 17 + ".1"),
        *("?after=%01.1", "?after=" + "9" * 400, "?after=1." + "9" * 19, "?enterprise=1" + "0" * 30),
        *("?enterprise=%25_", "?region=000000", "?region=CN", "?q=%25", "?q=_______"),
        *("?status=any&q=%F0%9F%99%82", "?nothing=1", "?result=settled&after=x.1"),
    ):
        answer = far.get(f"{CASES}{query}")
        assert (answer.status_code, answer.context["rows"]) == (200, [])
        assert case.number not in shown(answer)
        assert signed_in(world.rui).get(f"{CASES}{query}").status_code == 200


def test_a_condition_that_is_taken_away_leaves_the_others(world: World) -> None:
    case_at(world, S.REVIEW)
    answer = signed_in(world.su).get(f"{CASES}?status=review&region=350102&received_from=2026-01-01&overdue=soon")
    labels = [one["label"] for one in answer.context["active"]]
    assert labels[0].startswith("状态：")
    assert not missing_in(labels, "地区：鼓楼区", "收到日期，自：2026-01-01")
    without = next(one["remove_url"] for one in answer.context["active"] if one["label"].startswith("状态"))
    assert without == f"{CASES}?overdue=soon&region=350102&received_from=2026-01-01"


def test_counts_stop_and_all_that_ever_was_is_not_counted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "PAGE", 1)
    today = now().astimezone().date()
    for _ in range(2):
        case_at(world, S.CLOSED)
    client = signed_in(world.su)
    assert client.get(f"{CASES}?status=any").context["count"] is None
    assert client.get(f"{CASES}?received_from={today}").context["count"] == 2
    assert client.get(f"{CASES}?status=any&enterprise={world.mobile.pk}").context["count"] == 2
    assert client.get(f"{CASES}?result=settled&ended_from={today}").context["count"] == 2
    for _ in range(4):
        case_at(world, S.REVIEW)
    monkeypatch.setattr(keyset, "MANY", 2)
    monkeypatch.setattr(keyset, "PAGE", 2)
    client = signed_in(world.rui)
    assert "2+件" in shown(client.get(CASES))
    assert ">2+<" in shown(client.get("/authority/"))
    with CaptureQueriesContext(connection) as asked:
        client.get(CASES), client.get("/authority/"), client.get("/authority/triage/")
    statements = [q["sql"].upper() for q in asked.captured_queries]
    assert not [sql for sql in statements if "OFFSET" in sql]
    assert not [sql for sql in statements if "COUNT(*) FROM" in sql and "LIMIT 3" not in sql and "COMPLAINTS_" in sql]


def test_pages_follow_each_other_with_equal_dates_and_none(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyset, "PAGE", 2)
    made = [case_at(world, S.REVIEW) for _ in range(9)]
    Complaint.objects.filter(pk__in=[c.pk for c in made[3:6]]).update(next_due_at=None)
    Complaint.objects.filter(pk__in=[c.pk for c in made[6:]]).update(next_due_at=now() - timedelta(days=1))
    expected, client = [c.number for c in [*made[6:], *made[:3], *made[3:6]]], signed_in(world.rui)
    for query in ("", "?status=review"):
        pages, back, url = [], [], CASES + query
        while url:
            answer = client.get(url)
            pages.append([row.complaint.number for row in answer.context["rows"]])
            url = answer.context["next_url"]
        assert [number for page in pages for number in page] == expected
        url = answer.context["previous_url"]
        while url:
            answer = client.get(url)
            back.append([row.complaint.number for row in answer.context["rows"]])
            url = answer.context["previous_url"]
        assert list(reversed(back)) == pages[:-1]


def test_a_list_is_walked_in_the_order_of_an_index(world: World) -> None:
    """Not sorted first: with a million cases that is the difference."""
    case_at(world, S.REVIEW)
    for code in ("350102", "350100", "350000", "CN"):
        rows = Complaint.objects.filter(lies_in(Region.objects.get(code=code)))
        lists = [(rows.filter(OPEN), keyset.BY_DUE, "using open_cases"), (rows, keyset.BY_RECEIPT, "using cases_")]
        with connection.cursor() as cursor:
            cursor.execute("; ".join(f"set local enable_{how} = off" for how in ("seqscan", "bitmapscan", "sort")))
            for cases, order, index in lists:
                for key in (None, (now(), 1)):
                    for part in keyset._parts(cases, order, key, backwards=False):
                        plan = part.values_list("pk", flat=True)[:26].explain()
                        assert index in plan, plan
                        assert "Sort" not in plan, plan


def test_the_database_places_a_case_wherever_it_is_written(world: World) -> None:
    case = case_at(world, S.REVIEW)

    def places() -> tuple[int | None, ...]:
        reloaded(case)
        return case.handling_province, case.handling_city, case.handling_county

    assert places() == (350_000_000, 350_100_000, 350_102_000)
    Complaint.objects.filter(pk=case.pk).update(handling_region=Region.objects.get(code="110101"))
    assert places() == (110_000_000, None, 110_101_000)
    case.handling_county = 1
    case.save()
    assert places() == (110_000_000, None, 110_101_000)
    Complaint.objects.filter(pk=case.pk).update(handling_region=Region.objects.get(code="CN"))
    assert places() == (None, None, None)
