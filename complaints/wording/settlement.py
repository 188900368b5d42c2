"""Words for what lies on the table: demands, offers, promises, contacts, channels (as in the filing form)."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy

OFFER_STATES: dict[str, Promise] = {
    "open": pgettext_lazy("offer_state", "待答复"),
    "accepted": pgettext_lazy("offer_state", "已接受"),
    "declined": pgettext_lazy("offer_state", "未接受"),
    "superseded": pgettext_lazy("offer_state", "已被新方案取代"),
    "lapsed": pgettext_lazy("offer_state", "未答复，已失效"),
    "withdrawn": pgettext_lazy("offer_state", "已失效"),
}

VERDICTS: dict[str, Promise] = {
    "grant": pgettext_lazy("verdict", "同意"),
    "part": pgettext_lazy("verdict", "部分同意"),
    "refuse": pgettext_lazy("verdict", "不同意"),
}

OBLIGATION_STATES: dict[str, Promise] = {
    "proposed": pgettext_lazy("obligation_state", "方案中"),
    "due": pgettext_lazy("obligation_state", "待做到"),
    "reported": pgettext_lazy("obligation_state", "已报告做到，待确认"),
    "confirmed": pgettext_lazy("obligation_state", "已确认做到"),
    "silent": pgettext_lazy("obligation_state", "未获确认"),
    "broken": pgettext_lazy("obligation_state", "没有做到"),
    "waived": pgettext_lazy("obligation_state", "已放弃"),
    "dropped": pgettext_lazy("obligation_state", "未生效"),
}

OBLIGATION_KINDS: dict[str, Promise] = {
    "original_channel": pgettext_lazy("obligation_kind", "原路退款"),
    "transfer": pgettext_lazy("obligation_kind", "转账"),
    "bill_credit": pgettext_lazy("obligation_kind", "账单抵扣"),
    "voucher": pgettext_lazy("obligation_kind", "代金券"),
    "repair": pgettext_lazy("obligation_kind", "修理"),
    "exchange": pgettext_lazy("obligation_kind", "更换"),
    "service_change": pgettext_lazy("obligation_kind", "变更或者取消服务"),
    "apology": pgettext_lazy("obligation_kind", "道歉"),
    "return_by_consumer": pgettext_lazy("obligation_kind", "消费者退回商品"),
    "other": pgettext_lazy("obligation_kind", "其他"),
}

#: What shows that it was done, where the promise does not say it in its own words.
OBLIGATION_PROOFS: dict[str, Promise] = {
    "original_channel": pgettext_lazy("obligation_proof", "退款记录：渠道、日期、末4位"),
    "transfer": pgettext_lazy("obligation_proof", "转账记录：日期、末4位"),
    "bill_credit": pgettext_lazy("obligation_proof", "抵扣后的账单"),
    "voucher": pgettext_lazy("obligation_proof", "代金券的号码和有效期"),
    "repair": pgettext_lazy("obligation_proof", "维修单"),
    "exchange": pgettext_lazy("obligation_proof", "换货单"),
    "service_change": pgettext_lazy("obligation_proof", "办理结果：业务名称和生效日"),
    "apology": pgettext_lazy("obligation_proof", "书面道歉，或者通话的时间"),
    "return_by_consumer": pgettext_lazy("obligation_proof", "快递单或者收条"),
    "other": pgettext_lazy("obligation_proof", "照片或者书面说明"),
}

CONTACT_CHANNELS: dict[str, Promise] = {
    "phone": pgettext_lazy("contact_channel", "电话"),
    "sms": pgettext_lazy("contact_channel", "短信"),
    "email": pgettext_lazy("contact_channel", "电子邮件"),
    "visit": pgettext_lazy("contact_channel", "上门"),
    "message": pgettext_lazy("contact_channel", "平台消息"),
    "other": pgettext_lazy("contact_channel", "其他"),
}

CHANNELS: dict[str, Promise] = {
    "web": pgettext_lazy("channel", "网站"),
    "portal": pgettext_lazy("channel", "网站"),
    "station": pgettext_lazy("channel", "消费维权服务站"),
    "phone": pgettext_lazy("channel", "电话"),
    "counter": pgettext_lazy("channel", "窗口"),
    "post": pgettext_lazy("channel", "来信"),
    "hotline": pgettext_lazy("channel", "12345热线转来"),
    "import": pgettext_lazy("channel", "导入"),
    "platform": pgettext_lazy("channel", "全国12315平台"),
    "api": pgettext_lazy("channel", "接口"),
    "link": pgettext_lazy("channel", "本案链接"),
    "sms": pgettext_lazy("channel", "短信"),
    "email": pgettext_lazy("channel", "电子邮件"),
}

#: How a notice is served.
SERVICE_CHANNELS: dict[str, Promise] = {
    "portal": pgettext_lazy("service_channel", "平台和短信"),
    "sms": pgettext_lazy("service_channel", "短信"),
    "voice": pgettext_lazy("service_channel", "语音电话"),
    "email": pgettext_lazy("service_channel", "电子邮件"),
    "letter": pgettext_lazy("service_channel", "信函"),
    "counter": pgettext_lazy("service_channel", "当面"),
}

RECEIVERS: dict[str, Promise] = {
    "addressee": pgettext_lazy("receiver", "本人或者法定代表人"),
    "family": pgettext_lazy("receiver", "同住的成年家属"),
    "office": pgettext_lazy("receiver", "单位的收发部门"),
    "agent": pgettext_lazy("receiver", "代理人或者代收人"),
    "left": pgettext_lazy("receiver", "留置送达"),
}

SESSION_MODES: dict[str, Promise] = {
    "site": pgettext_lazy("session_mode", "现场"),
    "online": pgettext_lazy("session_mode", "网上"),
    "phone": pgettext_lazy("session_mode", "电话"),
    "video": pgettext_lazy("session_mode", "视频"),
    "other": pgettext_lazy("session_mode", "其他"),
}

#: Who pays for an appraisal.
COST_BEARERS: dict[str, Promise] = {
    "consumer": pgettext_lazy("cost_bearer", "消费者承担"),
    "enterprise": pgettext_lazy("cost_bearer", "企业承担"),
    "shared": pgettext_lazy("cost_bearer", "双方分担"),
    "later": pgettext_lazy("cost_bearer", "以后商定"),
}

RECUSAL_DECISIONS: dict[str, Promise] = {
    "suspend": pgettext_lazy("recusal_decision", "中止调解，等待决定"),
    "grant": pgettext_lazy("recusal_decision", "同意回避"),
    "refuse": pgettext_lazy("recusal_decision", "不同意回避"),
}

#: What a body to which a mediation was handed reports.
DELEGATED_RESULTS: dict[str, Promise] = {
    "agreed": pgettext_lazy("delegated_result", "双方达成一致"),
    "failed": pgettext_lazy("delegated_result", "调解不成"),
}

#: What becomes of the demands that an accepted part does not settle.
REST_OF_DEMANDS: dict[str, Promise] = {
    "give_up": pgettext_lazy("rest", "其余的不再要求"),
    "go_on": pgettext_lazy("rest", "其余要求继续协商"),
    "regulator": pgettext_lazy("rest", "其余要求交市场监管局"),
}

#: What an offer lacked before it was sent (complaints/settlement/offer_findings.py).
OFFER_FINDINGS: dict[str, Promise] = {
    "unanswered": pgettext_lazy("offer_finding", "这项要求还没有答复"),
    "no_contact": pgettext_lazy("offer_finding", "还没有与消费者联系的记录"),
    "no_amount": pgettext_lazy("offer_finding", "同意了，但没有写金额"),
    # Entries of former days say these two: such an offer is refused since.
    "no_date": pgettext_lazy("offer_finding", "同意了要求，但没有写约定和最后一天；消费者接受后就直接办结"),
    "promised_less": pgettext_lazy("offer_finding", "要做到的金额少于答复里同意的金额"),
    "below_law": pgettext_lazy("offer_finding", "少于法律规定至少应退的金额"),
    "blanks": pgettext_lazy("offer_finding", "还有空着没填的地方"),
    "copied": pgettext_lazy("offer_finding", "与本单位近期对其他案件的答复几乎一样"),
    "threat": pgettext_lazy("offer_finding", "像威胁或者侮辱"),
    "condition": pgettext_lazy("offer_finding", "把撤诉、删评或者不再追究当成条件"),
    "other_sum": pgettext_lazy("offer_finding", "文字里的金额和填的不一样"),
    "other_day": pgettext_lazy("offer_finding", "文字里的日期比约定的晚"),
    "text_refuses": pgettext_lazy("offer_finding", "填的是同意，文字是不同意"),
    "text_grants": pgettext_lazy("offer_finding", "填的是不同意，文字是同意"),
    "unreached": pgettext_lazy("offer_finding", "写了联系不上"),
    "as_phoned": pgettext_lazy("offer_finding", "写了已经沟通好，没有写内容"),
    "no_enclosure": pgettext_lazy("offer_finding", "写了有附件，案件里没有"),
    "boilerplate": pgettext_lazy("offer_finding", "只有客套话"),
    "no_reason": pgettext_lazy("offer_finding", "没有可以核对的理由"),
    "vague": pgettext_lazy("offer_finding", "没有写清做什么、哪天做到"),
    "no_such_article": pgettext_lazy("offer_finding", "引用了没有的条文"),
    "no_such_item": pgettext_lazy("offer_finding", "引用了没有的项"),
    "not_its_words": pgettext_lazy("offer_finding", "引号里的话不在条文里"),
    "unlike_its_words": pgettext_lazy("offer_finding", "说的和条文几乎没有相同的字"),
    "repealed": pgettext_lazy("offer_finding", "引用了已经废止的办法"),
}


def field_of_offer(name: str) -> str:
    """The field of an offer as its form calls it; empty for what stands in none."""
    part, _dash, rest = name.partition("-")
    number, _dash, last = rest.partition("-")
    texts = {
        "answer": gettext("要求%(n)s的答复"),
        "reason": gettext("要求%(n)s的说明"),
        "amount": gettext("要求%(n)s同意的金额（元）"),
        "promise": gettext("事项%(n)s的证明") if last == "proof" else gettext("事项%(n)s"),
        "message": gettext("给消费者的话"),
    }
    return texts[part] % {"n": number} if part in texts and "%" not in number else ""
