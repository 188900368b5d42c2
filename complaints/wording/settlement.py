"""Words for what lies on the table: demands, offers, promises, contacts, channels.

The one rule: the words of demands and channels are those of the filing form.
"""

from __future__ import annotations

OFFER_STATES: dict[str, tuple[str, str]] = {
    "open": ("待答复", "Open"),
    "accepted": ("已接受", "Accepted"),
    "declined": ("未接受", "Declined"),
    "superseded": ("已被新方案取代", "Replaced by a new offer"),
    "lapsed": ("未答复，已失效", "Lapsed without an answer"),
    "withdrawn": ("已失效", "No longer open"),
}

VERDICTS: dict[str, tuple[str, str]] = {
    "grant": ("同意", "Granted"),
    "part": ("部分同意", "Granted in part"),
    "refuse": ("不同意", "Refused"),
}

OBLIGATION_STATES: dict[str, tuple[str, str]] = {
    "proposed": ("方案中", "Proposed"),
    "due": ("待履行", "To be done"),
    "reported": ("已报告履行，待确认", "Reported done, to be confirmed"),
    "confirmed": ("已确认履行", "Confirmed"),
    "silent": ("未获确认", "Not confirmed"),
    "broken": ("没有兑现", "Broken"),
    "waived": ("已放弃", "Waived"),
    "dropped": ("未生效", "Never in force"),
}

OBLIGATION_KINDS: dict[str, tuple[str, str]] = {
    "original_channel": ("原路退款", "Refund by the way of payment"),
    "transfer": ("转账", "Bank transfer"),
    "bill_credit": ("账单抵扣", "Credit on the bill"),
    "voucher": ("代金券", "Voucher"),
    "repair": ("修理", "Repair"),
    "exchange": ("更换", "Exchange"),
    "service_change": ("变更或者取消服务", "Change or end of a service"),
    "apology": ("道歉", "Apology"),
    "return_by_consumer": ("消费者退回商品", "Return of the goods by the consumer"),
    "other": ("其他", "Other"),
}

DEMAND_KINDS: dict[str, tuple[str, str]] = {
    "refund": ("退还货款或服务费", "Refund of a price or fee"),
    "change_plan": ("变更套餐", "Change of plan"),
    "cancel_service": ("退订业务", "Cancellation of a service"),
    "waive_penalty": ("解除合约或减免违约金", "End of contract or waiver of the penalty"),
    "damages": ("赔偿损失", "Compensation"),
    "fix_fault": ("修复故障", "Repair of a fault"),
    "leave": ("销户或携号转网", "Closing the account or moving the number"),
    "apology": ("道歉", "Apology"),
    "other": ("其他", "Other"),
    "repair": ("修理", "Repair"),
    "redo": ("重作", "Doing it again"),
    "replace": ("更换", "Replacement"),
    "return_goods": ("退货", "Return of the goods"),
    "make_up_quantity": ("补足数量", "The missing quantity"),
}

CONTACT_CHANNELS: dict[str, tuple[str, str]] = {
    "phone": ("电话", "Phone"),
    "sms": ("短信", "Text message"),
    "email": ("电子邮件", "E-mail"),
    "visit": ("上门", "Visit"),
    "message": ("平台消息", "Message on the portal"),
    "other": ("其他", "Other"),
}

CHANNELS: dict[str, tuple[str, str]] = {
    "web": ("网站", "Website"),
    "portal": ("网站", "Website"),
    "station": ("消费维权服务站", "Service station"),
    "phone": ("电话", "Phone"),
    "counter": ("窗口", "Counter"),
    "post": ("来信", "Letter"),
    "hotline": ("12345热线转来", "Handed over by 12345"),
    "import": ("导入", "Import"),
    "platform": ("全国12315平台", "National 12315 platform"),
    "api": ("接口", "Programs"),
    "link": ("本案链接", "Link to the case"),
    "sms": ("短信", "Text message"),
    "email": ("电子邮件", "E-mail"),
}

#: How a notice is served.
SERVICE_CHANNELS: dict[str, tuple[str, str]] = {
    "portal": ("平台和短信", "Portal and text message"),
    "sms": ("短信", "Text message"),
    "voice": ("语音电话", "Voice call"),
    "email": ("电子邮件", "E-mail"),
    "letter": ("信函", "Letter"),
    "counter": ("当面", "In person"),
}

RECEIVERS: dict[str, tuple[str, str]] = {
    "addressee": ("本人或者法定代表人", "The addressee in person"),
    "family": ("同住的成年家属", "An adult of the same household"),
    "office": ("单位的收发部门", "The mail room of the organisation"),
    "agent": ("代理人或者代收人", "An agent or a person named for this"),
    "left": ("留置送达", "Left there after refusal"),
}

SESSION_MODES: dict[str, tuple[str, str]] = {
    "site": ("现场", "On site"),
    "online": ("网上", "Online"),
    "phone": ("电话", "By phone"),
    "video": ("视频", "By video"),
    "other": ("其他", "Other"),
}

#: Who pays for an appraisal.
COST_BEARERS: dict[str, tuple[str, str]] = {
    "consumer": ("消费者承担", "The consumer pays"),
    "enterprise": ("企业承担", "The enterprise pays"),
    "shared": ("双方分担", "Both share the cost"),
    "later": ("以后商定", "To be agreed later"),
}

RECUSAL_DECISIONS: dict[str, tuple[str, str]] = {
    "suspend": ("中止调解，等待决定", "Suspend until decided"),
    "grant": ("同意回避", "Grant it"),
    "refuse": ("不同意回避", "Refuse it"),
}

#: What a body to which a mediation was handed reports.
DELEGATED_RESULTS: dict[str, tuple[str, str]] = {
    "agreed": ("双方达成一致", "both sides agreed"),
    "failed": ("调解不成", "no agreement was reached"),
}

#: What becomes of the demands that an accepted part does not settle.
REST_OF_DEMANDS: dict[str, tuple[str, str]] = {
    "give_up": ("其余诉求不再要求", "Give up the other demands"),
    "go_on": ("其余诉求继续协商", "Negotiate the other demands further"),
    "regulator": ("其余诉求转监管部门", "Pass the other demands to the regulator"),
}

#: What an offer lacked before it was sent (complaints/settlement/offer_quality.py).
OFFER_FINDINGS: dict[str, tuple[str, str]] = {
    "unanswered": ("这项诉求还没有答复", "This demand has no answer yet"),
    "no_contact": ("还没有与消费者联系的记录", "No contact with the consumer is logged"),
    "no_amount": ("同意了，但没有写金额", "Granted, but no amount is named"),
    "no_date": (
        "同意了诉求，但没有写明要做到的事和最后一天；消费者接受后就直接办结",
        "Something is granted, but nothing says what is done by which day; accepted, the case closes at once",
    ),
    "promised_less": ("要做到的金额少于答复里同意的金额", "Less is promised than the answers grant"),
    "below_law": ("少于法律规定至少应退的金额", "Less than the law gives at least"),
    "blanks": ("还有空着没填的地方", "Something is still left blank"),
    "copied": ("与本单位近期对其他案件的答复几乎一样", "Almost the same as a recent answer of yours to another case"),
}
