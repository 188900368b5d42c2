"""What consumers of the demonstration keep: a picture of a bill and a chat, added to some cases that are being worked
on.

Drawn here, so nobody's papers are shown; by the page or the API and the verb by which people add them.
"""

from contextlib import suppress
from datetime import datetime
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Case, IntegerField, Value, When
from django.utils import timezone
from PIL import Image, ImageDraw

from complaints.evidence import EvidenceRefused, receive_for_case
from complaints.handling.steps.consumer import add_statement
from complaints.models import Complaint
from complaints.parties import actors
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from demo.scene import take_all

#: Where the cast works.
DESK = "中国移动福州分公司"
#: So many of each.
MOST = 5
STATUSES = (Status.WITH_ENTERPRISE, Status.NEGOTIATING, Status.REVIEW, Status.MEDIATING)


def add_papers(*, now: datetime, conditions: Conditions) -> None:
    """As of ``now``; the newest cases of each status whose consumer has an account, those at the desk of the cast
    first.
    """
    at_the_desk = Case(When(branch__name=DESK, then=Value(0)), default=Value(1), output_field=IntegerField())
    for status in STATUSES:
        cases = Complaint.objects.filter(
            status=status, consumer__isnull=False, amount__isnull=False, branch__isnull=False
        )
        for case in cases.select_related("consumer").order_by(at_the_desk, "-pk")[:MOST]:
            digests = []
            for kind, file in (("receipt", _bill(case)), ("chat", _chat(case))):
                with suppress(EvidenceRefused):
                    digests.append(
                        receive_for_case(file, complaint=case, kind=kind, uploaded_by=case.consumer_id, now=now).sha256
                    )
            if digests and case.consumer is not None:
                take_all(
                    [
                        (
                            case.pk,
                            add_statement(text="补充账单截图和与客服的聊天记录。", files=digests),
                            actors.consumer(case.consumer),
                        )
                    ],
                    now=now,
                    conditions=conditions,
                )


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
