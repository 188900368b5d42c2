"""Words for what an officer should know of a case before it is distributed (signals.py).

A signal says what was found and by which article one may ask; it never says what somebody is or wants."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

#: code → the sentence with its evidence.
SIGNALS: dict[str, Promise] = {
    "duplicate_order": _("%(days)s天内同一消费者就同一订单（业务号码）投诉同一被投诉人%(n)s件"),
    "duplicate_text": _("%(days)s天内同一消费者内容几乎相同的投诉%(n)s件"),
    "order_of_another": _("同一订单（业务号码）另有他人投诉%(n)s件：合并、关联，或者各自办理"),
    "burst": _("同一被投诉人当天%(n)s件，前7天平均每天%(usual)s件"),
    "joint": _("另有%(n)s人在7天内就同一商品、同一问题投诉同一被投诉人，可以问是否愿意共同投诉（第十二条）"),
    "frequent_here": _("同一人%(days)s天内投诉同一被投诉人%(total)s件（第十七条第二项）"),
    "frequent": _("同一人%(days)s天内投诉%(total)s件（第十七条第一项：次数、频率）"),
    "shared_contact": _(
        "同一电话有%(people)s个姓名使用，另见%(n)s件（第十七条第四项；已除去服务站、代为投诉和3人以内）"
    ),
    "copied_text": _("与他人%(n)s件投诉的文字有%(least)s%%以上相同（第十七条第二项、第五项）"),
    "no_proof": _("没有订单号，也没有凭证、合同或者截图（第十七条第三项），可以要求补正"),
    "missing": _("缺少：%(what)s"),
    "report": _("文字里有举报的内容（%(words)s），可能须拆分（第九条）"),
}

#: code → a word or two for a column of a list.
SHORT: dict[str, Promise] = {
    "duplicate_order": pgettext_lazy("signal", "疑似重复"),
    "duplicate_text": pgettext_lazy("signal", "疑似重复"),
    "order_of_another": pgettext_lazy("signal", "同一订单"),
    "burst": pgettext_lazy("signal", "批量"),
    "joint": pgettext_lazy("signal", "可共同"),
    "frequent_here": pgettext_lazy("signal", "次数多"),
    "frequent": pgettext_lazy("signal", "次数多"),
    "shared_contact": pgettext_lazy("signal", "共用电话"),
    "copied_text": pgettext_lazy("signal", "文字雷同"),
    "no_proof": pgettext_lazy("signal", "无凭证"),
    "missing": pgettext_lazy("signal", "缺要件"),
    "report": pgettext_lazy("signal", "夹带举报"),
}

MISSING: dict[str, Promise] = {
    "consumer_name": pgettext_lazy("missing", "投诉人姓名（第十条第一项）"),
    "consumer_phone": pgettext_lazy("missing", "投诉人电话（第十条第一项）"),
    "consumer_address": pgettext_lazy("missing", "投诉人通讯地址（第十条第一项）"),
    "respondent": pgettext_lazy("missing", "被投诉人名称（第十条第二项）"),
    "respondent_place": pgettext_lazy("missing", "被投诉人地址（第十条第二项）"),
    "statement": pgettext_lazy("missing", "事实依据（第十条第三项）"),
    "voice": pgettext_lazy("missing", "语音陈述还没有写下来（第十条）"),
    "demands": pgettext_lazy("missing", "具体的投诉请求（第十条第三项）"),
    "power": pgettext_lazy("missing", "授权委托书原件和受托人身份证明还没有核验（第十一条）"),
    "representatives": pgettext_lazy("missing", "书面推选的代表人（第十二条）"),
}


def sentence(code: str, values: Mapping[str, str | int]) -> str:
    """The whole sentence of a signal."""
    named = {name: MISSING[str(value)] if code == "missing" else value for name, value in values.items()}
    return str(SIGNALS[code]) % named


def short(code: str) -> str:
    return str(SHORT[code])
