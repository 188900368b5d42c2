"""Whatever people write or send leads through the screens to a case: kept, understood or asked, never a dead end."""

import re
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from complaints.models import Complaint, Evidence, PersonalText
from enterprises.directory.naming import write_names
from enterprises.models import Alias
from tests import missing_in
from tests.complaints.evidence import files
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import screen, send, url
from tests.complaints.filing.test_story import full, heard, tell

AGREED = {"pause_for_settlement": "yes", "share_with_enterprise": "yes", "pass_to_regulator": "yes", "file": "1"}


@pytest.fixture(autouse=True)
def _known_as_china_mobile(town: Town) -> None:
    Alias.objects.create(enterprise=town.carrier, name="中国移动", kind=Alias.Kind.ALIAS)
    write_names([town.carrier.pk])


#: What is written → what the second screen says of it, and what else has to be answered there or on the third.
WRITTEN: dict[str, tuple[str, tuple[str, ...], dict[str, Any], dict[str, Any]]] = {
    "emoji": ("😡😡宽带又断了👨‍👩‍👧‍👦🇨🇳", ("什么时候发生的",), {}, {}),
    "one word": ("骗子", (), {}, {}),
    "nothing but a phone number": ("13800000000", ("再问几句", "什么时候发生的"), {}, {}),
    "a sum in words": (
        "移动多扣了我钱，要求退还一百二十元。",
        ("<q>要求退还一百二十元</q>", 'value="120.00"'),
        {"demand": ["refund"], "amount_refund": "120.00"},
        {},
    ),
    "a day in words": ("上周三移动乱扣我30元，要求退还30元。", ("什么时候发生的",), {}, {}),
    "a holiday": ("国庆那天移动停了我的宽带，要求修好。", ("什么时候发生的",), {}, {}),
    "three demands in one sentence": (
        "移动乱扣费，要求退还60元、取消这个业务并且道歉。",
        ('id="demand-refund"', 'id="demand-cancel_service"', 'id="demand-apology"'),
        {"demand": ["refund", "cancel_service", "apology"], "amount_refund": "60.00"},
        {},
    ),
    "two firms": ("联通和电信都多扣了我的钱", ("投诉哪一家？", "中国联通", "中国电信"), {"firm": "中国电信"}, {}),
    "somebody else's": (
        "我替我妈投诉，移动乱扣她钱",
        ("<q>替我妈</q>",),
        {"ask": ["another"]},
        {"behalf": "guardian", "principal_name": "王桂英", "relation": "母亲", "is_declared": "on"},
    ),
    "abuse": ("妈的什么垃圾移动，一群骗子，乱扣老子钱，退！", (), {}, {}),
    "markup": ("<b>退钱</b> {{ 7|add:7 }} '; drop table x; --", (), {}, {}),
    "as long as may be": ("退" * 1200, (), {}, {}),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_what_is_written_is_kept_understood_or_asked_and_becomes_a_case(client: Client, town: Town, kind: str) -> None:
    text, said, more, of_others = WRITTEN[kind]
    draft = tell(client, text)
    assert not missing_in(heard(client, draft), *said)
    # Who only presses on is told at each field what is missing, and nothing is lost.
    bare = send(client, url(draft, "heard"), {"asked": "1", "note": ""})
    assert bare.status_code == 422
    page = unescape(bare.content.decode())
    assert all(
        re.search(rf'id="{target}"', page) for target in re.findall(r'<a\s+href="#([^"]+)"', page) if target != "main"
    )
    answer = send(client, url(draft, "heard"), full(client, draft, **more))
    assert answer.headers["Location"] == url(draft, "you"), answer.content.decode()
    assert send(client, url(draft, "you"), answers.YOU | of_others).headers["Location"] == url(draft, "check")
    answer = send(client, url(draft, "check"), AGREED)
    assert answer.status_code == 302, answer.content.decode()
    case = Complaint.objects.get()
    assert PersonalText.objects.get(complaint=case, kind="consumer_statement").text == text
    if "demand" in more:
        assert {demand.kind for demand in case.demands.all()} == set(more["demand"])


LOOKS = {"English": ("en", ""), "elder": ("zh-hans", "elder")}
IN_ENGLISH = {
    "English": "China Mobile took ¥20 a month since last Wednesday, please refund sixty yuan and cancel it!!",
    "abuse in English": "you bunch of f***ing thieves 🤬 give me back my money",
    "two firms in English": "China Unicom and China Telecom both overcharge me",
}


def pressed_on(client: Client, address: str, given: dict[str, Any]) -> str:
    """Where a person gets who answers only what each page of a screen asks, one after the other."""
    here = address
    for _page in range(20):
        page = client.get(here).content.decode()
        names = set(re.findall(r'name="([^"]+)"', page))
        said = {name: "no" for name in names if name.startswith("line_")}
        said |= {name: value for name, value in (given | {"asked": "1"}).items() if name in names}
        answer = send(client, here, said)
        assert answer.status_code == 302, (said, answer.content.decode())
        here = answer.headers["Location"]
        if not here.startswith(address):
            break
    return here


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("kind", [*WRITTEN, *IN_ENGLISH])
def test_in_english_and_one_question_a_page_it_becomes_a_case_too(
    client: Client, town: Town, kind: str, look: str
) -> None:
    client.cookies["django_language"], client.cookies["display"] = LOOKS[look]
    text, _said, more, of_others = WRITTEN.get(kind) or (IN_ENGLISH[kind], (), {}, {})
    draft = tell(client, text)
    parts = ("purchase", "problem", "demands")
    given = {name: value for part in parts for name, value in answers.OF_STEP[part].items()}
    given |= {"service_region": "350102000", "respondent": "authority", "problem": "none", "firm": "no"}
    assert pressed_on(client, url(draft, "heard"), given | more) == url(draft, "you")
    assert pressed_on(client, url(draft, "you"), answers.YOU | of_others) == url(draft, "check")
    answer = send(client, url(draft, "check"), AGREED)
    assert answer.status_code == 302, answer.content.decode()
    assert PersonalText.objects.get(kind="consumer_statement").text == text


@pytest.mark.parametrize(
    ("story", "words"),
    [("", "请写几句发生了什么"), (" \n　", "请写几句发生了什么"), ("移动扣我钱，" * 1667, "请删减8802字")],
    ids=["empty", "blank", "10,000 letters"],
)
def test_what_cannot_be_a_story_says_the_way_out_and_is_kept(client: Client, story: str, words: str) -> None:
    answer = send(client, "/file/", {"story": story})
    page = unescape(answer.content.decode())
    assert (answer.status_code, words in page) == (422, True)
    assert not missing_in(page, story.strip(), 'href="#id_story"', 'href="tel:12315"')
    # The same box takes a shorter one.
    assert send(client, "/file/", {"story": "移动扣我钱"}).status_code == 302


TYPED = {
    "a sum in words": ("amount_refund", "一百多", "金额请填数字，例如 128.50"),
    "a day in words": ("disputed_on", "上周三", "日期请按年-月-日填写"),
    "a holiday": ("disputed_on", "国庆那天", "日期请按年-月-日填写"),
    "a day to come": ("disputed_on", "2199-01-01", "这一天还没有到"),
    "no region": ("service_region", "", "请选择使用或购买的地区"),
    "a very long number": ("order_no", "9" * 5000, "最多60字"),
}


@pytest.mark.parametrize("kind", TYPED)
def test_what_is_typed_into_a_field_is_asked_about_there_and_kept(client: Client, town: Town, kind: str) -> None:
    field, typed, words = TYPED[kind]
    draft = tell(client, "在街角小店买的鞋穿一天就坏了，要求退货退款")
    answer = send(
        client, url(draft, "heard"), full(client, draft, object_category="", service_number="") | {field: typed}
    )
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert not missing_in(page, words, f'href="#id_{field}')
    assert typed in page
    assert send(client, url(draft, "heard"), full(client, draft)).headers["Location"] == url(draft, "you")


def test_pictures_of_other_things_go_along_and_what_is_no_picture_is_named(client: Client, town: Town) -> None:
    draft = tell(client, "移动乱扣我钱")
    send(client, url(draft, "heard"), full(client, draft))
    upload = {"upload": "1", "kind": "screenshot"}
    send(client, url(draft, "you"), answers.YOU | upload, files=SimpleUploadedFile("我家的猫.png", files.png()))
    send(client, url(draft, "you"), answers.YOU | upload, files=SimpleUploadedFile("账单.png", b"no picture at all"))
    page = screen(client, draft, "you")
    assert not missing_in(page, "我家的猫.png", "账单.png", answers.YOU["address"])
    assert [row.name for row in Evidence.objects.all()] == ["我家的猫.png"], "what is no picture is not kept as one"
    assert send(client, url(draft, "you"), answers.YOU).headers["Location"] == url(draft, "check")
    assert send(client, url(draft, "check"), AGREED).status_code == 302
    assert Complaint.objects.get().evidence.count() == 1
