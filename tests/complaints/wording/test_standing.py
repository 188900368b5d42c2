"""The duty strip and the chip, in the words of the microcopy; without a query."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from accounts.models import User
from complaints.models import Complaint, Deadline
from complaints.procedure.workflow import CLOCKS, Clock, Outcome
from complaints.procedure.workflow import Status as S
from complaints.procedure.working_calendar import SHANGHAI, Calendar
from complaints.wording.clock import chip, clock_facts
from complaints.wording.next_action import NextAction, next_action_of
from enterprises.models import Branch, Staff
from tests import given
from tests.cast import WEDNESDAY, World
from tests.languages import in_language

CALENDAR = Calendar.build([(date(2027, 1, 1), False, "元旦", "New Year's Day")], [2026], source="a decree", version="1")
NOW = datetime(2026, 11, 27, 2, tzinfo=UTC)
BEGUN = datetime(2026, 11, 18, 3, tzinfo=UTC)


def clock(kind: Clock, last_day: date, **changes: Any) -> Deadline:
    due_at = CALENDAR.moment(last_day + timedelta(days=1))
    values = {"owed_by": CLOCKS[kind].owed_by, "started_at": BEGUN, "length": 10, "unit": "WD", "derivation": {}}
    return Deadline(clock=kind, **values | {"last_day": last_day, "due_at": due_at} | changes)


def case(status: S, **changes: Any) -> Complaint:
    fields = {"number": "20261118-7K3Q-5", "status": status, "status_since": BEGUN}
    return Complaint(**fields | {"consents": {"pass_to_regulator": True}} | changes)


def strip(complaint: Complaint, *clocks: Deadline, viewer: str = "consumer", language: str = "zh-hans") -> NextAction:
    return in_language(language, next_action_of, complaint=complaint, clocks=clocks, viewer_side=viewer, now=NOW)


def with_li(complaint: Complaint) -> Complaint:
    complaint.branch = Branch(name="移动福州分公司", name_en="China Mobile Fuzhou")
    complaint.handler = Staff(user=User(name="李敏"))
    return complaint


WEDNESDAY_2 = date(2026, 12, 2)


#: S, clock, and the sentence in both languages; every clock ends on 2 December.
SENTENCES = """
FILED FORWARDING 已提交，正在转给负责答复的单位。 | Filed. We are passing it to whoever must answer.
TRIAGE FORWARDING 市场监管部门正在确定由谁处理，12月2日24:00前分送。
 | The authority is deciding who handles it, by 2 Dec.
WITH_ENTERPRISE ACCEPTANCE 已送达移动福州分公司，须在12月2日24:00前受理。
 | Delivered to China Mobile Fuzhou; it must accept by 2 Dec.
NEGOTIATING NEGOTIATION 移动福州分公司的李敏正在与您协商，须在12月2日24:00前有结果。
 | 李敏 at China Mobile Fuzhou is on it; a result is due by 2 Dec.
AWAITING_CONSUMER CONFIRMATION 轮到您了：企业提出了方案，请在12月2日24:00前答复。
 | Your turn: there is an offer. Answer by 2 Dec.
PERFORMING PERFORMANCE 已达成一致，移动福州分公司须在12月2日24:00前做到约定的事。
 | Agreed. China Mobile Fuzhou must keep its promise by 2 Dec.
REVIEW REVIEW 市场监管部门正在审查，12月2日24:00前告知是否受理。
 | The authority will say by 2 Dec if it accepts the case.
AWAITING_MATERIAL MATERIAL 轮到您了：请在12月2日24:00前补充材料。 | Your turn: send the material by 2 Dec.
MEDIATING MEDIATION 已受理，市场监管部门正在调解，12月2日24:00前结束。
 | Accepted. The authority is mediating, until 2 Dec at most.
"""


def test_who_does_what_by_when() -> None:
    rows = SENTENCES.replace("\n |", " |").strip().split("\n")
    assert len(rows) == 9
    for status, kind, sentences in (row.split(" ", 2) for row in rows):
        complaint, row = with_li(case(S[status])), clock(Clock[kind], WEDNESDAY_2)
        chinese, english = sentences.split(" | ")
        assert (strip(complaint, row).sentence, strip(complaint, row, language="en").sentence) == (chinese, english)
        assert strip(complaint, row).deadline is row


def test_suspended_says_whether_the_clock_rests() -> None:
    rests = clock(Clock.MEDIATION, WEDNESDAY_2, state="paused", remaining=9, paused_on=NOW.date())
    complaint = case(S.MEDIATION_SUSPENDED, reason="appraisal")
    assert strip(complaint, rests).sentence == "调解中止（鉴定、检测），期限暂停。"
    english = strip(complaint, rests, language="en").sentence
    assert english == "Mediation suspended (an appraisal); the clock has stopped."
    complaint, runs = case(S.MEDIATION_SUSPENDED, reason="recusal"), clock(Clock.SUSPENSION, WEDNESDAY_2)
    assert strip(complaint, runs).sentence == "调解中止（申请回避），调解期限照常计算。"


VIEWERS = list(product(("consumer", "enterprise", "authority", ""), ("zh-hans", "en")))


def test_a_closed_case_says_so_to_everybody() -> None:
    for outcome, (viewer, language) in product(Outcome, VIEWERS):
        result = strip(case(S.CLOSED, outcome=outcome), viewer=viewer, language=language)
        assert result.sentence
        assert "{" not in result.sentence
        assert (result.side, result.deadline, result.if_missed, result.is_your_turn) == ("", None, "", False)


def test_whose_turn_it_is_that_an_answer_is_late_and_what_if_missed() -> None:
    row = clock(Clock.NEGOTIATION, WEDNESDAY_2)
    assert strip(case(S.NEGOTIATING), row).if_missed == "自动转市场监管部门审查，无需重新投诉。"
    alone = case(S.NEGOTIATING, consents={"pass_to_regulator": False})
    assert "和解不成" in strip(alone, row).if_missed
    alone.authority_received_at = NOW
    assert "审查" in strip(alone, row).if_missed
    row = clock(Clock.ACCEPTANCE, WEDNESDAY_2)
    mine = strip(case(S.WITH_ENTERPRISE), row, viewer="enterprise")
    assert (mine.is_your_turn, mine.tone, mine.sentence[:4]) == (True, "warn", "轮到您了")
    assert not strip(case(S.WITH_ENTERPRISE), row, viewer="consumer").is_your_turn
    row = clock(Clock.ACCEPTANCE, date(2026, 11, 25), state="lapsed")
    result = strip(with_li(case(S.WITH_ENTERPRISE)), row, viewer="enterprise")
    assert (result.is_overdue, result.tone, result.is_your_turn) == (True, "bad", True)
    assert result.sentence == "已逾期：应于11月25日完成，仍须由移动福州分公司的李敏办理。"
    waiting = case(S.AWAITING_CONSUMER)
    for viewer, status in {"consumer": "待您确认", "enterprise": "待消费者确认", "": "待消费者确认"}.items():
        assert strip(waiting, clock(Clock.CONFIRMATION, WEDNESDAY_2), viewer=viewer).status == status
    assert strip(waiting, language="en").status == "Waiting for you"
    asked = clock(Clock.ANSWER, date(2026, 11, 28))
    later = clock(Clock.NEGOTIATION, WEDNESDAY_2)
    assert strip(case(S.NEGOTIATING), asked, later).sentence.startswith("您就方案提了问题")
    missed = clock(Clock.ANSWER, date(2026, 11, 28), owed_by="consumer")
    result = strip(case(S.NEGOTIATING), missed, later)
    assert (result.side, result.is_your_turn) == ("consumer", True)


def test_a_stranger_is_told_no_person_silence_no_success_and_nothing_without_a_clock() -> None:
    row = clock(Clock.NEGOTIATION, WEDNESDAY_2)
    result = strip(with_li(case(S.NEGOTIATING)), row, viewer="")
    assert "李敏" not in result.sentence + result.holder + result.holder_detail
    result = strip(case(S.CLOSED, outcome="unconfirmed"))
    assert result.sentence == "您未答复，案件已办结，但不算和解成功。"
    assert strip(case(S.CLOSED, outcome="negotiation_failed")).sentence == "没谈成，您可以交市场监管局。"
    assert strip(case(S.REVIEW)).sentence == "现在由市场监管部门办理，目前没有期限。"


def test_cases_of_every_status_ask_no_database(world: World, django_assert_num_queries: Any) -> None:
    for status in [s for s in S if s != S.DRAFT]:
        complaint = Complaint.objects.get(pk=given.a_complaint(world, status=status).pk)
        asked = {"clocks": list(complaint.deadlines.filter(ended_at=None)), "now": WEDNESDAY, "calendar": CALENDAR}
        with django_assert_num_queries(0):
            for viewer, language in VIEWERS:
                result = in_language(language, next_action_of, complaint=complaint, viewer_side=viewer, **asked)
                assert result.sentence
                assert "{" not in result.sentence
                assert (result.deadline is None, bool(result.if_missed)) == (status == S.CLOSED, status != S.CLOSED)
                assert result.due_at == (result.deadline.due_at if result.deadline else None)


def shown(row: Deadline | None, language: str = "zh-hans", now: datetime = NOW, status: str = "") -> Any:
    return in_language(language, chip, deadline=row, now=now, calendar=CALENDAR, status=status)


def test_a_chip_counts_working_days_to_midnight_of_the_last_day_and_after() -> None:
    row = clock(Clock.NEGOTIATION, WEDNESDAY_2)
    assert shown(row).text == "还剩3个工作日，12月2日（周三）24:00前"
    assert shown(row, "en").text == "due in 3 working days, Wed 2 Dec"
    assert shown(row).tone == "warn"
    calm = clock(Clock.NEGOTIATION, date(2026, 12, 9))
    assert shown(calm).tone == "neutral"
    assert not shown(calm).is_urgent
    assert shown(clock(Clock.NEGOTIATION, date(2026, 11, 30)), "en").text == "due in 1 working day, Mon 30 Nov"
    assert shown(clock(Clock.NEGOTIATION, date(2026, 11, 30))).is_urgent
    assert shown(clock(Clock.REVIEW, date(2026, 11, 27))).text == "今天24:00前"
    assert shown(clock(Clock.REVIEW, date(2026, 11, 27)), "en").text == "due today, by midnight"
    late = clock(Clock.REVIEW, date(2026, 11, 25))
    assert shown(late).text == "已逾期2个工作日，应于11月25日完成"
    assert shown(late).tone == "bad"
    assert shown(late, "en").text == "2 working days overdue, was due 25 Nov"
    saturday = datetime(2026, 11, 28, 2, tzinfo=UTC)
    assert shown(clock(Clock.REVIEW, date(2026, 11, 27)), now=saturday).text == "已逾期，应于11月27日完成"
    row = clock(Clock.REVIEW, date(2026, 11, 27))
    midnight = datetime(2026, 11, 28, tzinfo=SHANGHAI)
    assert shown(row, now=midnight - timedelta(microseconds=1)).text == "今天24:00前"
    assert shown(row, now=midnight).tone == "bad"


def test_a_chip_is_paused_met_ended_none_or_provisional() -> None:
    paused = clock(Clock.NEGOTIATION, WEDNESDAY_2, state="paused", remaining=5, paused_on=date(2026, 11, 25))
    assert shown(paused).text == "计时暂停：等消费者答复方案"
    assert shown(paused, "en").text == "clock paused: waiting for the consumer to answer the offer"
    assert shown(paused, status=S.FILED).text == "计时暂停：等监管部门重新分送"
    assert shown(clock(Clock.REVIEW, WEDNESDAY_2, state="met", ended_at=NOW)).tone == "ok"
    assert shown(clock(Clock.REVIEW, WEDNESDAY_2, state="lapsed", ended_at=NOW)).text == "逾期完成"
    assert shown(clock(Clock.REVIEW, WEDNESDAY_2, state="ended", ended_at=NOW)).text == "已结束"
    assert shown(None).text == "没有期限"
    row = clock(Clock.REVIEW, date(2027, 1, 5), is_provisional=True, derivation={"provisional_years": [2027]})
    result = shown(row)
    assert result.is_provisional
    assert result.note == "暂定：2027年放假安排公布后重算"
    assert shown(row, "en").note == "provisional until 2027 holidays are published"
    assert "2027年1月5日" in result.text
    facts = clock_facts(deadline=clock(Clock.NEGOTIATION, WEDNESDAY_2), now=NOW, calendar=CALENDAR)
    assert (facts["working_days_left"], facts["fraction"]) == (3, pytest.approx(0.7))
    assert not facts["is_overdue"]
    assert facts["paused_for"] == ""
