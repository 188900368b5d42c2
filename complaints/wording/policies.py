"""Words for the numbers of the procedure: what each one is, and in which group it is shown."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: Group → its title, in the order of the page.
GROUPS = {
    "enterprise": _("企业和消费者的期限"),
    "authority": _("机关的期限"),
    "counting": _("怎么数日子"),
    "persons": _("两人办理"),
    "limits": _("次数和数量"),
    "kept": _("保存多久"),
}

#: Name → (group, label).
POLICIES: dict[str, tuple[str, Promise]] = {
    "acceptance": ("enterprise", pgettext_lazy("policy", "企业受理")),
    "acceptance_urgent": ("enterprise", pgettext_lazy("policy", "企业受理急件")),
    "negotiation": ("enterprise", pgettext_lazy("policy", "协商和解")),
    "negotiation_pause_cap": ("enterprise", pgettext_lazy("policy", "等消费者确认时，协商期限最多暂停")),
    "confirmation": ("enterprise", pgettext_lazy("policy", "消费者答复方案")),
    "consumer_question_answer": ("enterprise", pgettext_lazy("policy", "企业答复消费者的提问")),
    "performance_answer": ("enterprise", pgettext_lazy("policy", "约定到期后双方说明")),
    "performance_dispute_answer": ("enterprise", pgettext_lazy("policy", "企业出示做到的凭证")),
    "settled_elsewhere": ("enterprise", pgettext_lazy("policy", "确认另行和解")),
    "failure_answer": ("enterprise", pgettext_lazy("policy", "企业称联系不上后，消费者回应")),
    "consent": ("enterprise", pgettext_lazy("policy", "消费者答复是否同意转交企业")),
    "extension": ("enterprise", pgettext_lazy("policy", "可以延长协商的天数（0为不得延长）")),
    "extension_cap": ("enterprise", pgettext_lazy("policy", "延长协商最多")),
    "late_answer": ("enterprise", pgettext_lazy("policy", "未获确认后，消费者仍可答复")),
    "heirs_answer": ("enterprise", pgettext_lazy("policy", "等继承人答复")),
    "exit_notice": ("enterprise", pgettext_lazy("policy", "企业退出前提前通知")),
    "forwarding": ("authority", pgettext_lazy("policy", "分送投诉")),
    "forwarding_alarm": ("authority", pgettext_lazy("policy", "自动分送超过多久告警")),
    "review": ("authority", pgettext_lazy("policy", "决定是否受理")),
    "material": ("authority", pgettext_lazy("policy", "补正材料")),
    "mediation": ("authority", pgettext_lazy("policy", "调解")),
    "recusal": ("authority", pgettext_lazy("policy", "决定回避")),
    "recusal_superior": ("authority", pgettext_lazy("policy", "回避逾期未决，报上级")),
    "escalation": ("authority", pgettext_lazy("policy", "督办逾期报上级后，再过几个工作日报更上一级")),
    "urge_most": ("limits", pgettext_lazy("policy", "一次督办至多多少件")),
    "urge_second_person": ("limits", pgettext_lazy("policy", "一次督办从多少件起须经第二人批准")),
    "call_back_share": ("limits", pgettext_lazy("policy", "每百件办结案件抽查回访")),
    "termination_notice": ("authority", pgettext_lazy("policy", "告知终止调解")),
    "jurisdiction": ("authority", pgettext_lazy("policy", "解决管辖争议")),
    "lead": ("authority", pgettext_lazy("policy", "核查违法线索")),
    "lead_extension": ("authority", pgettext_lazy("policy", "核查违法线索延长一次")),
    "objection": ("authority", pgettext_lazy("policy", "答复消费者的异议")),
    "return_answer": ("authority", pgettext_lazy("policy", "答复企业的退回申请")),
    "authority_question_answer": ("authority", pgettext_lazy("policy", "答复企业的咨询")),
    "platform_number": ("authority", pgettext_lazy("policy", "登记全国平台编号")),
    "delegation": ("authority", pgettext_lazy("policy", "委托调解")),
    "weekend_roll": ("counting", pgettext_lazy("policy", "按天计算的期限，最后一天逢周末顺延到工作日")),
    "provisional_floor": ("counting", pgettext_lazy("policy", "新日历使日期提前时，至少留给当事人")),
    "two_persons.refuse": ("persons", pgettext_lazy("policy", "不予受理须第二人批准")),
    "two_persons.terminate": ("persons", pgettext_lazy("policy", "终止调解须第二人批准")),
    "two_persons.agreement": ("persons", pgettext_lazy("policy", "更正调解书须第二人批准")),
    "two_persons.refer_to_police": ("persons", pgettext_lazy("policy", "移送公安须第二人批准")),
    "head.refuse": ("persons", pgettext_lazy("policy", "不予受理须由负责人批准")),
    "head.terminate": ("persons", pgettext_lazy("policy", "终止调解须由负责人批准")),
    "head.refer_to_police": ("persons", pgettext_lazy("policy", "移送公安须由负责人批准")),
    "auto_assign_authority": ("persons", pgettext_lazy("policy", "自动交给县级机关")),
    "filings_per_day": ("limits", pgettext_lazy("policy", "一人24小时内提交多少件后转人工分送")),
    "unreachable_attempts": ("limits", pgettext_lazy("policy", "认定联系不上至少要联系")),
    "unreachable_days": ("limits", pgettext_lazy("policy", "认定联系不上至少要在多少天里联系")),
    "unreachable_channels": ("limits", pgettext_lazy("policy", "认定联系不上至少要用多少种方式")),
    "returns_before_person": ("limits", pgettext_lazy("policy", "退回多少次后由人工决定")),
    "reply_questions_per_offer": ("limits", pgettext_lazy("policy", "消费者对一个方案最多提问")),
    "contacts_a_day": ("limits", pgettext_lazy("policy", "一人（含其程序令牌）一天最多查看多少件的联系方式")),
    "contacts_a_day_enterprise": ("limits", pgettext_lazy("policy", "一家企业一天最多查看多少件的联系方式")),
    "measure_cases": ("limits", pgettext_lazy("policy", "一次批量方案最多")),
    "duplicate_days": ("limits", pgettext_lazy("policy", "重复投诉的比对期间")),
    "heard_answers": ("limits", pgettext_lazy("policy", "从话里听出的项目，看最近多少个回答")),
    "heard_confirmed": ("limits", pgettext_lazy("policy", "从话里听出的项目，每百个回答至少多少个说对")),
    "draft_days": ("kept", pgettext_lazy("policy", "未登录的草稿")),
    "draft_days_signed_in": ("kept", pgettext_lazy("policy", "登录后的草稿")),
    "identity_kept": ("kept", pgettext_lazy("policy", "办结后的身份和材料")),
    "identity_proof_kept": ("kept", pgettext_lazy("policy", "身份证明核验后")),
}


def name_of(name: str) -> str:
    """The words of a number; one that nobody gave words is shown by its name."""
    result = POLICIES.get(name)
    return str(result[1]) if result else name
