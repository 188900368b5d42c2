"""The words of notices: what happened, what comes next. No name, no problem, no amount. A subject is the number and
what; whoever reads it over a shoulder learns no more than that there is a case."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SUBJECT = _("【12315】{number}：{what}")

#: Steps whose notice says more than the timeline does; key "step" or "step/addressee".
SUBJECTS: dict[str, Promise] = {
    "file/consumer": _("已收到您的投诉"),
    "make_offer/consumer": _("有新方案，请答复"),
    "replace_offer/consumer": _("方案有改进，请答复"),
    "ask_for_promise/enterprise": _("同意的没有全部写进约定，请补上"),
    "add_promise/consumer": _("企业补上了一项约定，请查看"),
    "answer_question/consumer": _("企业回答了您的问题"),
    "ask_consumer/consumer": _("企业向您提问"),
    "send_message/consumer": _("企业给您发来消息"),
    "ask_consent/consumer": _("需要您同意转交"),
    "request_material/consumer": _("请补充材料"),
    "report_performed/consumer": _("企业报告已做到，请确认"),
    "report_failure/consumer": _("企业报告协商未成"),
    "forward/consumer": _("已送达企业"),
    "forward/enterprise": _("收到一件投诉，请受理"),
    "change_contact/consumer": _("您的联系方式已更改，不是您要求的请拨打12315"),
    "prove_contact/consumer": _("这件投诉已归入您的账户"),
    "assign_authority/consumer": _("由市场监管部门办理"),
    "refer_to_triage/authority": _("有投诉待人工分送"),
    "confirm_power/consumer": _("委托书已核验"),
    "refuse_power/consumer": _("委托书没有被认可，请看说明"),
    "schedule_session/consumer": _("调解时间已定，请查看"),
    "suggest_settlement/consumer": _("有调解方案，请答复"),
    "suggest_settlement/enterprise": _("有调解方案，请答复"),
    "recompute_clock": _("期限按新日历重算"),
    "undo": _("上一步已被撤销"),
    "lapse_performance": _("约定期限已过，请说明"),
}

#: Of an offer that grants nothing.
REFUSED_SUBJECT = _("企业一项也没有同意，请您选择怎么办")
CLOSED_SUBJECT = _("已办结：{outcome}")
REVIEW_SUBJECT = _("已交市场监管局审查")
#: Microcopy 30, 14 and 15.
REMIND_SUBJECT = _("催办：还剩{n}")
REMIND_TODAY = _("催办：今天24:00前")
REMIND_LATE = _("催办：已逾期{n}")
REMIND_JUST_LATE = _("催办：已逾期")
REMIND_SOON = _("催办：快到期了")

#: Short messages (microcopy 28 to 30): with the number at most 70 characters.
SHORT: dict[str, Promise] = {
    "file/consumer": _("【12315】已收到投诉{number}，{day}有回应"),
    "make_offer/consumer": _("【12315】{number}有新方案，请在{day}答复"),
    "replace_offer/consumer": _("【12315】{number}方案有改进，请在{day}答复"),
}
SHORT_REFUSED = _("【12315】{number}企业一项也没有同意，请在{day}选择")
SHORT_REMIND = _("【12315】催办：{number}{what}")
#: How the subject of every reminder begins.
REMINDER = _("催办：")
SHORT_NEWS = _("【12315】{number}有新进展")

HAPPENED = _("{who}{what}。")
#: What an officer wrote down in the consumer's name.
WRITTEN_DOWN = _("工作人员按您说的记下：{who}{what}。不是您的意思，请马上拨打12315。")
HAPPENED_BY_ITSELF = _("{what}。")
THE_SYSTEM = _("系统{what}。")
YOU = _("您")
DOCUMENT = _("《{title}》（{reference}）可以在案件页下载：{path}")
SEE = _("查看案件：{path}")

REMIND_LEFT = _("{clock}：还剩{n}，{day}。")
REMIND_DAY = _("{clock}：今天24:00前。")
REMIND_OVERDUE = _("{clock}：已逾期{n}，应于{day}完成。")
REMIND_JUST_OVERDUE = _("{clock}：已逾期，应于{day}完成。")
REMIND_LAST = _("{clock}：{day}。")
IF_MISSED = _("逾期：{what}")

CLOSED = _("案件已办结：{outcome}。")
CLOSED_WHY = _("案件已办结：{outcome}。原因：{reason}。")
ROUTES = _("依消费者权益保护法第三十九条，您还可以：{routes}。")
BODY = _("这件事由{body}负责。")
BODY_PHONE = _("这件事由{body}负责，电话{phone}。")
BODY_UNTIL = _("最晚{day}向它提出。")
REFER = _("交市场监管局：{path}")
REFER_IF_NOT_KEPT = _("约定没有做到的，可以交市场监管局：{path}")
OBJECT = _("不服这个决定，可以提出异议：{path}")
UNDO = _("点错了？{day}可以撤销：{path}")
LATE_ANSWER = _("{late_answer}内仍可以答复。")
