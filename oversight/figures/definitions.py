"""What each figure means, in words: shown behind its version beside every number.

The words say exactly what oversight/figures/figures.py counts; who changes one changes both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from authorities.models import Region
from complaints.models.complaint import lies_in
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import Calendar


@dataclass(frozen=True, slots=True)
class Definition:
    """``formula`` is the rule, ``days`` says which day decides the period."""

    title: Any
    formula: Any
    days: Any = ""


AS_OF_NOW = _("此刻的数，不随时间段变化。")
ENDED = _("按本阶段结束的日期。")

DEFINITIONS: Mapping[str, Definition] = {
    "received": Definition(_("收到"), _("本辖区收到的投诉件数，不论从哪个渠道来。"), _("按收到的日期。")),
    "closed": Definition(
        _("办结"), _("本辖区办结的投诉件数，不论结果。重新打开的，到再次办结时才算。"), _("按办结的日期。")
    ),
    "open": Definition(_("在办"), _("还没有办结的投诉。"), AS_OF_NOW),
    "overdue": Definition(
        _("已逾期"),
        _(
            "还没有办结，并且有一项期限已过。期限过了就算，不等系统处理。对外期限是当事人知道的；内部期限只有监管部门知道"
            "（线索、管辖争议、对下级的督办）。两者都过了的只算一件，所以总数＝对外＋内部－两者都有。"
            "不算的有：暂停的期限；已办结案件上的（线索、通知书、异议答复，另列一行）。"
            "各企业的逾期只算对外期限，按案件涉及的企业算，不论现在由谁办理。按“现在由谁办理”的，对外期限算在手里有案件的"
            "单位，内部期限算在案件所属的监管部门，所以企业和监管部门都欠着的一件在两边各算一次。"
        ),
        AS_OF_NOW,
    ),
    "due_soon": Definition(
        _("2个工作日内到期"), _("最近的对外期限还没有过，在今天起第2个工作日24:00以前。内部期限不算。"), AS_OF_NOW
    ),
    "settled": Definition(
        _("ODR和解成功率"),
        _(
            "消费者确认和解 ÷（确认和解＋未获确认＋另行和解＋和解不成）。前一个数只算消费者确认的；"
            "后一个数把没有答复的也当作同意，是上限。企业一项也没有同意的，算和解不成。"
            "撤回、退回另列，不进分母；部分和解算和解，另外标出。"
        ),
        ENDED,
    ),
    "on_time": Definition(
        _("按时办结率"),
        _(
            "协商期限届满前结束的阶段 ÷（这些＋届满后才结束的＋届满仍未结束的）。"
            "企业自己报告和解不成的、撤回和退回的也算结束，所以件数列在旁边。"
        ),
        _("结束的按结束日期；未结束的按时间段末日的状态。"),
    ),
    "first_response": Definition(
        _("首次响应"),
        _(
            "从送达企业到第一次联系上消费者，或第一次发出消费者看得到的消息、方案。只点“受理”不算。"
            "工作小时按工作日9:00–17:00计，每天8小时。"
        ),
        _("按首次响应的日期。"),
    ),
    "acceptance": Definition(
        _("受理时长"), _("从送达企业到企业受理，工作小时按工作日9:00–17:00计。"), _("按受理的日期。")
    ),
    "review_on_time": Definition(
        _("按时受理率"),
        _(
            "审查期限内作出受理、不予受理或告知其他途径决定的审查 ÷（这些＋期限已过的审查）。"
            "没有决定就离开审查的（例如撤回、双方另行和解）不计。"
        ),
        _("按时的按决定日期，逾期的按期限届满日期。"),
    ),
    "handling_time": Definition(
        _("平均办理时长"),
        _("从第一次送达企业到办结；改派、退回不重新起算。送达当天不计。没有送达过企业的不计。"),
        _("按办结日期。"),
    ),
    "mediated": Definition(
        _("调解成功率"),
        _("达成调解 ÷（达成调解＋终止调解）。达成后没有做到的另列，不进分子和分母。"),
        _("按办结日期。"),
    ),
    "kept": Definition(
        _("守约率"),
        _(
            "企业按时做到并经确认的约定 ÷ 已到期的企业约定。消费者没有答复的不算按时做到，另列。"
            "因消费者一方未做到而暂停的，不算到期。"
        ),
        _("按约定的最后一天。"),
    ),
    "recovered": Definition(
        _("挽回经济损失"),
        _("企业已退付、并经消费者确认的金额。抵用券和消费者没有答复的另列，不计入。"),
        _("按确认的日期。"),
    ),
    "misrouted": Definition(_("误送率"), _("被企业退回的阶段（重复投诉除外）÷ 结束的阶段，按结束的日期。"), ENDED),
    "mended": Definition(
        _("误送在分送期限内改正"),
        _("退回后在分送期限内再次分送的 ÷（这些＋超时才分送的＋超时仍未分送的），按退回的日期。"),
        _("按退回的日期。"),
    ),
    "delivered": Definition(
        _("送达的投诉"),
        _(
            "送达企业的次数。退回以后再次送达的再算一次；合并、承继时接手的不算。“收到的投诉”按监管部门收到的日期算，所以不同。"
        ),
        _("按送达的日期。"),
    ),
    "again": Definition(
        _("重复投诉率"), _("60天内同一消费者已投诉过本企业的件数 ÷ 送达的件数；关联案件不算。"), _("按送达的日期。")
    ),
    "first_settled": Definition(
        _("ODR先行和解率"),
        _(
            "经消费者确认、由企业和解的阶段 ÷ 收到的全部投诉。收到的可能还在办，所以近期的偏低；和解的可能更早收到，"
            "所以也会超过100%。"
        ),
        _("和解的按阶段结束的日期，收到的按收到的日期。"),
    ),
    "rating": Definition(
        _("满意度"), _("消费者办结后评的总分（1–5分）的平均值；旁边是多少人评了分。"), _("按办结日期。")
    ),
    "withdrawn": Definition(_("撤回占比"), _("消费者撤回的阶段 ÷ 结束的阶段。高了要看消费者为什么撤回。"), ENDED),
    "last_offer": Definition(
        _("末日报价占比"),
        _(
            "第一次提出方案是在本阶段自己的协商期限最后一天的 ÷ 在这个期限里提过方案的阶段。"
            "从前一阶段接着走的期限不算。高了说明拖到最后才办。"
        ),
        ENDED,
    ),
    "last_day": Definition(
        _("末日办结占比"),
        _(
            "企业自己在本阶段协商期限的最后一天办结的 ÷ 企业自己在这个期限里办结的。"
            "自己办结是指企业报告和解不成，或确认消费者说的另行和解。"
            "消费者接受、撤回或没有答复而结束的，方案被接受以后才做到的，期限从前一阶段接着走的，都不算。"
            "高了说明拖到最后才办。"
        ),
        ENDED,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Regions with all that lies in them, perhaps one enterprise, one category, one channel by which cases came.

    An enterprise that looks at itself has no regions, and its branches where it is not the whole of it.
    """

    regions: tuple[Region, ...] = ()
    enterprise_id: int | None = None
    branch_ids: frozenset[int] | None = None
    category: str = ""
    channel: str = ""
    is_own: bool = False

    def cases(self, prefix: str = "") -> Q:
        """The condition on a complaint, reached by ``prefix``; drafts are nobody's."""
        inside = Q(**{f"{prefix}pk__in": []})
        for region in self.regions:
            inside |= lies_in(region, prefix)
        if self.is_own:
            inside = Q()
        if self.category:
            inside &= Q(**{f"{prefix}problem_category": self.category}) | Q(
                **{f"{prefix}object_category": self.category}
            )
        if self.channel:
            inside &= Q(**{f"{prefix}channel": self.channel})
        return inside & ~Q(**{f"{prefix}status": Status.DRAFT})

    def of_enterprise(self, prefix: str = "") -> Q:
        """The condition on the enterprise, where there is one; who looks at itself reaches no other."""
        result = Q(**{f"{prefix}enterprise_id": self.enterprise_id}) if self.enterprise_id or self.is_own else Q()
        return result if self.branch_ids is None else result & Q(**{f"{prefix}branch_id__in": self.branch_ids})


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Whole local days; both are in it."""

    first: date
    last: date

    def bounds(self, calendar: Calendar) -> tuple[datetime, datetime]:
        """[start, end): the instants of the period."""
        return calendar.moment(self.first), calendar.moment(self.last + timedelta(days=1))
