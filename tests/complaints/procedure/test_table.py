"""The table on paper: everybody has a way on, nobody waits without a clock or a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from complaints.forms.fields import Day
from complaints.handling import MOVES
from complaints.handling.steps import authority, casework, mediation, supervision
from complaints.handling.transition.lapses import LAPSES
from complaints.procedure.deadlines import calendar_days, fixed_day, recompute, resume, with_allowance, working_days
from complaints.procedure.derivation import _RULES, day_by_day, explain
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import CLOCKS, MUST_ACT, OPEN, STEPS, TABLE, Clock, Outcome, Role, Status
from enterprises.team.team_forms import LeaveForm
from tests.complaints.procedure.years import CHINA, NONE, WITH_2027
from tests.languages import in_language

S = Status
#: Sides that must act → roles that may.
SIDES = {
    "consumer": {Role.CONSUMER},
    "enterprise": {Role.MANAGER, Role.HANDLER},
    "authority": {Role.INTAKE, Role.OFFICER, Role.APPROVER, Role.SYSTEM},
}
#: Open statuses in which no status clock need run, with the reason.
NO_STATUS_CLOCK = {S.PERFORMING: "every obligation has a clock of its own"}


def led_to(start: Status) -> set[Status]:
    """Every status that some steps lead to from this one."""
    result, fresh = {start}, [start]
    while fresh:
        here = fresh.pop()
        targets = {target for row in TABLE.values() if here in row.at for target, _outcome in row.to} - result
        result |= targets
        fresh += targets
    return result


def test_every_status_and_outcome_can_be_reached_and_targets_close_exactly_with_an_outcome() -> None:
    assert led_to(S.DRAFT) == set(Status)
    assert {outcome for row in TABLE.values() for target, outcome in row.to if target == S.CLOSED} == set(Outcome)
    for row in TABLE.values():
        for target, outcome in row.to:
            assert (target == S.CLOSED) == (outcome is not None), row.step


def test_every_open_status_has_who_must_act_and_can_a_clock_or_a_reason_and_leads_to_the_end() -> None:
    always = {Clock.NOTICE, Clock.PERFORMANCE, Clock.PERFORMANCE_ANSWER, Clock.LEAD, Clock.INSTRUCTION}
    always |= {Clock.SETTLED_ELSEWHERE, Clock.HEIRS}
    for status in OPEN:
        side = MUST_ACT[status]
        moving = [row for row in TABLE.values() if status in row.at and row.to and row.by & SIDES[side]]
        assert moving, f"{side} must act at {status} and has no step that leads on"
        assert S.CLOSED in led_to(status)
        running = [rule.clock for rule in CLOCKS.values() if status in rule.runs_while and rule.clock not in always]
        assert running or status in NO_STATUS_CLOCK, status


def test_every_clock_has_a_name_and_its_lapse_is_a_legal_step() -> None:
    for clock in Clock:
        rule = CLOCKS[clock]
        row = TABLE[rule.on_lapse]
        assert row.by == {Role.SYSTEM}
        assert rule.runs_while <= row.at, f"{clock} may lapse where {row.step} is not allowed"
        assert clock in LAPSES
        assert clock.value in _RULES


def test_steps_are_named_once_have_a_verb_and_lead_out_of_closed_as_the_procedure_names() -> None:
    assert len(STEPS) == len(set(STEPS))
    assert {row.step for row in TABLE.values() if row.by != {Role.SYSTEM}} - set(MOVES) == {"file"}
    ways_back = {row.step for row in TABLE.values() if S.CLOSED in row.at and row.to}
    assert ways_back == {"refer_to_regulator", "answer_late", "reopen", "undo", "add_promise", "prove_contact"}


def told(derivation: Any, language: str = "zh-hans") -> list[str]:
    return in_language(language, explain, derivation)


def test_holidays_are_skipped_by_name() -> None:
    due = working_days(date(2026, 9, 24), 10, CHINA, rule="negotiation@2")
    assert told(due.derivation) == [
        "规则：协商期限（第2版）",
        "9月24日当天不计，跳过中秋节3天、国庆节7天、周末1天，共10个工作日。",
        "计入：9月28日至9月30日（第1至3天）；10月8日至10月10日（第4至6天）；10月12日至10月15日（第7至10天）。",
        "10月10日（周六）调休上班（国庆节），计为工作日。",
        "最后一天是10月15日（周四），到24:00为止。",
    ]
    assert told(due.derivation, "en") == [
        "Rule: time to settle (version 2)",
        "24 September is not counted; Mid-Autumn Festival (3 days), National Day (7 days), weekend (1 day) skipped; "
        "10 working days.",
        "Counted: 28 September to 30 September (days 1–3); 8 October to 10 October (days 4–6); "
        "12 October to 15 October (days 7–10).",
        "Saturday 10 October counts: make-up working day (National Day).",
        "The last day is Thursday 15 October, until midnight.",
    ]


def test_a_roll_names_the_strict_day_and_a_pause_is_told() -> None:
    lines = told(calendar_days(date(2026, 2, 10), 60, CHINA).derivation)
    assert "按日计算的最后一天是4月11日（周六），遇周末，顺延到4月13日（周一）。" in lines
    lines = told(calendar_days(date(2026, 9, 7), 30, CHINA).derivation, "en")
    assert "Day by day it would end on Wednesday 7 October (National Day); it moves to Thursday 8 October." in lines
    due = working_days(date(2026, 11, 11), 10, CHINA)
    again = resume(date(2026, 11, 20), 5, CHINA, earlier=due.derivation, paused_from=date(2026, 11, 18)).derivation
    assert "11月18日起计时暂停，剩余5个工作日；11月20日恢复，从次日起计算。" in told(again)
    text = "Clock paused from 18 November with 5 working days left; resumed 20 November, counted from the next day."
    assert text in told(again, "en")
    by_day = {row.day.day: (row.number, row.reason) for row in in_language("en", day_by_day, again)}
    assert (by_day[11], by_day[18]) == ((None, "the day it starts"), (5, ""))
    assert by_day[19] == by_day[20] == (None, "clock paused")
    assert (by_day[21], by_day[27]) == ((None, "weekend"), (10, "the last day"))
    gone = resume(date(2026, 11, 27), 0, CHINA, earlier=due.derivation, paused_from=date(2026, 11, 25))
    assert "11月25日起计时暂停时，期限已经用完；11月27日恢复，不再延长。" in told(gone.derivation)
    capped = with_allowance(date(2026, 11, 18), 5, 5, CHINA, earlier=due.derivation)
    assert "11月18日起计时暂停，最多5个工作日；剩余5个工作日。" in told(capped.derivation)


def test_a_provisional_year_a_missing_calendar_and_a_named_day_are_told() -> None:
    due = working_days(date(2026, 12, 25), 10, CHINA)
    assert told(due.derivation)[-1] == "暂定：2027年放假安排公布后重算。"
    assert told(due.derivation, "en")[-1] == "Provisional until 2027 holidays are published."
    again = recompute(due.derivation, WITH_2027, changed_on=date(2026, 11, 26), floor=2)
    assert "原为2027年1月8日（周五），2026年11月26日按新公布的放假安排重算。" in told(again.derivation)
    changed_on = date(2027, 1, 8)
    held = recompute(working_days(date(2027, 1, 4), 5, CHINA).derivation, WITH_2027, changed_on=changed_on, floor=2)
    assert "重算结果是1月9日；为留足时间，没有提得那么早。" in told(held.derivation)
    due = working_days(date(2024, 7, 3), 10, NONE)
    assert "按周一至周五计算，没有使用放假日历。" in told(due.derivation)
    assert "Counted Monday–Friday, no calendar." in told(due.derivation, "en")
    due = fixed_day(date(2026, 12, 5), CHINA, rule="performance")
    assert in_language("en", day_by_day, due.derivation) == []
    assert told(due.derivation)[0] == "规则：约定期限"


def late_on(day: date) -> datetime:
    return datetime(day.year, 12, 31, 23, 59, tzinfo=UTC)


def test_a_day_of_no_year_of_ours_is_refused_at_its_field_and_by_a_form_before() -> None:
    for verb in [
        lambda day: supervision.urge(text="请答复。", last_day=day.isoformat()),
        lambda day: authority.request_material(what="发票", last_day=day),
        lambda day: casework.serve_notice(document="告知书", channel="email", is_served=True, text="", day=day),
        lambda day: mediation.order_appraisal(laboratory="某所", until=day, cost_borne_by="later"),
        lambda day: mediation.schedule_session(at=late_on(day), place="一楼", mode="site"),
    ]:
        for year in (1, 1999, 2101, 9999):
            with pytest.raises(StepNotAllowed) as refused:
                verb(date(year, 12, 31))
            assert (refused.value.code, refused.value.field in ("last_day", "day", "until", "at")) == ("bad_day", True)
        verb(date(2000, 12, 31))
        verb(date(2100, 12, 31))
    for typed in ["0001-01-01", "9999-12-31"]:
        with translation.override("zh-hans"):
            for field in (Day(), LeaveForm(people=[], deputies=[]).fields["ends_on"]):
                with pytest.raises(ValidationError, match="2000和2100"):
                    field.clean(typed)
