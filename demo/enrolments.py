"""Enrolment in the demonstration: applications, and what a carrier filed; a bill and a chat that consumers keep."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from io import BytesIO
from typing import TypeVar

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from PIL import Image, ImageDraw
from stdnum.cn import uscc

from accounts.models import DEMO_DOMAIN
from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.evidence import EvidenceRefused, licences, receive_for_case
from complaints.forms import enrol_forms
from complaints.handling.steps.consumer import add_statement
from complaints.models import Complaint
from complaints.parties import actors
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from demo.people import GULOU
from demo.scene import take_all
from demo.texts import MOBILE, TELECOM, UNICOM
from enterprises.enrolment import enrolled, enrolling
from enterprises.models import EnrolmentApplication, Staff

#: Customers that carriers filed for the end of last year.
CUSTOMERS = {MOBILE: 6_050_000, TELECOM: 3_120_000, UNICOM: 2_410_000}


Post = TypeVar("Post", Officer, Staff)


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
    head, manager = (
        _first(Officer.objects.filter(authority__name=GULOU), Role.APPROVER),
        _first(Staff.objects.filter(enterprise__name=MOBILE, branch=None), Role.MANAGER),
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
        given = {"number": "6200000", "counted_on": f"{localdate(now):%Y}-06-30", "source": "半年度经营数据"}
        enrolled.file(manager.enterprise, "customers", given, by=manager.user, now=now - timedelta(hours=20))


def _first(posts: QuerySet[Post], role: Role) -> Post | None:
    """The first who holds one of these posts."""
    return posts.filter(role=role.post).select_related("user").order_by("pk").first()


def _counted(name: str, number: int, *, now: datetime) -> None:
    """A carrier filed how many customers it had at the end of the year before, and its authority took note."""
    on = localdate(now)
    manager = _first(Staff.objects.on(on).filter(enterprise__name=name, branch=None), Role.MANAGER)
    if manager is None:
        return
    head = _first(Officer.objects.on(on).filter(authority=manager.enterprise.enrolled_by), Role.APPROVER)
    if head is None:
        return
    given = {"number": str(number), "counted_on": f"{on.year - 1}-12-31", "source": "年度经营数据"}
    filed = enrolled.file(manager.enterprise, "customers", given, by=manager.user, now=now)
    enrolled.note_filing(filed.pk, by=head.user, now=now)


def _handed_in(name: str, code: str, place: str, *, now: datetime) -> EnrolmentApplication:
    application = enrolling.begin(f"{code[-4:].lower()}@{DEMO_DOMAIN}", language="zh-hans", now=now)
    for step, typed in _typed(name, code, place).items():
        enrolling.save(application, step=step, typed=typed, now=now)
    with suppress(EvidenceRefused):
        application.licence = licences.receive(_scan(), application=application, now=now)
    region = Region.objects.get(code="350102")
    city = enrol_forms.find_region("福州市", levels=(Region.Level.CITY,))
    data = enrolling.EnrolmentData(
        name=name, uscc=code, domicile_id=region.pk, branch=name, place_id=region.pk, areas=(city.pk,)
    )
    return enrolling.submit(application, data, now=now)


#: Where the cast works.
SHOWN_BRANCH = "中国移动福州分公司"
#: So many of each.
MOST = 5
STATUSES = (Status.WITH_ENTERPRISE, Status.NEGOTIATING, Status.REVIEW, Status.MEDIATING)


def add_papers(*, now: datetime, conditions: Conditions) -> None:
    """Of the newest cases of each status whose consumer has an account, those of the branch of the cast first."""
    branch_first = Case(When(branch__name=SHOWN_BRANCH, then=Value(0)), default=Value(1), output_field=IntegerField())
    for status in STATUSES:
        cases = Complaint.objects.filter(
            status=status, consumer__isnull=False, amount__isnull=False, branch__isnull=False
        )
        for case in cases.select_related("consumer").order_by(branch_first, "-pk")[:MOST]:
            digests = []
            for kind, file in (("receipt", _bill(case)), ("chat", _chat(case))):
                with suppress(EvidenceRefused):
                    digests.append(
                        receive_for_case(file, complaint=case, kind=kind, uploaded_by=case.consumer_id, now=now).sha256
                    )
            if digests and case.consumer is not None:
                move = add_statement(text="补充账单截图和与客服的聊天记录。", files=digests)
                take_all([(case.pk, move, actors.consumer(case.consumer))], now=now, conditions=conditions)


def _bill(case: Complaint) -> SimpleUploadedFile:
    """A sheet that says what was charged, in letters that every machine can draw."""
    sheet, file = Image.new("RGB", (900, 1200), "white"), BytesIO()
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((30, 30, 869, 1169), outline=(20, 90, 160), width=4)
    lines = (
        "BILL (DEMO)",
        f"No. {case.number[-14:]}",
        "",
        "Monthly plan        59.00",
        f"Other charges   {case.amount:>9}",
        "",
        f"Total           {59 + (case.amount or 0):>9}",
    )
    for nth, line in enumerate(lines):
        pen.text((80, 90 + 90 * nth), line, fill=(20, 30, 40), font_size=44)
    sheet.save(file, "PNG")
    return SimpleUploadedFile("账单（演示）.png", file.getvalue(), "image/png")


def _chat(case: Complaint) -> SimpleUploadedFile:
    day = timezone.localdate(case.filed_at)
    text = (
        f"{day:%Y-%m-%d} 聊天记录（演示）\n我：这笔{case.amount}元是什么费用？\n客服：为您查询中，请稍候。\n"
        "客服：系统显示是您开通的业务。\n我：我没有开通过，请退还。\n客服：已为您登记，会有专人联系您。\n"
    )
    return SimpleUploadedFile(f"聊天记录（演示）{case.number[-6:]}.txt", text.encode(), "text/plain")
