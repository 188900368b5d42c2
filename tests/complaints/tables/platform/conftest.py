"""What tests of the national platform share: officers at their desks, files as the platform writes them."""

from collections.abc import Mapping, Sequence

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.models import Complaint, PlatformFile
from complaints.procedure.workflow import Status
from complaints.tables.platform import platform_files
from tests import given
from tests.cast import World
from tests.complaints.measures.conftest import table
from tests.complaints.outbound.conftest import export_root, filled
from tests.complaints.pages.at_the_desk import signed_in as at

__all__ = ["at", "export_root", "filled", "table"]
HOME = "/authority/platform/"


def cases(world: World, count: int) -> list[Complaint]:
    """Cases that lie with the county since now."""
    return [given.a_complaint(world, status=Status.REVIEW, now=timezone.now()) for _n in range(count)]


def answer(number: str, platform_number: str, **more: str) -> dict[str, str]:
    """A line about one of our cases."""
    return {"投诉编号": number, "平台编号": platform_number, "平台状态": "已登记"} | more


def complaint(platform_number: str, **more: str) -> dict[str, str]:
    """A line with a complaint that began on the platform."""
    return {
        "平台编号": platform_number,
        "平台接收时间": "2026-11-10 09:30",
        "被投诉人": "东街口某健身房",
        "被投诉人地址": "东街口2号",
        "商品服务类别": "service.other",
        "商品或服务": "年卡",
        "金额": "2980",
        "问题类别": "contract",
        "争议发生日": "2026-11-01",
        "投诉内容": "健身房关门，年卡余额不退。",
        "诉求": "refund",
        "姓名": "平试",
        "手机": "13900000123",
        "地址": "福州市鼓楼区某路9号",
    } | more


def uploaded(browser: Client, raw: bytes) -> PlatformFile:
    response = browser.post(HOME, filled(file=SimpleUploadedFile("回执.csv", raw)))
    assert response.status_code == 302, response.content.decode()[-2000:]
    return PlatformFile.objects.get(mark=response.headers["Location"].split("/")[-2])


def worked(file: PlatformFile) -> PlatformFile:
    platform_files.sweep_platform_files(now=timezone.now())
    file.refresh_from_db()
    return file


def tried(browser: Client, rows: Sequence[Mapping[str, str]]) -> PlatformFile:
    file = worked(uploaded(browser, table(rows)))
    assert file.state == "checked", (file.state, file.failure, file.failure_words)
    return file


def decided(browser: Client, file: PlatformFile, choice: str = "good") -> PlatformFile:
    response = browser.post(f"{HOME}{file.mark}/decide/", filled(decision=choice))
    assert response.status_code == 302, response.content.decode()[-2000:]
    return worked(file)


def states(file: PlatformFile) -> list[str]:
    return list(file.rows.order_by("line").values_list("state", flat=True))


def problems(file: PlatformFile) -> dict[int, tuple[str, str]]:
    return {
        line: (column, problem)
        for line, column, problem in (
            file.rows.exclude(problem="").order_by("line").values_list("line", "column", "problem")
        )
    }
