"""Words for the numbers of the procedure, in both languages: what each one is, and in which group it is shown."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from complaints import wording as labels

#: Group → its title, in the order of the page.
GROUPS = {
    "enterprise": _("企业和消费者的期限"),
    "authority": _("机关的期限"),
    "counting": _("怎么数日子"),
    "persons": _("两人办理"),
    "limits": _("次数和数量"),
    "kept": _("保存多久"),
}

#: Name → (group, zh, en).
POLICIES: dict[str, tuple[str, str, str]] = {
    "acceptance": ("enterprise", "企业受理", "Company accepts a case"),
    "negotiation": ("enterprise", "协商和解", "Negotiation"),
    "negotiation_pause_cap": (
        "enterprise",
        "等消费者确认时，协商期限最多暂停",
        "Longest pause of the negotiation while the consumer decides",
    ),
    "confirmation": ("enterprise", "消费者答复方案", "Consumer answers an offer"),
    "consumer_question_answer": ("enterprise", "企业答复消费者的提问", "Company answers a question about its offer"),
    "performance_answer": ("enterprise", "履行期满后双方说明", "Both say whether a promise was kept"),
    "performance_dispute_answer": ("enterprise", "企业出示履行凭证", "Company shows proof of performance"),
    "settled_elsewhere": ("enterprise", "确认另行和解", "Confirm a settlement made elsewhere"),
    "failure_answer": (
        "enterprise",
        "企业称联系不上后，消费者回应",
        "Consumer answers when the company could not reach them",
    ),
    "consent": ("enterprise", "消费者答复是否同意转交企业", "Consumer answers whether a company may have the case"),
    "extension": (
        "enterprise",
        "可以延长协商的天数（0为不得延长）",
        "Days by which a negotiation may be extended (0: none)",
    ),
    "extension_cap": ("enterprise", "延长协商最多", "Longest extension of a negotiation"),
    "late_answer": (
        "enterprise",
        "未获确认后，消费者仍可答复",
        "Consumer may still answer after an unconfirmed closing",
    ),
    "heirs_answer": ("enterprise", "等继承人答复", "Heirs answer"),
    "exit_notice": ("enterprise", "企业退出前提前通知", "Notice before a company leaves"),
    "forwarding": ("authority", "分送投诉", "Forwarding a complaint"),
    "forwarding_alarm": ("authority", "自动分送超过多久告警", "Alarm when automatic forwarding takes longer"),
    "review": ("authority", "决定是否受理", "Deciding on acceptance"),
    "material": ("authority", "补正材料", "Sending missing material"),
    "mediation": ("authority", "调解", "Mediation"),
    "recusal": ("authority", "决定回避", "Deciding on a recusal"),
    "recusal_superior": ("authority", "回避逾期未决，报上级", "Overdue recusal goes to the superior"),
    "escalation": (
        "authority",
        "督办逾期报上级后，再过几个工作日报更上一级",
        "An unanswered instruction goes one superior higher after",
    ),
    "call_back_share": ("limits", "每百件办结案件抽查回访", "Call-backs drawn of a hundred closed cases"),
    "termination_notice": ("authority", "告知终止调解", "Notice that mediation was terminated"),
    "jurisdiction": ("authority", "解决管辖争议", "Settling a dispute over jurisdiction"),
    "lead": ("authority", "核查违法线索", "Checking a lead"),
    "lead_extension": ("authority", "核查违法线索延长一次", "One extension of checking a lead"),
    "objection": ("authority", "答复消费者的异议", "Answering an objection"),
    "return_answer": ("authority", "答复企业的退回申请", "Answering a request to return a case"),
    "authority_question_answer": ("authority", "答复企业的咨询", "Answering a company's question"),
    "platform_number": ("authority", "登记全国平台编号", "Writing down the number of the national platform"),
    "delegation": ("authority", "委托调解", "Delegated mediation"),
    "weekend_roll": (
        "counting",
        "按天计算的期限，最后一天逢周末顺延到工作日",
        "A period in calendar days that ends on a weekend rolls to a working day",
    ),
    "provisional_floor": (
        "counting",
        "新日历使日期提前时，至少留给当事人",
        "Least time left to a party when a new calendar brings a date forward",
    ),
    "two_persons.refuse": ("persons", "不予受理须第二人批准", "A refusal needs a second person"),
    "two_persons.terminate": ("persons", "终止调解须第二人批准", "Terminating a mediation needs a second person"),
    "two_persons.agreement": (
        "persons",
        "更正调解书须第二人批准",
        "A correction of a mediation agreement needs a second person",
    ),
    "two_persons.refer_to_police": ("persons", "移送公安须第二人批准", "A police referral needs a second person"),
    "head.refuse": ("persons", "不予受理须由负责人批准", "A refusal needs the head"),
    "head.terminate": ("persons", "终止调解须由负责人批准", "Terminating a mediation needs the head"),
    "head.refer_to_police": ("persons", "移送公安须由负责人批准", "A police referral needs the head"),
    "auto_assign_authority": ("persons", "自动交给县级机关", "Assign county authorities automatically"),
    "filings_per_day": (
        "limits",
        "一人24小时内提交多少件后转人工分送",
        "Filings of one person in 24 hours before a person distributes them",
    ),
    "unreachable_attempts": (
        "limits",
        "认定联系不上至少要联系",
        "Least attempts before somebody counts as unreachable",
    ),
    "unreachable_days": ("limits", "认定联系不上至少要在多少天里联系", "Least days of these attempts"),
    "unreachable_channels": ("limits", "认定联系不上至少要用多少种方式", "Least channels of these attempts"),
    "returns_before_person": ("limits", "退回多少次后由人工决定", "Returns before a person decides"),
    "reply_questions_per_offer": ("limits", "消费者对一个方案最多提问", "Most questions about one offer"),
    "measure_cases": ("limits", "一次批量方案最多", "Most cases of one measure"),
    "duplicate_days": ("limits", "重复投诉的比对期间", "Period in which duplicates are looked for"),
    "draft_days": ("kept", "未登录的草稿", "Draft of somebody not signed in"),
    "draft_days_signed_in": ("kept", "登录后的草稿", "Draft of somebody signed in"),
    "identity_kept": ("kept", "办结后的身份和材料", "Identity and evidence after closing"),
    "identity_proof_kept": ("kept", "身份证明核验后", "Proof of identity after the check"),
}


def name_of(name: str) -> str:
    """The words of a number; one that nobody gave words is shown by its name."""
    found = POLICIES.get(name)
    return labels.pick(found[1:]) if found else name
