"""One deadline in a few words (microcopy 13 to 17), and the sentences of the strip that says what a case waits for.

Each situation has a sentence for everybody (key ``""``); a side whose turn it is gets one of its own. Slots: {who}
holder with person, {enterprise}, {authority}, {day} last day, {what} the matter owed, {reason}. Colour only repeats
what the words say; urgent is 80 % of the time or the last day."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.models import Deadline
from complaints.procedure.workflow import Clock, Status
from complaints.procedure.working_calendar import Calendar
from web.dates import before, day_text, working_days

SENTENCES: dict[str, dict[str, Promise]] = {
    "draft": {"": _("草稿，还没有提交。")},
    "filed": {"": _("已提交，正在转给负责答复的单位。")},
    "triage": {"": _("{authority}正在确定由谁处理，{day}分送。"), "authority": _("轮到您了：请在{day}分送。")},
    "consent": {
        "": _("正在征求消费者同意转交企业，{day}答复。"),
        "consumer": _("轮到您了：请在{day}说明是否同意转交企业。"),
    },
    "with_enterprise": {"": _("已送达{enterprise}，须在{day}受理。"), "enterprise": _("轮到您了：请在{day}受理。")},
    "negotiating": {
        "": _("{who}正在与消费者协商，须在{day}有结果。"),
        "consumer": _("{who}正在与您协商，须在{day}有结果。"),
        "enterprise": _("正在与消费者协商，须在{day}有结果。"),
    },
    "question": {
        "": _("消费者就方案提了问题，{who}须在{day}回答。"),
        "consumer": _("您就方案提了问题，{who}须在{day}回答。"),
        "enterprise": _("轮到您了：消费者就方案提了问题，请在{day}回答。"),
    },
    "unreachable": {
        "": _("企业联系不上消费者，等消费者在{day}回应。"),
        "consumer": _("轮到您了：企业说联系不上您，请在{day}回应。"),
    },
    "awaiting_consumer": {
        "": _("企业提出了方案，等消费者在{day}答复。"),
        "consumer": _("轮到您了：企业提出了方案，请在{day}答复。"),
    },
    "refused_in_full": {
        "": _("企业一项也没有同意，等消费者在{day}选择怎么办。"),
        "consumer": _("轮到您了：企业一项也没有同意，请在{day}选择怎么办。"),
    },
    "performing": {"": _("已达成一致，{enterprise}须在{day}{what}。"), "enterprise": _("轮到您了：请在{day}{what}。")},
    "performing_by_consumer": {
        "": _("已达成一致，消费者须在{day}{what}。"),
        "consumer": _("轮到您了：请在{day}{what}。"),
    },
    "performing_answer": {
        "": _("约定期限已过，请双方在{day}说明是否做到。"),
        "consumer": _("约定期限已过，请在{day}说明是否已收到。"),
        "enterprise": _("轮到您了：约定期限已过，请在{day}出示做到的凭证。"),
    },
    "performing_confirm": {
        "": _("企业报告已做到，等消费者在{day}确认。"),
        "consumer": _("轮到您了：企业说做到了，请在{day}确认。"),
    },
    "review": {
        "": _("{authority}正在审查，{day}告知是否受理。"),
        "authority": _("轮到您了：请在{day}决定是否受理并告知。"),
    },
    "awaiting_material": {"": _("等消费者在{day}补充材料。"), "consumer": _("轮到您了：请在{day}补充材料。")},
    "mediating": {"": _("已受理，{authority}正在调解，{day}结束。"), "authority": _("正在调解，须在{day}结束。")},
    "mediation_suspended": {"": _("调解中止（{reason}），调解期限照常计算。")},
    "mediation_paused": {"": _("调解中止（{reason}），期限暂停。")},
    "objection": {
        "": _("消费者提出了异议，{authority}须在{day}答复。"),
        "consumer": _("您提出了异议，{authority}须在{day}答复。"),
        "authority": _("轮到您了：请在{day}答复异议。"),
    },
    "settled": {"": _("已办结：和解成功，消费者已确认。"), "consumer": _("已办结：和解成功，您已确认。")},
    "unconfirmed": {
        "": _("消费者未答复，案件已办结，但不算和解成功。"),
        "consumer": _("您未答复，案件已办结，但不算和解成功。"),
    },
    "settled_elsewhere": {"": _("已办结：双方另行和解。")},
    "negotiation_failed": {"": _("没谈成，案件已办结。"), "consumer": _("没谈成，您可以交市场监管局。")},
    "mediated": {"": _("已办结：调解成功。")},
    "not_kept": {
        "": _("调解协议没有做到，案件已办结。"),
        "consumer": _("调解协议没有做到，您可以向法院起诉或者申请司法确认。"),
    },
    "mediation_terminated": {"": _("调解已终止，争议可以通过其他途径解决。")},
    "refused": {"": _("{authority}没有受理，争议可以通过其他途径解决。")},
    "redirected": {"": _("这件事由其他部门办理，已告知途径。")},
    "let_rest": {
        "": _("企业一项也没有同意，消费者不再坚持，案件已办结，不算和解成功。"),
        "consumer": _("企业一项也没有同意，您不再坚持，案件已办结，不算和解成功。"),
    },
    "withdrawn": {"": _("投诉已撤回，案件已办结。"), "consumer": _("您已撤回投诉，案件已办结。")},
}

#: Instead of the sentence, when the last day has passed and somebody still owes it.
OVERDUE = _("已逾期：应于{day}完成，仍须由{who}办理。")
#: Before the sentence, for the enterprise, where that is about another clock than the one by which its lists stand.
OWN_LATE = _("您这边已逾期：{clock}应于{day}完成。")
OWN_DUE = _("您这边还有{clock}，须在{day}完成。")
OWN_WORD = _("消费者有新的回复。")
#: Instead of the sentence, when no clock runs.
NO_CLOCK = _("现在由{who}办理，目前没有期限。")
YOU = pgettext_lazy("holder", "您")
NOBODY = pgettext_lazy("holder", "没有人需要办理")

#: What happens by itself when the clock runs out; stands after "逾期：" or below that heading.
IF_MISSED: dict[str, Promise] = {
    "forwarding_filed": _("改由工作人员决定由谁办理，并记为逾期。"),
    "forwarding": _("报上级机关督促，并记为逾期。"),
    "acceptance": _("记为逾期受理并告知双方；协商期限照常计算。"),
    "negotiation": _("自动转{authority}审查，无需重新投诉。"),
    "negotiation_ends": _("按和解不成办结；仍可交市场监管局。"),
    "confirmation": _("不答复将办结，但不算和解成功。"),
    "confirmation_goes_on": _("不答复，这次和解不算成功，自动转{authority}审查。"),
    "refusal_goes_on": _("不答复，协商算没有谈成，自动转{authority}审查。"),
    "refusal_ends": _("不答复，按和解不成办结；仍可交市场监管局。"),
    "confirmation_of_performance": _("不确认，这一项记为“未获确认”，不算和解成功。"),
    "performance": _("请双方说明；没有做到的，转{authority}审查。"),
    "performance_by_consumer": _("在此之前，企业之后的约定暂缓，不算企业没做到。"),
    "performance_mediated": _("请双方说明；没有做到的，消费者可以起诉或者申请司法确认。"),
    "performance_answer": _("记为没有做到，自动转{authority}审查。"),
    "performance_answer_mediated": _("记为没有做到；消费者可以起诉或者申请司法确认。"),
    "review": _("报上级机关督促，并记为逾期；不会视为受理。"),
    "material": _("按现有材料审查，可能不予受理。"),
    "mediation": _("报上级机关；没有协议的，终止调解。"),
    "suspension": _("每个工作日提醒，并报上级机关。"),
    "notice": _("报上级机关督促。"),
    "jurisdiction": _("由共同上级机关决定。"),
    "lead": _("报上级机关督促。"),
    "instruction": _("报上级机关督促，并记入案件。"),
    "consent": _("视为不同意，由{authority}自己办理。"),
    "settled_elsewhere": _("消费者不答复，这一说法失效；企业不答复，以消费者的说法为准。"),
    "answer": _("方案重新等消费者答复。"),
    "answer_by_consumer": _("企业可以报告协商未成。"),
    "return": _("报上级机关督促；协商期限照常计算。"),
    "objection": _("报上级机关督促。"),
    "heirs": _("无人接续的，案件办结，不作认定。"),
}

#: The clock of a question to the office, beside which "instruction" would be another one's word.
OFFICE_ANSWER = _("监管部门答复咨询")

#: What a paused clock waits for, by clock; "" is for any other.
PAUSED_FOR: dict[str, Promise] = {
    "negotiation": _("消费者答复方案"),
    "negotiation_returned": _("监管部门重新分送"),
    "review": _("企业在监督下和解"),
    "review_triage": _("监管部门分送"),
    "mediation": _("鉴定机构出具结果"),
    "performance": _("消费者先做到自己的部分"),
    "": _("另一方办理"),
}

PERFORM_YOURS = pgettext_lazy("your promise", "做到约定的事")
PERFORM = pgettext_lazy("its promise", "做到约定的事")
PERFORM_OWN = _("做到自己的部分")
KEEP_YOURS = _("做到您的部分")

CHIPS: dict[str, Promise] = {
    "left": pgettext_lazy("chip", "还剩{n}，{day}"),
    "last_day": pgettext_lazy("chip", "{day}"),
    "today": pgettext_lazy("chip", "今天24:00前"),
    "overdue": pgettext_lazy("chip", "已逾期{n}，应于{day}完成"),
    "just_overdue": pgettext_lazy("chip", "已逾期，应于{day}完成"),
    "paused": pgettext_lazy("chip", "计时暂停：等{what}"),
    "met": pgettext_lazy("chip", "已按期完成"),
    "met_late": pgettext_lazy("chip", "逾期完成"),
    "ended": pgettext_lazy("chip", "已结束"),
    "none": pgettext_lazy("chip", "没有期限"),
    "provisional": pgettext_lazy("chip", "暂定：{year}年放假安排公布后重算"),
}


S = Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One deadline in a few words. ``note`` says until when a provisional date may change."""

    tone: str
    icon: str
    text: str
    is_provisional: bool = False
    is_urgent: bool = False
    note: str = ""


def is_late(deadline: Deadline, now: datetime) -> bool:
    """Owed and not done: the row says so, or the last day is over and no sweep came yet."""
    if deadline.ended_at is not None or deadline.state in ("met", "ended"):
        return False
    return deadline.state == "lapsed" or (deadline.state == "running" and now >= deadline.due_at)


def clock_facts(*, deadline: Deadline, now: datetime, calendar: Calendar, status: str = "") -> dict[str, Any]:
    """What components/chip.html wants to know about a clock."""
    today, last = calendar.local_day(now), deadline.last_day
    left: int | None = calendar.count(today, last)
    start = calendar.local_day(deadline.started_at)
    if deadline.unit == "WD":
        length = deadline.length or calendar.count(start, last)
        share = 1 - (left or 0) / length if length else 1.0
    else:
        share = (today - start).days / max(1, (last - start).days)
    if not left and last > today:
        left = None
    late = is_late(deadline, now)
    return {
        "due_at": deadline.due_at,
        "state": deadline.state,
        "working_days_left": left,
        "working_days_overdue": calendar.count(last, today) if late else None,
        "fraction": min(1.0, max(0.0, share)),
        "paused_for": _waits_for(deadline, status) if deadline.state == "paused" else "",
        "is_met": deadline.state == "met",
        "is_overdue": late,
        "is_provisional": deadline.is_provisional,
    }


def _waits_for(deadline: Deadline, status: str) -> str:
    key = str(deadline.clock)
    if key == Clock.NEGOTIATION and status in (S.FILED, S.TRIAGE):
        key = "negotiation_returned"
    elif key == Clock.REVIEW and status == S.TRIAGE:
        key = "review_triage"
    return str(PAUSED_FOR.get(key, PAUSED_FOR[""]))


def chip(*, deadline: Deadline | None, now: datetime, calendar: Calendar, status: str = "") -> Chip:
    """The words on a deadline chip (microcopy 13 to 17)."""

    def label(key: str, **slots: str) -> str:
        return str(CHIPS[key]).format(**slots)

    if deadline is None or deadline.state == "ended":
        return Chip(tone="neutral", icon="minus-circle", text=label("none" if deadline is None else "ended"))
    if deadline.state == "met":
        return Chip(tone="ok", icon="check-circle", text=label("met"))
    if deadline.ended_at is not None:
        return Chip(tone="neutral", icon="check-circle", text=label("met_late"))
    facts = clock_facts(deadline=deadline, now=now, calendar=calendar, status=status)
    note, is_provisional = "", deadline.is_provisional
    if is_provisional:
        years = (deadline.derivation or {}).get("provisional_years") or [deadline.last_day.year]
        note = label("provisional", year=str(years[0]))
    if deadline.state == "paused":
        text = label("paused", what=facts["paused_for"])
        return Chip(tone="neutral", icon="pause-circle", text=text, is_provisional=is_provisional, note=note)
    today, last = calendar.local_day(now), deadline.last_day
    if facts["is_overdue"]:
        number, day = facts["working_days_overdue"], day_text(last, today=today, weekday=False)
        tone, icon, is_urgent = "bad", "exclamation-triangle", True
        text = label("overdue" if number else "just_overdue", n=working_days(number), day=day)
    else:
        left, day = facts["working_days_left"], before(last, today=today, weekday=True)
        is_urgent = last == today or facts["fraction"] >= 0.8
        tone, icon = "warn" if is_urgent or facts["fraction"] >= 0.5 else "neutral", "clock"
        key = "today" if last == today else "left" if left else "last_day"
        text = label(key, n=working_days(left or 0), day=day)
    return Chip(tone=tone, icon=icon, text=text, is_urgent=is_urgent, is_provisional=is_provisional, note=note)
