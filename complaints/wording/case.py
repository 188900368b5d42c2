"""Words for where a case stands: statuses, outcomes, clocks, roles, and their tones.

The one rule: the Chinese of statuses and outcomes is the procedure's (section 2), to the letter.
"""

from __future__ import annotations

STATUSES: dict[str, tuple[str, str]] = {
    "draft": ("草稿", "Draft"),
    "filed": ("已提交", "Filed"),
    "triage": ("待分送", "Being assigned"),
    "with_enterprise": ("待企业受理", "With the enterprise"),
    "negotiating": ("协商和解中", "Negotiating"),
    "awaiting_consumer": ("待消费者确认", "Waiting for the consumer"),
    "performing": ("和解待履行", "Settlement to be performed"),
    "review": ("待受理审查", "Under review by the authority"),
    "awaiting_material": ("待补正", "Waiting for material"),
    "mediating": ("调解中", "In mediation"),
    "mediation_suspended": ("调解中止", "Mediation suspended"),
    "closed": ("已办结", "Closed"),
}

#: What waits for whoever reads it is said to them.
WAITS_FOR_YOU: dict[str, tuple[str, str]] = {"awaiting_consumer": ("待您确认", "Waiting for you")}

OUTCOMES: dict[str, tuple[str, str]] = {
    "settled": ("和解成功", "Settled"),
    "unconfirmed": ("未获确认", "Not confirmed"),
    "settled_elsewhere": ("另行和解", "Settled elsewhere"),
    "negotiation_failed": ("和解不成", "No settlement"),
    "mediated": ("调解成功", "Settled in mediation"),
    "mediation_terminated": ("终止调解", "Mediation ended"),
    "refused": ("不予受理", "Not accepted"),
    "redirected": ("告知其他途径", "Referred elsewhere"),
    "withdrawn": ("已撤回", "Withdrawn"),
}

TONES = ("neutral", "info", "ok", "warn", "bad", "authority")

TONE_ICONS = {
    "neutral": "ellipsis-horizontal-circle",
    "info": "information-circle",
    "ok": "check-circle",
    "warn": "clock",
    "bad": "exclamation-triangle",
    "authority": "scale",
}

STATUS_TONES = {
    "draft": "neutral",
    "filed": "neutral",
    "triage": "neutral",
    "with_enterprise": "info",
    "negotiating": "info",
    "awaiting_consumer": "warn",
    "performing": "info",
    "review": "authority",
    "awaiting_material": "warn",
    "mediating": "authority",
    "mediation_suspended": "authority",
    "closed": "neutral",
}

OUTCOME_TONES = {
    "settled": "ok",
    "unconfirmed": "neutral",
    "settled_elsewhere": "neutral",
    "negotiation_failed": "neutral",
    "mediated": "ok",
    "mediation_terminated": "neutral",
    "refused": "neutral",
    "redirected": "neutral",
    "withdrawn": "neutral",
}

CLOCKS: dict[str, tuple[str, str]] = {
    "forwarding": ("分送期限", "Time to forward"),
    "acceptance": ("企业受理期限", "Time for the enterprise to accept"),
    "negotiation": ("协商期限", "Time to settle"),
    "confirmation": ("消费者确认期限", "Time for the consumer to answer"),
    "performance": ("履行期限", "Time to perform"),
    "performance_answer": ("履行核实期限", "Time to say whether it was performed"),
    "review": ("审查期限", "Time for the authority to decide"),
    "material": ("补正期限", "Time to send material"),
    "mediation": ("调解期限", "Time to mediate"),
    "suspension": ("中止期限", "Time of the suspension"),
    "notice": ("告知期限", "Time to serve the notice"),
    "jurisdiction": ("管辖争议处理期限", "Time to settle jurisdiction"),
    "lead": ("线索核查期限", "Time to check a lead"),
    "instruction": ("督办答复期限", "Time to answer an instruction"),
    "consent": ("征求同意期限", "Time to consent"),
    "settled_elsewhere": ("另行和解确认期限", "Time to confirm a settlement made elsewhere"),
    "answer": ("答复提问期限", "Time to answer a question"),
    "return": ("退回申请答复期限", "Time to decide on a return"),
    "objection": ("异议答复期限", "Time to answer an objection"),
    "heirs": ("继承人答复期限", "Time for the heirs to answer"),
}

CLOCK_STATES: dict[str, tuple[str, str]] = {
    "running": ("计时中", "running"),
    "paused": ("计时暂停", "paused"),
    "met": ("已按期完成", "met"),
    "lapsed": ("已逾期", "overdue"),
    "ended": ("已结束", "ended"),
}

ROLES: dict[str, tuple[str, str]] = {
    "consumer": ("消费者", "Consumer"),
    "party": ("共同投诉人", "Joint complainant"),
    "manager": ("企业管理员", "Enterprise manager"),
    "handler": ("企业处理专员", "Enterprise handler"),
    "reviewer": ("企业审核", "Enterprise reviewer"),
    "respondent": ("被投诉人", "Respondent"),
    "mediation_body": ("受委托调解组织", "Mediation body"),
    "analyst": ("分析", "Analyst"),
    "intake": ("分送人员", "Intake officer"),
    "officer": ("经办人员", "Case officer"),
    "approver": ("负责人", "Approving officer"),
    "system": ("系统", "System"),
}

SIDES: dict[str, tuple[str, str]] = {
    "consumer": ("消费者", "the consumer"),
    "enterprise": ("企业", "the enterprise"),
    "authority": ("市场监管部门", "the authority"),
    "system": ("系统", "the system"),
    "other": ("另一方", "the other side"),
}

AUDIENCES: dict[str, tuple[str, str]] = {
    "parties": ("各方可见", "Seen by all sides"),
    "enterprise": ("企业内部", "Inside the enterprise"),
    "authority": ("仅监管部门可见", "Seen by the authority only"),
}

ODR_RESULTS: dict[str, tuple[str, str]] = {
    "settled": ("和解成功", "Settled"),
    "unconfirmed": ("未获确认", "Not confirmed"),
    "settled_elsewhere": ("另行和解", "Settled elsewhere"),
    "failed": ("和解未成", "Not settled"),
    "withdrawn": ("已撤回", "Withdrawn"),
    "returned": ("已退回", "Returned"),
}

MATTER_KINDS: dict[str, tuple[str, str]] = {
    "question": ("对方案的提问", "Question about the offer"),
    "consent": ("征求同意", "Request for consent"),
    "settled_elsewhere": ("称已另行和解", "Claim of a settlement elsewhere"),
    "return": ("退回申请", "Request to return the case"),
    "extension": ("延期申请", "Request for more time"),
    "recusal": ("回避申请", "Request for recusal"),
    "appraisal": ("鉴定、检测", "Appraisal"),
    "objection": ("异议", "Objection"),
    "undo": ("可以撤销", "May be undone"),
    "delegation": ("委托调解", "Delegated mediation"),
    "unreachable": ("联系不上消费者", "Consumer not reached"),
    "proposal": ("待第二人批准", "Waiting for a second person"),
    "lead": ("违法线索", "Lead"),
    "urge": ("督办", "Instruction"),
    "concern": ("企业提示的疑点", "Concern raised by the enterprise"),
    "jurisdiction": ("管辖争议", "Dispute of jurisdiction"),
    "office_question": ("企业的咨询", "Question to the authority"),
    "report": ("举报", "Report of a violation"),
    "session": ("调解安排", "Mediation session"),
    "suggestion": ("调解方案", "Suggestion of the mediator"),
    "redate": ("重新约定日期", "New dates proposed"),
    "power": ("委托书待核验", "Power of attorney to be checked"),
}

MATTER_STATES: dict[str, tuple[str, str]] = {
    "open": ("待处理", "open"),
    "answered": ("已答复", "answered"),
    "granted": ("已同意", "granted"),
    "refused": ("未同意", "refused"),
    "fallen": ("已失效", "no longer open"),
    "done": ("已完成", "done"),
}
