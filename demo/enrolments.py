"""Enrolment in the demonstration: one application waits, one was asked back, and a carrier has filed something.

All of it is made by the verbs; the enterprises are made up, with credit codes that no register gives.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import localdate
from PIL import Image, ImageDraw
from stdnum.cn import uscc

from accounts.models import DEMO_DOMAIN
from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.evidence import EvidenceRefused, licences
from complaints.forms import enrol_forms
from demo.stations import GULOU
from demo.texts import MOBILE, TELECOM, UNICOM
from enterprises.enrolment import enrolled, enrolling
from enterprises.models import EnrolmentApplication, Staff

#: Customers that carriers filed for the end of last year.
CUSTOMERS = {MOBILE: 6_050_000, TELECOM: 3_120_000, UNICOM: 2_410_000}


def _typed(name: str, code: str, place: str) -> dict[str, dict[str, list[str]]]:
    values = {
        "entity": {"name": name, "uscc": code, "domicile": "福州市鼓楼区", "address": place},
        "conditions": {
            "place": place,
            "staff": "3",
            "has_computer": "yes",
            "phone": "0591-87650000",
            "cooperates": "yes",
            "rules": "当天登记，两个工作日内专人受理，五个工作日内答复，主管每周核对一次。",
        },
        "papers": {
            "statement": "去年收到投诉四十多件，主要是预付卡退费，都在一周内解决。",
            "applies": "on",
            "pledges": "on",
        },
        "contact": {"person": "林演示", "position": "客服主管", "mobile": "13900000021"},
        "areas": {"branch": "", "seat": "", "areas": "福州市"},
        "customers": {"number": "", "counted_on": "", "source": ""},
    }
    return {step: {field: [value] for field, value in fields.items()} for step, fields in values.items()}


def _scan() -> SimpleUploadedFile:
    """A sheet with a red frame: nobody's licence."""
    sheet, file = Image.new("RGB", (640, 900), "white"), BytesIO()
    ImageDraw.Draw(sheet).rectangle((24, 24, 615, 875), outline=(190, 30, 45), width=6)
    sheet.save(file, "PNG")
    return SimpleUploadedFile("执照（演示）.png", file.getvalue(), "image/png")


def _code(number: int) -> str:
    head = f"91350102MA{9_900_000 + number:07d}"
    return str(head + uscc.calc_check_digit(head))


def make_enrolments(*, now: datetime) -> None:
    """As of ``now``; the one that waits has lain there for a day."""
    waiting = _handed_in(
        "青禾亲子乐园（福州）有限公司", _code(1), "福州市鼓楼区东大路8号（演示）", now=now - timedelta(days=1)
    )
    assert waiting.authority is not None  # noqa: S101 - it was handed in
    back = _handed_in("榕城净水服务有限公司", _code(2), "福州市鼓楼区五四路18号（演示）", now=now - timedelta(days=4))
    head = (
        Officer.objects.filter(authority__name=GULOU, role=Role.APPROVER.post)
        .select_related("user")
        .order_by("pk")
        .first()
    )
    manager = (
        Staff.objects.filter(enterprise__name=MOBILE, branch=None, role=Role.MANAGER.post)
        .select_related("user", "enterprise")
        .order_by("pk")
        .first()
    )
    if head is not None:
        enrolling.ask_back(
            back.pk,
            by=head.user,
            text="营业执照照片看不清，请重新上传；投诉电话请写能打通的号码。",
            version=back.version,
            place=settings.SITE_URL + reverse("complaints:enrol"),
            now=now - timedelta(days=3),
        )
    for name, number in CUSTOMERS.items():
        _counted(name, number, now=now - timedelta(days=30))
    if manager is not None:
        enrolled.file(
            manager.enterprise,
            "customers",
            {"number": "6200000", "counted_on": f"{localdate(now):%Y}-06-30", "source": "半年度经营数据"},
            by=manager.user,
            now=now - timedelta(hours=20),
        )


def _counted(name: str, number: int, *, now: datetime) -> None:
    """A carrier filed how many customers it had at the end of the year before, and its authority took note."""
    on = localdate(now)
    manager = (
        Staff.objects.on(on)
        .filter(enterprise__name=name, branch=None, role=Role.MANAGER.post)
        .select_related("user", "enterprise")
        .order_by("pk")
        .first()
    )
    head = (
        Officer.objects.on(on)
        .filter(authority=manager.enterprise.enrolled_by, role=Role.APPROVER.post)
        .select_related("user")
        .order_by("pk")
        .first()
        if manager is not None
        else None
    )
    if manager is None or head is None:
        return
    filed = enrolled.file(
        manager.enterprise,
        "customers",
        {"number": str(number), "counted_on": f"{on.year - 1}-12-31", "source": "年度经营数据"},
        by=manager.user,
        now=now,
    )
    enrolled.note_filing(filed.pk, by=head.user, now=now)


def _handed_in(name: str, code: str, place: str, *, now: datetime) -> EnrolmentApplication:
    application = enrolling.begin(f"{code[-4:].lower()}@{DEMO_DOMAIN}", language="zh-hans", now=now)
    for step, typed in _typed(name, code, place).items():
        enrolling.save(application, step=step, typed=typed, now=now)
    with suppress(EvidenceRefused):
        application.licence = licences.receive(_scan(), application=application, now=now)
    region = Region.objects.get(code="350102")
    city = enrol_forms.find_region("福州市", levels=(Region.Level.CITY,))
    return enrolling.submit(
        application,
        enrolling.EnrolmentData(
            name=name, uscc=code, domicile_id=region.pk, branch=name, place_id=region.pk, areas=(city.pk,)
        ),
        now=now,
    )
