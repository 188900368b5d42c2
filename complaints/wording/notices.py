"""The words of notices: what happened, what comes next. No name, no problem, no amount.

The one rule: a subject is the number and what; whoever reads it over a shoulder learns no more
than that there is a case.
"""

from __future__ import annotations

Pair = tuple[str, str]

SUBJECT: Pair = ("【12315】{number}：{what}", "[12315] {number}: {what}")

#: Steps whose notice says more than the timeline does; key "step" or "step/addressee".
SUBJECTS: dict[str, Pair] = {
    "file/consumer": ("已收到您的投诉", "your complaint was received"),
    "make_offer/consumer": ("有新方案，请答复", "there is a new offer, please answer"),
    "replace_offer/consumer": ("方案有改进，请答复", "the offer was improved, please answer"),
    "answer_question/consumer": ("企业回答了您的问题", "your question was answered"),
    "ask_consumer/consumer": ("企业向您提问", "there is a question for you"),
    "send_message/consumer": ("企业给您发来消息", "there is a message for you"),
    "ask_consent/consumer": ("需要您同意转交", "your consent is asked for"),
    "request_material/consumer": ("请补充材料", "please send material"),
    "report_performed/consumer": ("企业报告已履行，请确认", "reported done, please confirm"),
    "report_failure/consumer": ("企业报告协商未成", "no settlement was reported"),
    "forward/consumer": ("已送达企业", "delivered to the enterprise"),
    "forward/enterprise": ("收到一件投诉，请受理", "a complaint was delivered, please take it on"),
    "change_contact/consumer": (
        "您的联系方式已更改，不是您要求的请拨打12315",
        "your contact data were changed; if you did not ask for it, call 12315",
    ),
    "assign_authority/consumer": ("由市场监管部门办理", "an authority handles it"),
    "refer_to_triage/authority": ("有投诉待人工分送", "a complaint must be assigned by a person"),
    "confirm_power/consumer": ("委托书已核验", "the power of attorney was checked"),
    "refuse_power/consumer": ("委托书没有被认可，请看说明", "the power of attorney was not accepted"),
    "schedule_session/consumer": ("调解时间已定，请查看", "a mediation session is set, please look"),
    "suggest_settlement/consumer": ("有调解方案，请答复", "the mediator suggests a settlement, please answer"),
    "suggest_settlement/enterprise": ("有调解方案，请答复", "the mediator suggests a settlement, please answer"),
    "recompute_clock": ("期限按新日历重算", "the date was counted again by a new calendar"),
    "undo": ("上一步已被撤销", "the last step was taken back"),
    "lapse_performance": ("履行期限已过，请说明", "the time to perform is over, please report"),
}

CLOSED_SUBJECT: Pair = ("已办结：{outcome}", "closed: {outcome}")
REVIEW_SUBJECT: Pair = ("已转监管部门审查", "moved to the authority for review")
#: Microcopy 30, 14 and 15.
REMIND_SUBJECT: Pair = ("催办：还剩{n}", "reminder: due in {n}")
REMIND_TODAY: Pair = ("催办：今天24:00前", "reminder: due today, by midnight")
REMIND_LATE: Pair = ("催办：已逾期{n}", "reminder: {n} overdue")
REMIND_JUST_LATE: Pair = ("催办：已逾期", "reminder: overdue")
REMIND_SOON: Pair = ("催办：快到期了", "reminder: due soon")

#: Short messages (microcopy 28 to 30): with the number at most 70 characters.
SHORT: dict[str, Pair] = {
    "file/consumer": ("【12315】已收到投诉{number}，{day}有回应", "[12315] {number} received; first answer by {day}"),
    "make_offer/consumer": ("【12315】{number}有新方案，请在{day}答复", "[12315] {number}: new offer, answer by {day}"),
    "replace_offer/consumer": (
        "【12315】{number}方案有改进，请在{day}答复",
        "[12315] {number}: better offer, answer by {day}",
    ),
}
SHORT_REMIND: Pair = ("【12315】催办：{number}{what}", "[12315] Reminder: {number} {what}")
#: How the subject of every reminder begins.
REMINDER: Pair = ("催办：", "reminder: ")
SHORT_NEWS: Pair = ("【12315】{number}有新进展", "[12315] {number}: there is news")

HAPPENED: Pair = ("{who}{what}。", "{who} {what}.")
#: What an officer wrote down in the consumer's name.
WRITTEN_DOWN: Pair = (
    "工作人员按您说的记下：{who}{what}。不是您的意思，请马上拨打12315。",
    "An officer wrote down what you said: {who} {what}. If that is wrong, call 12315 at once.",
)
HAPPENED_BY_ITSELF: Pair = ("{what}。", "{what}.")
THE_SYSTEM: Pair = ("系统{what}。", "The portal {what}.")
YOU: Pair = ("您", "You")
DOCUMENT: Pair = (
    "《{title}》（{reference}）可以在案件页下载：{path}",
    "{title} ({reference}) can be downloaded on the page of the case: {path}",
)
SEE: Pair = ("查看案件：{path}", "See the case: {path}")

REMIND_LEFT: Pair = ("{clock}：还剩{n}，{day}。", "{clock}: due in {n}, {day}.")
REMIND_DAY: Pair = ("{clock}：今天24:00前。", "{clock}: due today, by midnight.")
REMIND_OVERDUE: Pair = ("{clock}：已逾期{n}，应于{day}完成。", "{clock}: {n} overdue, was due {day}.")
REMIND_JUST_OVERDUE: Pair = ("{clock}：已逾期，应于{day}完成。", "{clock}: overdue, was due {day}.")
REMIND_LAST: Pair = ("{clock}：{day}。", "{clock}: due {day}.")
IF_MISSED: Pair = ("逾期：{what}", "If missed: {what}")

CLOSED: Pair = ("案件已办结：{outcome}。", "The case is closed: {outcome}.")
CLOSED_WHY: Pair = ("案件已办结：{outcome}。原因：{reason}。", "The case is closed: {outcome}. Reason: {reason}.")
ROUTES: Pair = (
    "依消费者权益保护法第三十九条，您还可以：{routes}。",
    "Under article 39 of the consumer law you may also: {routes}.",
)
BODY: Pair = ("这件事由{body}负责。", "This is for {body}.")
BODY_PHONE: Pair = ("这件事由{body}负责，电话{phone}。", "This is for {body}, phone {phone}.")
BODY_UNTIL: Pair = ("最晚{day}向它提出。", "The last day to go there is {day}.")
REFER: Pair = ("一键转交监管部门：{path}", "Pass it to the regulator in one step: {path}")
REFER_IF_NOT_KEPT: Pair = (
    "如果承诺没有兑现，可以转交监管部门：{path}",
    "If a promise is not kept, pass it to the regulator: {path}",
)
OBJECT: Pair = ("不服这个决定，可以提出异议：{path}", "You may object to this: {path}")
UNDO: Pair = ("点错了？{day}可以撤销：{path}", "A mistake? You may take it back until the end of {day}: {path}")
LATE_ANSWER: Pair = ("30天内仍可以答复。", "You may still answer within 30 days.")
