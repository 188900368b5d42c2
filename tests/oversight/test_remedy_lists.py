"""The list of the affected: read whole or not at all, asked by whoever proves a phone, gone after its days."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.models import PersonDigest
from complaints.procedure.workflow import Status
from complaints.tables.sheets import SheetRefused
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import Remedy, RemedyCheck, RemedyList
from oversight.remedies import affected
from tests import found_in, given, missing_in, reloaded
from tests.accounts.authenticator import newest_code
from tests.cast import World
from tests.oversight.looking import browser, page_of, sent
from tests.oversight.test_remedies import a_file, published, running

pytestmark = pytest.mark.django_db


def test_of_a_list_with_garbage_the_lines_are_named_and_nothing_is_taken(world: World) -> None:
    made, own = running(world), browser(world.lead)
    url = f"/enterprise/remedies/{made.pk}/"
    before = sorted(RemedyList.objects.values_list("line", flat=True))
    text = "手机号,结果\n13800000001,已补救\n张三,已补救\n13800000002,好了\n138 0000 0001,已补救\nAB-12345,未补救\n"
    answer = sent(own, url, do="list", file=a_file(text))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not missing_in(page, "有3行读不懂", "第3行：不是手机号", "第4行：第二列要写", "第5行：和第2行是同一个号码")
    assert sorted(RemedyList.objects.values_list("line", flat=True)) == before
    assert reloaded(made).listed == 70
    for content, words in (
        (b"", "没有号码"),
        (b"PK\x03\x04 a workbook", "请另存为CSV"),
        (b"\xff\xfe1\x003\x00", "请另存为CSV"),
        (b'"13800000001,\n', "引号没有成对"),
        (b"13800000001", "第二列要写"),
    ):
        answer = sent(own, url, do="list", file=SimpleUploadedFile("a.csv", content))
        assert (answer.status_code, words in answer.content.decode()) == (422, True), words
    assert sent(own, url, do="list").status_code == 422


def test_a_list_is_read_as_people_write_it() -> None:
    text = "+86 138-0000-0001，已补救".replace("，", ",") + "\n0591-87654321,remedied\nfz-12 34567,联系不上\n"
    lines = affected.read([text.encode("gb18030")])
    assert [(one.number, one.is_phone, one.is_remedied) for one in lines] == [
        ("+8613800000001", True, True),
        ("+8659187654321", True, True),
        ("FZ1234567", False, False),
    ]
    with pytest.raises(SheetRefused, match="最多"):
        affected.read(["13800000001,已补救\n".encode() * (affected.MOST_LINES + 1)])


# --- the own check ----------------------------------------------------------------------------------------------------


def asks(client: Client, remedy: Remedy, phone: str) -> str:
    """The page with the answer."""
    url = f"/open/remedies/{remedy.pk}/check/"
    answer = sent(client, url, phone=phone)
    assert (answer.status_code, answer.url) == (302, f"{url}?sent=1")
    answer = sent(client, f"{url}?sent=1", code=newest_code())
    assert (answer.status_code, answer.url) == (302, url)
    return page_of(client, url)


def test_whoever_proves_a_phone_reads_whether_it_is_on_the_list(world: World) -> None:
    made = published(world)
    assert f"/open/remedies/{made.pk}/check/" in page_of(None, f"/open/remedies/{made.pk}/")
    assert "企业报告已经补救" in asks(Client(), made, "13800000001")
    assert "还没有补救" in asks(Client(), made, "13900000069")
    assert "名单里没有；如认为受影响，可以直接投诉" in asks(Client(), made, "13700000009")
    assert sorted(RemedyCheck.objects.values_list("answer", flat=True)) == ["listed", "not", "remedied"]
    assert "3人次用手机验证码查过" in page_of(world.rui, f"/authority/remedies/{made.pk}/")


def test_without_the_code_nothing_is_said(world: World) -> None:
    made, client = published(world), Client()
    url = f"/open/remedies/{made.pk}/check/"
    assert sent(client, url, phone="12").status_code == 422
    assert sent(client, url, phone="13800000001").status_code == 302
    code = newest_code()
    wrong = sent(client, f"{url}?sent=1", code="000000" if code != "000000" else "111111")
    assert (wrong.status_code, "已经补救" in wrong.content.decode()) == (422, False)
    # Another browser has no use for the code, nor another remedy.
    assert "已经补救" not in sent(Client(), f"{url}?sent=1", code=code).content.decode()
    assert not found_in(page_of(client, url), "已经补救", "名单里没有")
    assert not RemedyCheck.objects.exists()


def test_a_list_is_gone_after_its_days_and_the_figures_stay(world: World) -> None:
    made = published(world)
    assert affected.sweep(now=timezone.now()) == 1
    assert affected.sweep(now=timezone.now() + timedelta(days=179)) == 1
    assert RemedyList.objects.count() == 70
    assert affected.sweep(now=timezone.now() + timedelta(days=181)) == 1
    assert affected.sweep(now=timezone.now() + timedelta(days=181)) == 0
    assert not RemedyList.objects.exists()
    made = reloaded(made)
    assert (made.has_list, made.listed) == (False, 70)
    page = page_of(None, f"/open/remedies/{made.pk}/")
    assert not missing_in(page, "名单已按期删除", "影响70人")
    url = f"/open/remedies/{made.pk}/check/"
    assert "名单已按期删除" in page_of(None, url)
    with pytest.raises(ReductionRefusal):
        affected.ask(made, "13800000001", now=timezone.now())


def test_a_list_whose_key_is_gone_says_nothing_and_goes(world: World) -> None:
    """Rather than that a number is not on it."""
    made = running(world)
    for row in RemedyList.objects.all():
        RemedyList.objects.filter(pk=row.pk).update(digest=bytes([99]) + bytes(row.digest)[1:])
    with pytest.raises(ReductionRefusal):
        affected.ask(made, "13800000001", now=timezone.now())
    assert affected.sweep(now=timezone.now()) == 1
    assert not reloaded(made).has_list


def test_a_number_on_a_list_has_nothing_in_common_with_other_lists_and_cases(world: World) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    made = running(world)
    other = running(world, of=1, remedied=1)
    mine = RemedyList.objects.get(remedy=made, line=2)
    theirs = RemedyList.objects.get(remedy=other, line=2)
    assert bytes(mine.digest) != bytes(theirs.digest)
    digests = {bytes(row.digest) for row in PersonDigest.objects.filter(complaint=case, kind="phone")}
    assert digests
    assert bytes(mine.digest) not in digests
