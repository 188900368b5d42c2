"""The code lists of the form: what it is about, what went wrong, what is asked.

The one rule: a code is never renamed or given a second meaning, because it
stands in records that cannot be rewritten; labels may change. Sources: the
official complaint form and category names in market regulation reports; the
telecom tree is our own proposal after the industry's figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Label = str | Promise
Options = tuple[tuple[str, Label], ...]
Groups = tuple[tuple[Label, Options], ...]

GOODS, SERVICE = "goods", "service"
TELECOM = "service.telecom"
INTERNET = "service.internet"

GOODS_CATEGORIES: Options = (
    ("goods.food", _("一般食品")),
    ("goods.tobacco_alcohol", _("烟酒饮料")),
    ("goods.clothing", _("服装鞋帽")),
    ("goods.household", _("家居用品")),
    ("goods.appliances", _("家用电器")),
    ("goods.phones", _("通信产品")),
    ("goods.vehicles", _("交通工具")),
    ("goods.building_materials", _("装修建材")),
    ("goods.housing", _("房屋")),
    ("goods.jewellery", _("首饰")),
    ("goods.medicine", _("药品")),
    ("goods.medical_devices", _("医疗器械")),
    ("goods.cosmetics", _("化妆品")),
    ("goods.pets", _("宠物及宠物用品")),
    ("goods.textiles", _("纤维制品")),
    ("goods.other", _("其他商品")),
)
SERVICE_CATEGORIES: Options = (
    (TELECOM, _("电信服务（手机、宽带、固话）")),
    (INTERNET, _("互联网服务")),
    ("service.catering", _("餐饮服务")),
    ("service.lodging", _("住宿服务")),
    ("service.beauty", _("美容、美发、洗浴服务")),
    ("service.repair", _("制作、保养和修理服务")),
    ("service.retail", _("销售服务")),
    ("service.leisure", _("文化、娱乐、体育服务")),
    ("service.renovation", _("房屋装修服务")),
    ("service.property", _("物业服务")),
    ("service.education", _("教育培训服务")),
    ("service.health", _("卫生保健和社会福利")),
    ("service.parking", _("停车服务")),
    ("service.car_rental", _("车辆出租服务")),
    ("service.finance", _("金融服务")),
    ("service.travel", _("旅游服务")),
    ("service.leasing", _("租赁服务")),
    ("service.agency", _("中介服务")),
    ("service.delivery", _("快递服务")),
    ("service.other", _("其他服务")),
)
OBJECT_CATEGORIES: Groups = ((_("服务"), SERVICE_CATEGORIES), (_("商品"), GOODS_CATEGORIES))

TELECOM_PROBLEMS: Groups = (
    (
        _("电信：资费争议"),
        (
            ("telecom.fees.unclear_rules", _("计费规则不透明")),
            ("telecom.fees.unexplained_charge", _("不明扣费")),
            ("telecom.fees.excess_data", _("流量超额费用")),
            ("telecom.fees.minimum_spend", _("最低消费条款")),
            ("telecom.fees.plan_change", _("套餐降档、变更困难")),
        ),
    ),
    (
        _("电信：增值业务"),
        (
            ("telecom.extras.without_consent", _("未经同意开通")),
            ("telecom.extras.auto_renewal", _("自动续费")),
            ("telecom.extras.hard_to_cancel", _("退订难")),
        ),
    ),
    (
        _("电信：合约与违约金"),
        (
            ("telecom.contract.term", _("合约期")),
            ("telecom.contract.penalty", _("违约金过高")),
            ("telecom.contract.bundling", _("捆绑销售")),
            ("telecom.contract.renewal", _("续约")),
        ),
    ),
    (
        _("电信：营销宣传"),
        (
            ("telecom.marketing.upselling", _("诱导升档")),
            ("telecom.marketing.false_promise", _("虚假承诺")),
            ("telecom.marketing.nuisance", _("骚扰推销")),
        ),
    ),
    (
        _("电信：宽带"),
        (
            ("telecom.broadband.installation", _("装机、移机")),
            ("telecom.broadband.repair", _("故障修复")),
            ("telecom.broadband.speed", _("速率不达标")),
        ),
    ),
    (
        _("电信：客服服务"),
        (
            ("telecom.support.unreachable", _("难以接通")),
            ("telecom.support.passed_around", _("互相推诿")),
            ("telecom.support.no_call_back", _("承诺回访未回访")),
        ),
    ),
    (
        _("电信：其他"),
        (
            ("telecom.leaving", _("携号转网、销户")),
            ("telecom.network", _("网络信号、通话质量")),
            ("telecom.number", _("二次号码、实名、停机")),
            ("telecom.device", _("终端与礼品")),
            ("telecom.personal_data", _("个人信息（电信）")),
            ("telecom.other", _("其他电信问题")),
        ),
    ),
)
GENERAL_PROBLEMS: Options = (
    ("quality", _("质量")),
    ("after_sales", _("售后服务")),
    ("contract", _("合同")),
    ("price", _("价格")),
    ("advertising", _("广告")),
    ("false_claims", _("虚假宣传")),
    ("counterfeit", _("假冒")),
    ("safety", _("安全")),
    ("food_safety", _("食品安全")),
    ("measure", _("计量（缺斤短两）")),
    ("trademark", _("商标")),
    ("dignity", _("人格尊严")),
    ("personal_data", _("个人信息")),
    ("unfair_competition", _("不正当竞争")),
    ("other", _("其他问题")),
)
GENERAL_GROUP: tuple[Label, Options] = (_("各类商品和服务"), GENERAL_PROBLEMS)
PROBLEM_CATEGORIES: Groups = (GENERAL_GROUP, *TELECOM_PROBLEMS)


@dataclass(frozen=True)
class DemandKind:
    """`asks_amount`: the demand is for money, so a sum is needed."""

    code: str
    label: Label
    hint: Label = ""
    asks_amount: bool = False
    for_goods: bool = False


DEMAND_KINDS: tuple[DemandKind, ...] = (
    DemandKind("refund", _("退还货款或服务费"), _("多扣的、没有提供的部分"), asks_amount=True),
    DemandKind("change_plan", _("变更套餐")),
    DemandKind("cancel_service", _("退订业务"), _("增值业务、自动续费")),
    DemandKind("waive_penalty", _("解除合约或减免违约金")),
    DemandKind("damages", _("赔偿损失"), _("写估计数也可以"), asks_amount=True),
    DemandKind("fix_fault", _("修复故障")),
    DemandKind("leave", _("销户或携号转网")),
    DemandKind("apology", _("道歉")),
    DemandKind("other", _("其他"), _("在下面写清楚")),
    DemandKind("repair", _("修理"), for_goods=True),
    DemandKind("redo", _("重作"), for_goods=True),
    DemandKind("replace", _("更换"), for_goods=True),
    DemandKind("return_goods", _("退货"), for_goods=True),
    DemandKind("make_up_quantity", _("补足数量"), for_goods=True),
)
DEMAND_BY_CODE = {kind.code: kind for kind in DEMAND_KINDS}

REPLY_BY: Options = (("phone", _("电话")), ("sms", _("短信")), ("email", _("电子邮件")))
NEED_HELP: Options = (("elder", _("老年人")), ("minor", _("未成年人")), ("disability", _("残障人士")))


def _pairs(groups: Groups) -> Iterator[tuple[str, Label]]:
    for _label, options in groups:
        yield from options


OBJECT_LABELS: dict[str, Label] = dict(_pairs(OBJECT_CATEGORIES))
PROBLEM_LABELS: dict[str, Label] = dict(_pairs(PROBLEM_CATEGORIES))


def object_kind(category: str) -> str:
    """goods or service; the first word of the code says it."""
    return category.partition(".")[0] if category in OBJECT_LABELS else ""


def is_telecom(category: str) -> bool:
    return category in (TELECOM, "goods.phones")


def problems_for(category: str) -> Groups:
    """The problem list with the likely part first; nothing is left out."""
    if is_telecom(category):
        return (*TELECOM_PROBLEMS, GENERAL_GROUP)
    return PROBLEM_CATEGORIES


def demands_for(category: str) -> tuple[tuple[DemandKind, ...], tuple[DemandKind, ...]]:
    """(shown at once, folded away) for this kind of purchase."""
    goods = tuple(kind for kind in DEMAND_KINDS if kind.for_goods)
    rest = tuple(kind for kind in DEMAND_KINDS if not kind.for_goods)
    money = ("refund", "damages", "apology", "other")
    if object_kind(category) == GOODS:
        first = (*goods, *(DEMAND_BY_CODE[code] for code in money))
        return first, tuple(kind for kind in rest if kind.code not in money)
    return rest, goods


def problem_label(code: str) -> Label:
    """「资费争议：不明扣费」 for a leaf of the telecom tree, else the label."""
    return PROBLEM_LABELS.get(code, code)
