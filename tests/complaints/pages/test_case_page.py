"""What the case page says beyond its statuses: what changed between offers, what was kept, what is left to do."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.conf import settings

from authorities.policies import Policies, PolicyNumber, PolicyRow
from complaints import handling, wording
from complaints.acceptance.remedies import after, remedies
from complaints.handling import Answer, Promise
from complaints.handling.steps import consumer, enterprise, offers, violations
from complaints.models import Complaint, HandlingStep
from complaints.procedure.categories import DEMAND_BY_CODE, OBJECT_LABELS, PROBLEM_LABELS
from complaints.procedure.workflow import TABLE, Clock, Outcome, Role
from complaints.procedure.workflow import Status as S
from complaints.procedure.working_calendar import Calendar
from tests import given, missing_in, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import AFTER_DUE, SOON, overdue_promise, place, steps_of, unconfirmed
from tests.complaints.pages.at_the_authority import case_at, now
from tests.complaints.pages.at_the_desk import address, checked, send, shown, signed_in

O = Outcome  # noqa: E741


def two_offers(world: World) -> Complaint:
    """The second gives more money, later, and refuses what the first granted."""
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for amount, due, refusal in (("60", "2026-12-01", ""), ("80", "2026-12-05", "合约期内不能单独退订这一项。")):
        answers = [
            Answer(demand=1, verdict="part", amount=amount, reason="系统里只查到最近两个月多扣。"),
            Answer(demand=2, verdict="refuse" if refusal else "grant", reason=refusal),
        ]
        promises = [Promise(kind="transfer", what="退款", amount=amount, due_on=due, demand=1)]
        promises += [] if refusal else given.promises(due)[1:]
        given.step(case, offers.make_offer(answers=answers, promises=promises), world.handler, WEDNESDAY)
        if not refusal:
            move = consumer.decline_offer(reason="amount_too_low", counter_demand="三个月都退")
            given.step(case, move, world.consumer, WEDNESDAY)
    return case


def test_what_changed_between_offers_is_said_in_words(world: World, clock: Any) -> None:
    case = two_offers(world)
    for language, words in (
        ("zh-hans", ["▲ 多¥20.00", "▼ 更差：上次是“同意”", "▼ 晚4天", "金额太低", "三个月都退", "方案并排比较"]),
        ("en", ["▲ ¥20.00 more", "▼ worse: it was", "▼ later by 4 days", "三个月都退", "Offers side by side"]),
    ):
        for client, at in ((signed_in(world.chen), place(case)), (signed_in(world.ming), address(case))):
            assert missing_in(shown(client.get(at, headers={"accept-language": language})), *words) == []


def test_what_an_offer_of_former_days_granted_and_nobody_promised_is_told_to_all(world: World, clock: Any) -> None:
    """Whatever became of it: open, accepted, closed as performed. What was accepted in part is no difference."""
    text = "同意了、但没有写进约定的：¥28.50"
    readers = ((world.chen, place), (world.ming, address))
    for status, performed in ((S.AWAITING_CONSUMER, False), (S.PERFORMING, False), (S.PERFORMING, True)):
        case = given.a_complaint(world, status=status)
        assert [text in shown(signed_in(user).get(at(case))) for user, at in readers] == [False, False]
        case.obligations.update(amount=Decimal("100"))
        if performed:
            paid = enterprise.report_performed(obligations=[1], proof="流水 7788")
            given.step(case, paid, world.handler, WEDNESDAY)
            given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, WEDNESDAY)
            assert case.outcome == O.SETTLED
        assert [text in shown(signed_in(user).get(at(case))) for user, at in readers] == [True, True]
    case = given.an_act_of_former_days(world, S.CLOSED)
    for user, at in readers:
        page = checked(signed_in(user).get(at(case)), 200, "同意了、但没有约定怎样做到的：")
        assert "没有写进约定的：" not in page
    answers = [Answer(demand=n, verdict="grant", is_separable=True) for n in (1, 2)]
    for rest in ("give_up", "regulator"):
        case = given.a_complaint(world, status=S.NEGOTIATING)
        given.step(case, offers.make_offer(answers=answers, promises=given.promises()), world.handler, WEDNESDAY)
        given.step(case, consumer.accept_offer(separable=[2], rest=rest), world.consumer, WEDNESDAY)
        assert "没有写进约定" not in shown(signed_in(world.chen).get(place(case)))


def test_a_reminder_and_what_a_superior_is_told_name_the_time_that_runs_out(world: World, clock: Any) -> None:
    cases = {status: given.a_complaint(world, status=status) for status in (S.WITH_ENTERPRISE, S.REVIEW)}
    for day in (1, 2, 6, 13, 14):
        clock.move_to(WEDNESDAY + timedelta(days=day), tick=False)
        handling.sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    assert "remind" in steps_of(cases[S.WITH_ENTERPRISE])
    assert {"remind", "escalate"} <= set(steps_of(cases[S.REVIEW]))
    superior = "Fuzhou Administration for Market Regulation"
    for status, language, words in (
        (S.WITH_ENTERPRISE, "zh-hans", ["企业受理期限，最后一天"]),
        (S.WITH_ENTERPRISE, "en", ["Time for the enterprise to accept, last day "]),
        (S.REVIEW, "zh-hans", ["审查期限，最后一天", "福州市市场监督管理局"]),
        (S.REVIEW, "en", ["Time for the authority to decide, last day ", superior]),
    ):
        page = shown(signed_in(world.chen).get(place(cases[status]), headers={"accept-language": language}))
        assert missing_in(page.partition('id="events"')[2].partition("</ol>")[0], *words) == []


def test_the_ledger_says_whether_it_was_done_in_time_and_one_button_that_it_was_not(world: World, clock: Any) -> None:
    case = overdue_promise(world)
    assert "他们没有做到" not in checked(signed_in(world.chen).get(place(case)), 200, "还没到期")
    clock.move_to(AFTER_DUE, tick=False)
    client = signed_in(world.chen)
    checked(client.get(place(case)), 200, "已过期", f'href="{place(case, "breach")}?obligation=1"')
    form = shown(client.get(place(case, "breach") + "?obligation=1"))
    assert "checked" in form.split('name="obligation"')[1].split(">")[0]
    assert send(client, place(case, "breach"), {"obligation": "1", "text": ""}).status_code == 302
    assert reloaded(case).status == S.REVIEW


def broken(world: World, clock: Any) -> Complaint:
    case = overdue_promise(world)
    clock.move_to(AFTER_DUE, tick=False)
    return given.step(case, consumer.report_breach(obligation=1, text="没有收到。"), world.consumer, AFTER_DUE)


def test_both_sides_name_new_dates_for_a_broken_promise(world: World, clock: Any) -> None:
    for order in (1, -1):
        clock.move_to(SOON, tick=False)
        case = broken(world, clock)
        for user, at in ((world.chen, place), (world.ming, address))[::order]:
            client, form = signed_in(user), at(case, "new-dates")
            assert f'href="{form}"' in shown(client.get(at(case)))
            assert client.get(form).status_code == 200
            checked(send(client, form, {"day-1": "2026-12-18"}), 302)
        promise = case.obligations.get()
        expected = (S.PERFORMING, "due", date(2026, 12, 18))
        assert (reloaded(case).status, promise.state, promise.due_on) == expected


def test_a_new_date_is_a_day_to_come_and_another_one_is_a_new_proposal(world: World, clock: Any) -> None:
    case = broken(world, clock)
    for typed in ("", "2026-12-08", "2020-01-01", "31.02.2027", "bald", "9" * 500):
        for client, form in (
            (signed_in(world.chen), place(case, "new-dates")),
            (signed_in(world.ming), address(case, "new-dates")),
        ):
            checked(send(client, form, {"day-1": typed}), 422, "id_day-1_error")
        assert "resume_performance" not in steps_of(case)
    send(signed_in(world.ming), address(case, "new-dates"), {"day-1": "2026-12-18"})
    chen = signed_in(world.chen)
    assert "企业提出新的日期" in shown(chen.get(place(case)))
    assert 'value="2026-12-18"' in shown(chen.get(place(case, "new-dates")))
    send(chen, place(case, "new-dates"), {"day-1": "2026-12-11"})
    assert reloaded(case).status == S.REVIEW


def test_months_end_where_the_month_does() -> None:
    for day, months, result in (
        ("2026-11-01", 5, "2027-04-01"),
        ("2026-09-30", 5, "2027-02-28"),
        ("2026-11-30", 24, "2028-11-30"),
        ("2024-02-29", 36, "2027-02-28"),
        ("2026-12-31", 6, "2027-06-30"),
        ("2027-09-30", 5, "2028-02-29"),
    ):
        assert after(date.fromisoformat(day), months=months).isoformat() == result


#: After the first of November 2026.
FIVE_MONTHS, THREE = "2027-04-01", "2029-11-01"


def closed(outcome: Outcome, **changes: Any) -> Complaint:
    facts: dict[str, Any] = {"outcome": outcome, "closed_at": datetime(2026, 11, 25, 2, tzinfo=UTC)}
    facts |= {"disputed_on": date(2026, 11, 1), "object_category": "service.telecom"}
    facts |= {"problem_category": "telecom.fees.unexplained_charge"}
    return Complaint(**(facts | changes))


@pytest.mark.parametrize(
    ("case", "may", "days"),
    [
        # What it is about, what stands open, and the last days named, in the order of the page.
        (closed(O.SETTLED), (), []),
        (closed(O.SETTLED_ELSEWHERE), ("refer_to_regulator",), [THREE]),
        (closed(O.MEDIATED), (), []),
        (closed(O.MEDIATED, is_not_kept=True), (), [FIVE_MONTHS, THREE, THREE]),
        (closed(O.NEGOTIATION_FAILED), ("refer_to_regulator",), [THREE, FIVE_MONTHS, THREE, THREE]),
        (
            closed(O.UNCONFIRMED),
            ("answer_late", "refer_to_regulator"),
            ["2026-12-25", THREE, FIVE_MONTHS, THREE, THREE],
        ),
        (closed(O.REFUSED), ("object",), ["2027-01-24", "2027-05-25", FIVE_MONTHS, THREE, THREE]),
        (closed(O.WITHDRAWN, problem_category="telecom.support.unreachable"), (), ["2028-11-01", THREE, THREE]),
        (closed(O.WITHDRAWN, object_category="goods.food", problem_category="quality"), (), [THREE, THREE]),
        (closed(O.WITHDRAWN, learned_on=date(2026, 11, 20)), (), ["2027-04-20", "2029-11-20", "2029-11-20"]),
        # Over already: not offered any more.
        (closed(O.WITHDRAWN, disputed_on=date(2023, 1, 1)), (), []),
        (closed(O.WITHDRAWN, disputed_on=None), (), []),
    ],
    ids=lambda value: str(getattr(value, "outcome", "")) or None,
)
def test_each_way_has_the_last_day_that_the_law_names(case: Complaint, may: tuple[str, ...], days: list[str]) -> None:
    calendar = Calendar.build({}, frozenset({2026, 2027}), source="test", version=1)
    policies = Policies([PolicyRow("late_answer", 0, 2**31 - 1, PolicyNumber(30, "CD", "", ""))], on=date(2026, 11, 26))
    ways = remedies(case, today=policies.on, policies=policies, calendar=calendar, may=frozenset(may), is_broken=False)
    assert [w.until.isoformat() for w in ways if w.until] == days


def test_a_closed_case_says_what_is_left_and_until_when(world: World, clock: Any) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, consumer.withdraw(reason="other_way"), world.consumer, WEDNESDAY)
    page, refer = shown(signed_in(world.chen).get(place(case))), f'href="{place(case, "refer")}"'
    assert not missing_in(page, "已撤回", "还没完？", "12300", "2029年11月1日", refer, "向人民法院起诉")


def test_a_promise_kept_late_says_so_and_a_late_answer_has_thirty_days(world: World, clock: Any) -> None:
    case = unconfirmed(world)
    for days, is_offered in ((20, True), (45, False)):
        clock.move_to(WEDNESDAY + timedelta(days=days), tick=False)
        page = shown(signed_in(world.chen).get(place(case)))
        assert case.number in page
        assert (f'href="{place(case, "late")}"' in page) is is_offered
    case = overdue_promise(world)
    given.step(case, enterprise.report_performed(obligations=[1], proof="流水 1"), world.handler, AFTER_DUE)
    given.step(case, consumer.confirm_performed(obligations=[1]), world.consumer, AFTER_DUE)
    clock.move_to(AFTER_DUE, tick=False)
    assert "<b>迟了</b>" in shown(signed_in(world.chen).get(place(case)))
    assert HandlingStep.objects.filter(complaint=case, step="confirm_performed").exists()


def test_reminders_in_a_row_stand_as_one_and_say_of_what(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW)
    for day in range(1, 20):
        handling.sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    for language, title, earlier, detail in (
        ("zh-hans", "发出提醒", "此前还有", "审查期限，最后一天11月20日（周五）"),
        ("en", "Sent a reminder", "Earlier reminders:", "Time for the authority to decide, last day Fri 20 Nov"),
    ):
        client = signed_in(world.rui)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
        events = re.split(r'<li class="event"', shown(client.get(f"/authority/cases/{case.number}/")))[1:]
        reminders = [event for event in events if title in event]
        # Those before the day and those after it: the lapse stands between.
        assert [earlier in event for event in reminders] == [True, True]
        times = sum(event.count("<time>") for event in reminders)
        assert times == steps_of(case).count("remind") > 6
        assert all(detail in event for event in reminders)


CODES = {code for kind in wording.KINDS.values() for code in kind} | {*OBJECT_LABELS, *PROBLEM_LABELS}
CODES |= {*DEMAND_BY_CODE, *TABLE, *map(str, Clock), *map(str, Role), *map(str, S)}
_HIDDEN = re.compile(r"<(script|style|svg|head)\b.*?</\1>|<!--.*?-->|<[^>]*>", re.DOTALL)


def raw(page: str) -> set[str]:
    """Words of the text of a Chinese page that are codes."""
    text = unescape(_HIDDEN.sub(" ", page))
    return set(re.findall(r"(?<![\w./@-])[a-z][a-z0-9_.]*[a-z0-9](?![\w/@-])", text)) & CODES


def test_no_code_of_the_lists_shows_on_the_page_of_a_case(world: World) -> None:
    read = raw("<p class='telecom'>问题：telecom.other，refund</p><script>refuse</script>")
    assert read == {"telecom.other", "refund"}, "the reader of this test finds codes"
    for status in (S.TRIAGE, S.AWAITING_CONSUMER, S.PERFORMING, S.AWAITING_MATERIAL, S.MEDIATION_SUSPENDED, S.CLOSED):
        case = case_at(world, status, report="门店无照经营。")
        if status in (S.AWAITING_CONSUMER, S.PERFORMING):
            given.step(case, enterprise.flag_concern(text="同一号码提交了七件。"), world.handler, now())
        if status != S.TRIAGE:
            given.step(case, violations.open_lead(text="涉嫌虚假宣传。"), world.officer, now())
        officers = ((world.rui, "/authority"), (world.head_officer.user, "/authority"))
        for user, path in (*officers, (world.ming, "/enterprise"), (world.chen, "")):
            answer = signed_in(user).get(f"{path}/cases/{case.number}/")
            if answer.status_code != 404:
                assert raw(shown(answer)) == set(), (status, path)
