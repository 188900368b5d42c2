"""Words for where a case stands: statuses, outcomes, clocks, roles, and their tones. The Chinese of statuses and
outcomes is the procedure's (section 2), to the letter."""

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from web.templatetags.portal import TONE_ICONS

STATUSES: dict[str, Promise] = {
    "draft": pgettext_lazy("status", "草稿"),
    "filed": pgettext_lazy("status", "已提交"),
    "triage": pgettext_lazy("status", "待分送"),
    "with_enterprise": pgettext_lazy("status", "待企业受理"),
    "negotiating": pgettext_lazy("status", "协商和解中"),
    "awaiting_consumer": pgettext_lazy("status", "待消费者确认"),
    "performing": pgettext_lazy("status", "和解待履行"),
    "review": pgettext_lazy("status", "待受理审查"),
    "awaiting_material": pgettext_lazy("status", "待补正"),
    "mediating": pgettext_lazy("status", "调解中"),
    "mediation_suspended": pgettext_lazy("status", "调解中止"),
    "closed": pgettext_lazy("status", "已办结"),
}

#: Instead of the status: the open offer grants nothing.
REFUSAL_WAITS = pgettext_lazy("status", "全部拒绝，待消费者选择")
#: What waits for whoever reads it is said to them.
WAITS_FOR_YOU: dict[str, Promise] = {"awaiting_consumer": pgettext_lazy("status", "待您确认")}
REFUSAL_WAITS_FOR_YOU = pgettext_lazy("status", "全部拒绝，待您选择")

OUTCOMES: dict[str, Promise] = {
    "settled": pgettext_lazy("outcome", "和解成功"),
    "unconfirmed": pgettext_lazy("outcome", "未获确认"),
    "settled_elsewhere": pgettext_lazy("outcome", "另行和解"),
    "negotiation_failed": pgettext_lazy("outcome", "和解不成"),
    "mediated": pgettext_lazy("outcome", "调解成功"),
    "mediation_terminated": pgettext_lazy("outcome", "终止调解"),
    "refused": pgettext_lazy("outcome", "不予受理"),
    "redirected": pgettext_lazy("outcome", "告知其他途径"),
    "withdrawn": pgettext_lazy("outcome", "已撤回"),
}

#: Instead of the outcome: nothing was granted, and the consumer did not go on.
REFUSED_IN_FULL = pgettext_lazy("outcome", "全部拒绝，未再坚持")

TONES = tuple(TONE_ICONS)
#: Those that are not neutral.
STATUS_TONES = {
    "with_enterprise": "info",
    "negotiating": "info",
    "awaiting_consumer": "warn",
    "performing": "info",
    "review": "authority",
    "awaiting_material": "warn",
    "mediating": "authority",
    "mediation_suspended": "authority",
}
OUTCOME_TONES = {"settled": "ok", "mediated": "ok"}

CLOCKS: dict[str, Promise] = {
    "forwarding": pgettext_lazy("clock", "分送期限"),
    "acceptance": pgettext_lazy("clock", "企业受理期限"),
    "negotiation": pgettext_lazy("clock", "协商期限"),
    "confirmation": pgettext_lazy("clock", "消费者确认期限"),
    "performance": pgettext_lazy("clock", "约定期限"),
    "performance_answer": pgettext_lazy("clock", "约定核实期限"),
    "review": pgettext_lazy("clock", "审查期限"),
    "material": pgettext_lazy("clock", "补正期限"),
    "mediation": pgettext_lazy("clock", "调解期限"),
    "suspension": pgettext_lazy("clock", "中止期限"),
    "notice": pgettext_lazy("clock", "告知期限"),
    "jurisdiction": pgettext_lazy("clock", "管辖争议处理期限"),
    "lead": pgettext_lazy("clock", "线索核查期限"),
    "instruction": pgettext_lazy("clock", "督办答复期限"),
    "consent": pgettext_lazy("clock", "征求同意期限"),
    "settled_elsewhere": pgettext_lazy("clock", "另行和解确认期限"),
    "answer": pgettext_lazy("clock", "答复提问期限"),
    "return": pgettext_lazy("clock", "退回申请答复期限"),
    "objection": pgettext_lazy("clock", "异议答复期限"),
    "heirs": pgettext_lazy("clock", "继承人答复期限"),
}

CLOCK_STATES: dict[str, Promise] = {
    "running": pgettext_lazy("clock_state", "计时中"),
    "paused": pgettext_lazy("clock_state", "计时暂停"),
    "met": pgettext_lazy("clock_state", "已按期完成"),
    "lapsed": pgettext_lazy("clock_state", "已逾期"),
    "ended": pgettext_lazy("clock_state", "已结束"),
}

SIDES: dict[str, Promise] = {
    "consumer": pgettext_lazy("side", "消费者"),
    "enterprise": pgettext_lazy("side", "企业"),
    "authority": pgettext_lazy("side", "市场监管部门"),
    "system": pgettext_lazy("side", "系统"),
    "other": pgettext_lazy("side", "另一方"),
}

AUDIENCES: dict[str, Promise] = {
    "parties": pgettext_lazy("audience", "各方可见"),
    "enterprise": pgettext_lazy("audience", "企业内部"),
    "authority": pgettext_lazy("audience", "仅监管部门可见"),
}

ODR_RESULTS: dict[str, Promise] = {
    "settled": pgettext_lazy("odr_result", "和解成功"),
    "unconfirmed": pgettext_lazy("odr_result", "未获确认"),
    "settled_elsewhere": pgettext_lazy("odr_result", "另行和解"),
    "failed": pgettext_lazy("odr_result", "和解未成"),
    "withdrawn": pgettext_lazy("odr_result", "已撤回"),
    "returned": pgettext_lazy("odr_result", "已退回"),
}

MATTER_KINDS: dict[str, Promise] = {
    "question": pgettext_lazy("matter_kind", "对方案的提问"),
    "consent": pgettext_lazy("matter_kind", "征求同意"),
    "settled_elsewhere": pgettext_lazy("matter_kind", "称已另行和解"),
    "unpromised": pgettext_lazy("matter_kind", "同意的没有全部写进约定"),
    "return": pgettext_lazy("matter_kind", "退回申请"),
    "extension": pgettext_lazy("matter_kind", "延期申请"),
    "recusal": pgettext_lazy("matter_kind", "回避申请"),
    "appraisal": pgettext_lazy("matter_kind", "鉴定、检测"),
    "objection": pgettext_lazy("matter_kind", "异议"),
    "undo": pgettext_lazy("matter_kind", "可以撤销"),
    "delegation": pgettext_lazy("matter_kind", "委托调解"),
    "unreachable": pgettext_lazy("matter_kind", "联系不上消费者"),
    "proposal": pgettext_lazy("matter_kind", "待第二人批准"),
    "lead": pgettext_lazy("matter_kind", "违法线索"),
    "urge": pgettext_lazy("matter_kind", "督办"),
    "concern": pgettext_lazy("matter_kind", "企业提示的疑点"),
    "signs": pgettext_lazy("matter_kind", "消费者对提示有异议"),
    "jurisdiction": pgettext_lazy("matter_kind", "管辖争议"),
    "office_question": pgettext_lazy("matter_kind", "企业的咨询"),
    "report": pgettext_lazy("matter_kind", "举报"),
    "session": pgettext_lazy("matter_kind", "调解安排"),
    "suggestion": pgettext_lazy("matter_kind", "调解方案"),
    "redate": pgettext_lazy("matter_kind", "重新约定日期"),
    "power": pgettext_lazy("matter_kind", "委托书待核验"),
}

MATTER_STATES: dict[str, Promise] = {
    "open": pgettext_lazy("matter_state", "待处理"),
    "answered": pgettext_lazy("matter_state", "已答复"),
    "granted": pgettext_lazy("matter_state", "已同意"),
    "refused": pgettext_lazy("matter_state", "未同意"),
    "fallen": pgettext_lazy("matter_state", "已失效"),
    "done": pgettext_lazy("matter_state", "已完成"),
}
