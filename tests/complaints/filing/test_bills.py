"""A photographed bill in a filing: what was read is asked about, nothing goes in unasked, nobody needs words first."""

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from complaints.evidence import examining
from complaints.filing import bills, drafts, story
from complaints.models import Complaint, Evidence, EvidenceKind, FilingDraft, HeardAnswer
from enterprises.directory.finding import find
from enterprises.directory.naming import write_names
from enterprises.models import Alias
from tests import missing_in
from tests.complaints.evidence import files
from tests.complaints.evidence.readers import Says, says
from tests.complaints.evidence.test_uploads import Sender
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import begin, screen, send, url
from tests.complaints.filing.test_submit import file, prove

__all__ = ["says"]

pytestmark = pytest.mark.django_db
BILL = (
    "中国移动客户账单",
    ("用户号码：13812345678", "账期：2026年9月"),
    ("套餐月基本费", "38.00"),
    ("费用合计", "58.00"),
)
OTHER = ("中国联通客户账单", ("用户号码：18612345678", "账期：2026年8月"), ("费用合计", "36.00"))
CASH = ("费用合计", "58.00")


@pytest.fixture(autouse=True)
def _known_as_china_mobile(town: Town) -> None:
    Alias.objects.create(enterprise=town.carrier, name="中国移动", kind=Alias.Kind.ALIAS)
    write_names([town.carrier.pk])


def photo(name: str = "账单.jpg", *, shade: int = 1) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, files.jpeg(1, (64 + shade, 48)))


def the_draft() -> FilingDraft:
    return FilingDraft.objects.latest("created_at")


def page(client: Client, draft: FilingDraft, code: str) -> str:
    return html.unescape(screen(client, draft, code))


def asked(shown: str) -> set[str]:
    """Of which fields of a bill the page asks."""
    return set(re.findall(r'name="bill_(\w+)"', shown))


def part(name: str) -> dict[str, list[str]]:
    return dict(the_draft().data.get(name, {}))


def with_photo(client: Client, told: str = "", **more: Any) -> FilingDraft:
    send(client, "/file/", {"story": told}, bill=photo(), **more)
    return the_draft()


def rest(town: Town, **more: Any) -> dict[str, Any]:
    """What the second screen asks beside the bill."""
    given = {"service_region": town.gulou, "statement": "这个月多扣了20元", "asked": "1", "note": ""}
    given |= {"problem_category": "telecom.fees.unexplained_charge", "demand": ["apology"]}
    return given | more


def test_who_writes_nothing_photographs_the_bill_and_confirms_what_it_says(
    client: Client, town: Town, says: Says
) -> None:
    says(*BILL)
    response = send(client, "/file/", {"story": ""}, bill=photo())
    draft = the_draft()
    assert response.headers["Location"] == url(draft, "heard")
    shown = page(client, draft, "heard")
    assert not missing_in(shown, "我们这样理解，对吗？", "投诉中国移动？", "号码是13812345678？", "发生在9月？")
    assert not missing_in(
        shown, "账单合计¥58.00：填作涉及金额？", "账单上写着<q>费用合计 58.00</q>", 'name="statement"'
    )
    assert not re.search(r'name="bill_\w+"[^>]*checked', shown), "nothing is chosen for anybody"
    assert not {"enterprise", "problem", "purchase"} & set(draft.data), "nothing goes in before it is confirmed"
    refused = send(client, url(draft, "heard"), {"asked": "1", "statement": ""}).content.decode()
    assert not missing_in(refused, "请写明发生了什么", "请选一个")
    yes = {f"bill_{name}": "yes" for name in ("firm", "number", "day", "total")}
    assert send(client, url(draft, "heard"), rest(town, **yes)).headers["Location"] == url(draft, "you")
    assert (part("problem")["service_number"], part("purchase")["amount"]) == (["13812345678"], ["58.00"])
    assert (part("problem")["disputed_on"], part("problem")["is_approximate"]) == (["2026-09-01"], ["on"])
    # Other tests may have left the demonstration's carrier of that name.
    firm = find("中国移动", on=timezone.localdate(), region_id=town.gulou)[0].enterprise
    assert part("enterprise")["respondent"][0].startswith(f"{firm.pk}-")
    assert not asked(page(client, draft, "you")), "answered already"
    prove(client, draft)
    assert file(client, draft).status_code == 302
    case = Complaint.objects.get()
    assert (str(case.amount), str(case.disputed_on), case.picked_enterprise_id) == ("58.00", "2026-09-01", firm.pk)
    assert set(HeardAnswer.objects.values_list("field", "answer")) == {(name, "confirmed") for name in yes}


def test_what_is_denied_or_left_open_does_not_go_in_and_what_is_changed_is_typed_there(
    client: Client, town: Town, says: Says
) -> None:
    says(*BILL)
    draft = with_photo(client)
    given = rest(
        town, bill_firm="no", respondent="authority", bill_day="change", disputed_on="2026-08-02", bill_number="no"
    )
    given |= {"service_number": "", "amount": ""}
    assert send(client, url(draft, "heard"), given).headers["Location"] == url(draft, "you")
    assert (part("problem")["service_number"], part("purchase")["amount"]) == ([""], [""])
    assert part("problem")["disputed_on"] == ["2026-08-02"]
    assert set(story.counted(the_draft())) >= {
        ("bill_firm", "denied"),
        ("bill_day", "changed"),
        ("bill_number", "denied"),
    }
    # Who thinks better of it.
    send(client, url(draft, "heard"), given | {"bill_total": "yes", "bill_number": "yes"})
    assert (part("problem")["service_number"], part("purchase")["amount"]) == (["13812345678"], ["58.00"])
    send(client, url(draft, "heard"), given | {"bill_total": "no", "amount": "58.00"})
    assert "amount" not in part("purchase")


def test_without_the_reader_the_photo_is_stored_nothing_is_promised_and_the_story_is_asked(
    client: Client, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "reads_text", lambda: False)
    first = client.get("/file/").content.decode()
    assert "有账单？拍一张照片" in first
    assert "读出来" not in first
    response = send(client, "/file/", {"story": ""}, bill=photo())
    draft = the_draft()
    assert response.headers["Location"] == f"{url(draft, 'story')}#bill"
    shown = page(client, draft, "story")
    assert not missing_in(shown, "照片已存好。请再写几句", "账单.jpg", "已存好")
    assert page(client, draft, "story").count("账单.jpg"), "the same after it is loaded anew"
    assert client.get(url(draft, "heard")).headers["Location"] == url(draft, "story")
    assert "请写几句发生了什么" in send(client, url(draft, "story"), {"story": ""}).content.decode()
    response = send(client, url(draft, "story"), {"story": "移动乱扣我60元，要求退还60元"})
    assert response.headers["Location"] == url(draft, "heard")
    assert not asked(page(client, draft, "heard"))
    assert Evidence.objects.get().draft_id == draft.pk


def test_the_story_says_what_it_says_and_the_bill_the_rest(client: Client, town: Town, says: Says) -> None:
    says(*BILL)
    assert "我们读出来，请您核对" in client.get("/file/").content.decode()
    draft = with_photo(client, "电信从9月3日起乱扣我60元，要求退还60元")
    shown = page(client, draft, "heard")
    assert asked(shown) == {"number", "total"}, "whom it is against and when was written"
    assert 'name="statement"' not in shown
    assert "投诉中国电信？" in shown


def test_the_sum_asked_back_counts_where_it_is_more_than_the_bill(client: Client, town: Town, says: Says) -> None:
    says(*BILL)
    draft = with_photo(client)
    for refund, amount in (("20", "58.00"), ("174", "174")):
        given = rest(town, bill_firm="yes", bill_day="yes", bill_total="yes", demand=["refund"], amount_refund=refund)
        assert send(client, url(draft, "heard"), given).status_code == 302
        assert part("purchase")["amount"] == [amount]


def test_a_bill_among_the_files_is_asked_about_there(client: Client, town: Town, says: Says) -> None:
    draft = begin(client, town)
    send(client, url(draft, "heard"), rest(town, problem="none", disputed_on="2026-09-02", service_number=""))
    says(*BILL)
    send(client, url(draft, "you"), answers.YOU | {"upload": "1", "kind": "receipt"}, files=photo())
    shown = page(client, draft, "you")
    assert asked(shown) == {"number", "total"}, "the firm was chosen and the day typed"
    assert not missing_in(shown, "账单合计¥58.00：填作涉及金额？", "已存好")
    # Nobody has to answer, and nothing goes in by itself.
    assert send(client, url(draft, "you"), answers.YOU).headers["Location"] == url(draft, "check")
    assert not part("purchase").get("amount")
    response = send(client, url(draft, "you"), answers.YOU | {"bill_total": "yes", "bill_number": "change"})
    assert response.headers["Location"] == f"{url(draft, 'heard')}?q=number"
    assert part("purchase")["amount"] == ["58.00"]
    assert "¥58.00" in page(client, draft, "check")
    assert not asked(page(client, draft, "you"))
    assert asked(page(client, draft, "heard")) == {"number", "total"}


def test_a_bill_that_comes_in_parts_is_read_once(client: Client, town: Town, says: Says) -> None:
    draft = begin(client, town)
    says(*BILL)
    sender = Sender(client, f"/file/{draft.pk}/", files.jpeg(1, (200, 100)), "账单.jpg")
    assert sender.all().json()["is_done"]
    says(*OTHER)
    assert sender.finish().json()["is_done"]
    assert part("bill")["total"] == ["58.00", "费用合计 58.00"]
    assert asked(page(client, draft, "you")) == {"number", "day", "total"}


@pytest.mark.parametrize(
    ("name", "kind", "lines"),
    [
        ("账单.jpg", EvidenceKind.IDENTITY, BILL),
        ("账单.jpg", EvidenceKind.PHOTO, BILL),
        ("我的身份证.jpg", EvidenceKind.RECEIPT, BILL),
        ("ID-card.png", EvidenceKind.RECEIPT, BILL),
        ("账单.jpg", EvidenceKind.RECEIPT, ("居民身份证", *BILL)),
    ],
)
def test_an_identity_paper_is_kept_and_not_read(
    client: Client, town: Town, says: Says, name: str, kind: str, lines: Any
) -> None:
    draft = begin(client, town)
    says(*lines)
    send(client, url(draft, "you"), answers.YOU | {"upload": "1", "kind": kind}, files=photo(name))
    assert Evidence.objects.get().kind == kind
    assert bills.BILL not in the_draft().data
    assert not asked(page(client, draft, "you"))


def test_two_bills_of_two_firms_are_a_question_and_the_first_stands(client: Client, town: Town, says: Says) -> None:
    says(*BILL)
    draft = with_photo(client, keep_bill="1")
    says(*OTHER)
    response = send(client, url(draft, "story"), {"story": ""}, bill=photo("二.jpg", shade=2))
    assert response.headers["Location"] == url(draft, "heard")
    shown = page(client, draft, "heard")
    assert not missing_in(
        shown, "投诉哪一家？", 'value="中国移动"', 'value="中国联通"', "都不是", "号码是13812345678？"
    )
    send(client, url(draft, "heard"), rest(town, bill_firm="中国联通", bill_day="yes"))
    assert part("enterprise")["query"] == ["中国联通"]
    assert Evidence.objects.count() == 2


def test_a_photo_that_is_taken_back_takes_along_what_was_read_and_not_answered(
    client: Client, town: Town, says: Says
) -> None:
    says(*BILL)
    draft = with_photo(client, keep_bill="1")
    shown = page(client, draft, "story")
    assert not missing_in(shown, "账单.jpg", "已存好", "再拍一张", "可以不写，按“继续”核对")
    send(client, url(draft, "story"), {"story": "", "remove": str(Evidence.objects.get().pk)})
    assert not Evidence.objects.exists()
    assert not bills.is_read(the_draft())
    assert send(client, url(draft, "story"), {"story": ""}).status_code == 422
    draft = with_photo(client)
    send(client, url(draft, "heard"), {"bill_total": "yes", "asked": "1"})
    send(client, url(draft, "you"), {"remove": str(Evidence.objects.get().pk)})
    assert [one.field for one in bills.every(the_draft())] == ["total"]
    assert part("purchase")["amount"] == ["58.00"]


def test_a_fake_picture_is_named_on_the_first_screen_until_the_screen_is_sent_again(
    client: Client, town: Town, says: Says
) -> None:
    fake = SimpleUploadedFile("账单.jpg", b"MZ\x90\0\x03\0")
    send(client, "/file/", {"story": "移动多扣了钱"}, bill=fake)
    draft = the_draft()
    for _time in range(2):
        shown = page(client, draft, "story")
        assert not missing_in(
            shown, "“账单.jpg”不是图片，或者图片已经损坏；请重新拍一张", "移动多扣了钱", 'role="alert"'
        )
    assert not Evidence.objects.exists()
    assert send(client, url(draft, "story"), {"story": "移动多扣了钱"}).headers["Location"] == url(draft, "heard")
    assert "不是图片" not in page(client, draft, "story")
    # The same among the files: nobody goes on before it was seen.
    fake = SimpleUploadedFile("假.png", b"MZ\x90\0\x03\0")
    response = send(client, url(draft, "you"), answers.YOU, files=fake)
    assert response.headers["Location"] == f"{url(draft, 'you')}#files"
    for _time in range(2):
        assert "“假.png”不是图片" in page(client, draft, "you")
    assert send(client, url(draft, "you"), answers.YOU).headers["Location"] == url(draft, "check")


@pytest.mark.parametrize(
    "script",
    [
        "raise SystemExit(1)",
        "print('[]')",
        'print(\'{"refused": "broken"}\')',
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import json; print(json.dumps({'copy': 'pieces'}))",
        *(
            f"import json, os, sys; os.write(int(sys.argv[5]), {written!r}); print(json.dumps({{'copy': 'pieces'}}))"
            for written in (
                b"no json",
                b"[]",
                b'{"text": "a", "corners": [[0, 0], [1, 0], [1, NaN], [0, 1]], "score": 1}',
                b'{"text": "a", "corners": [[0, 0], [1, 0]], "score": 1}',
                b'{"text": "a", "corners": [[0, 0], [1e999, 0], [1, 1], [0, 1]], "score": 1}',
            )
        ),
    ],
)
def test_a_reader_that_fails_leaves_the_photo_and_asks_for_the_story(
    client: Client, town: Town, says: Says, script: str
) -> None:
    says(script=script)
    draft = with_photo(client)
    assert "照片已存好。请再写几句" in page(client, draft, "story")
    assert Evidence.objects.count() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (files.png_that_says(20_000, 20_000), "像素太多"),
        (files.jpeg()[:300], "不是图片"),
        (b"", "空文件"),
        (b"<html><script>alert(1)</script>", "不是图片"),
    ],
)
def test_bombs_and_broken_pictures_are_named_and_words_are_kept(
    client: Client, town: Town, says: Says, content: bytes, words: str
) -> None:
    send(client, "/file/", {"story": "乱扣费"}, bill=SimpleUploadedFile("账单.png", content))
    assert not missing_in(page(client, the_draft(), "story"), words, "乱扣费")


@pytest.mark.parametrize("lines", [(), ("一只猫",), ("字" * 200,) * 50, ("2026年", "¥¥", "合计")])
def test_other_pictures_lead_on(client: Client, town: Town, says: Says, lines: tuple[str, ...]) -> None:
    says(*lines)
    draft = with_photo(client)
    assert "照片已存好。请再写几句" in page(client, draft, "story")
    assert send(client, url(draft, "story"), {"story": "多扣了钱"}).headers["Location"] == url(draft, "heard")


def test_the_elder_display_asks_about_the_bill_one_after_the_other(client: Client, town: Town, says: Says) -> None:
    says(*BILL)
    draft = with_photo(client)
    client.cookies["display"] = "elder"
    for block in ("firm", "day", "number", "total"):
        shown = html.unescape(client.get(f"{url(draft, 'heard')}?q={block}").content.decode())
        assert asked(shown) == {block}
    assert 'name="statement"' in client.get(url(draft, "heard")).content.decode()


def test_a_draft_that_is_gone_begins_anew_with_what_was_read(client: Client, town: Town, says: Says) -> None:
    says(*BILL)
    draft = with_photo(client)
    along = re.search(r'name="along" value="([^"]+)"', page(client, draft, "heard"))
    assert along
    FilingDraft.objects.all().delete()
    send(client, url(draft, "heard"), {"along": along[1], "bill_total": "yes", "asked": "1"})
    assert part("purchase")["amount"] == ["58.00"]


def test_the_number_on_a_bill_counts_as_a_number_in_the_draft(client: Client, town: Town, says: Says) -> None:
    says(*BILL)
    assert "+8613812345678" in drafts.addresses_in(with_photo(client)), "who is erased is found by it"
