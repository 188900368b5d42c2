"""What tests of the national platform share: officers at their desks, files as the platform writes them."""

from django.utils import timezone

from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.measures.conftest import table
from tests.complaints.outbound.conftest import export_root, filled
from tests.complaints.pages.at_the_desk import signed_in as at

__all__ = ["at", "export_root", "filled", "table"]


def cases(world: World, count: int) -> list[Complaint]:
    """Cases that lie with the county since now."""
    return [given.a_complaint(world, status=Status.REVIEW, now=timezone.now()) for _n in range(count)]


def answer(number: str, platform_number: str, **more: str) -> dict[str, str]:
    """A line about one of our cases."""
    return {"投诉编号": number, "平台编号": platform_number, "平台状态": "已登记"} | more


def complaint(platform_number: str, **more: str) -> dict[str, str]:
    """A line with a complaint that began on the platform."""
    line = {"平台编号": platform_number, "平台接收时间": "2026-11-10 09:30", "被投诉人": "东街口某健身房"}
    line |= {"被投诉人地址": "东街口2号", "商品服务类别": "service.other", "商品或服务": "年卡", "金额": "2980"}
    line |= {"问题类别": "contract", "争议发生日": "2026-11-01", "投诉内容": "健身房关门，年卡余额不退。"}
    person = {"姓名": "平试", "手机": "13900000123", "地址": "福州市鼓楼区某路9号"}
    return line | {"诉求": "refund"} | person | more
