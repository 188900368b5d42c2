"""The stations of the demonstration: one in a mall, one in a carrier's own hall, and what they wrote down.

Entries are made by the verbs; what nobody confirmed stays unconfirmed here as everywhere.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from accounts.models import User
from authorities.models import Authority
from complaints.models import StationEntry
from complaints.stations import stations
from enterprises.models import Enterprise, Station, StationStaff

GULOU = "福州市鼓楼区市场监督管理局"
MALL, HALL = "东街口商圈消费维权服务站", "移动东街营业厅消费维权服务站"
#: Days ago, category, problem, how, yuan, sheet, what the consumer said (empty: nothing yet).
ENTRIES = (
    (40, "goods.clothing", "鞋底开胶，要求换一双", "replace", None, "2026-031", ""),
    (21, "service.catering", "结账多算一份菜", "refund", Decimal("38.00"), "2026-032", ""),
    (9, "goods.appliances", "电饭煲不通电", "repair", None, "2026-033", ""),
    (3, "service.telecom", "被开通彩铃，要求退订退费", "refund", Decimal("15.00"), "", "yes"),
    (2, "goods.food", "买到过期面包", "refund", Decimal("12.50"), "", "yes"),
    (1, "service.beauty", "办卡后想退余额", "explained", None, "", "no"),
    (0, "goods.clothing", "吊牌价与收银价不同", "refund", Decimal("60.00"), "", ""),
    (0, "service.telecom", "换套餐后月费不清楚", "explained", None, "", ""),
)


def make_stations() -> dict[str, Station]:
    """By name; before the people who work there."""
    gulou = Authority.objects.get(name=GULOU)
    mobile = Enterprise.objects.get(name="中国移动通信集团福建有限公司")
    return {
        MALL: Station.objects.create(
            code="DJK-01",
            name=MALL,
            name_en="Dongjiekou Mall Service Station",
            kind="mall",
            authority=gulou,
            address="福州市鼓楼区东街口（演示）",
        ),
        HALL: Station.objects.create(
            code="YD-DJ",
            name=HALL,
            name_en="China Mobile Dongjie Hall Service Station",
            kind="hall",
            authority=gulou,
            address="福州市鼓楼区东街（演示）",
            enterprise=mobile,
        ),
    }


def write_log(*, now: datetime) -> None:
    """What the station of the mall wrote down up to ``now``."""
    post = StationStaff.objects.filter(station__name=MALL).select_related("station", "user").first()
    if post is None:
        return
    clerk: User = post.user
    for nth, (days, category, problem, how, amount, sheet, given) in enumerate(ENTRIES):
        at = now - timedelta(days=days, hours=1 + nth % 3)
        entry = StationEntry(
            station=post.station,
            by=clerk,
            at=at,
            category=category,
            problem=problem,
            how=how,
            amount=amount,
            phone="" if sheet else f"+86154{9000 + nth:08}",
            sheet=sheet,
        )
        stations.write_down(entry, language="zh-hans", place=settings.SITE_URL)
        if given:
            stations.answer(entry, is_right=given == "yes", now=at + timedelta(minutes=20))
