"""Words for what an officer should know of a case before it is distributed (signals.py).

The one rule: a signal says what was found and by which article one may ask; it never says what somebody is or wants.
"""

from __future__ import annotations

from collections.abc import Mapping

from complaints.wording import Words, pick

#: code → the sentence with its evidence.
SIGNALS: dict[str, Words] = {
    "duplicate_order": (
        "60天内同一消费者就同一订单（业务号码）投诉同一被投诉人%(n)s件",
        "The same consumer complained about the same order (or account) within 60 days: %(n)s",
    ),
    "duplicate_text": (
        "60天内同一消费者内容几乎相同的投诉%(n)s件",
        "The same consumer wrote nearly the same text within 60 days: %(n)s",
    ),
    "order_of_another": (
        "同一订单（业务号码）另有他人投诉%(n)s件：合并、关联，或者各自办理",
        "Somebody else complained about the same order (or account): %(n)s. Join, link, or leave apart",
    ),
    "burst": (
        "同一被投诉人当天%(n)s件，前7天平均每天%(usual)s件",
        "%(n)s against the same respondent on that day; %(usual)s a day in the 7 days before",
    ),
    "joint": (
        "另有%(n)s人在7天内就同一商品、同一问题投诉同一被投诉人，可以问是否愿意共同投诉（第十二条）",
        (
            "%(n)s other people complained within 7 days about the same thing and problem: one may ask if they want to"
            " complain jointly (art. 12)"
        ),
    ),
    "frequent_here": (
        "同一人%(days)s天内投诉同一被投诉人%(total)s件（第十七条第二项）",
        "%(total)s complaints of one person against the same respondent within %(days)s days (art. 17(2))",
    ),
    "frequent": (
        "同一人%(days)s天内投诉%(total)s件（第十七条第一项：次数、频率）",
        "%(total)s complaints of one person within %(days)s days (art. 17(1): number, frequency)",
    ),
    "shared_contact": (
        "同一电话有%(people)s个姓名使用，另见%(n)s件（第十七条第四项；已除去服务站、代为投诉和3人以内）",
        (
            "One telephone under %(people)s names, %(n)s other cases (art. 17(4); stations, representatives and up to 3"
            " people left out)"
        ),
    ),
    "copied_text": (
        "与他人%(n)s件投诉的文字有%(least)s%%以上相同（第十七条第二项、第五项）",
        "At least %(least)s%% of the text is that of %(n)s complaints of others (art. 17(2), (5))",
    ),
    "no_proof": (
        "没有订单号，也没有凭证、合同或者截图（第十七条第三项），可以要求补正",
        "No order number and no receipt, contract or screenshot (art. 17(3)); one may ask for them",
    ),
    "missing": ("缺少：%(what)s", "Missing: %(what)s"),
    "report": (
        "文字里有举报的内容（%(words)s），可能须拆分（第九条）",
        "Words of a report in the text (%(words)s): it may have to be split off (art. 9)",
    ),
}

#: code → a word or two for a column of a list.
SHORT: dict[str, Words] = {
    "duplicate_order": ("疑似重复", "Duplicate?"),
    "duplicate_text": ("疑似重复", "Duplicate?"),
    "order_of_another": ("同一订单", "Same order"),
    "burst": ("批量", "Burst"),
    "joint": ("可共同", "Joint?"),
    "frequent_here": ("次数多", "Frequent"),
    "frequent": ("次数多", "Frequent"),
    "shared_contact": ("共用电话", "Shared phone"),
    "copied_text": ("文字雷同", "Copied text"),
    "no_proof": ("无凭证", "No proof"),
    "missing": ("缺要件", "Incomplete"),
    "report": ("夹带举报", "Report in it"),
}

MISSING: dict[str, Words] = {
    "consumer_name": ("投诉人姓名（第十条第一项）", "the consumer's name (art. 10(1))"),
    "consumer_phone": ("投诉人电话（第十条第一项）", "the consumer's telephone (art. 10(1))"),
    "consumer_address": ("投诉人通讯地址（第十条第一项）", "the consumer's address (art. 10(1))"),
    "respondent": ("被投诉人名称（第十条第二项）", "the respondent's name (art. 10(2))"),
    "respondent_place": ("被投诉人地址（第十条第二项）", "the respondent's address (art. 10(2))"),
    "statement": ("事实依据（第十条第三项）", "the facts (art. 10(3))"),
    "voice": ("语音陈述还没有写下来（第十条）", "the statement by voice in writing (art. 10)"),
    "demands": ("具体的投诉请求（第十条第三项）", "what exactly is wanted (art. 10(3))"),
    "power": (
        "授权委托书原件和受托人身份证明还没有核验（第十一条）",
        "the power of attorney and the representative's identity, not yet verified (art. 11)",
    ),
    "representatives": ("书面推选的代表人（第十二条）", "representatives elected in writing (art. 12)"),
}


def sentence(code: str, values: Mapping[str, str | int], language: str | None = None) -> str:
    """The whole sentence in ``language``, or in the active one."""
    said = {name: pick(MISSING[str(value)], language) if code == "missing" else value for name, value in values.items()}
    return pick(SIGNALS[code], language) % said


def short(code: str, language: str | None = None) -> str:
    return pick(SHORT[code], language)
