"""Every field with what people really send: each refusal names its field and the way out; texts come out as typed."""

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.html import escape

from accounts.models import User
from complaints.filing import drafts
from complaints.filing.forms import Step
from complaints.filing.held import COOKIE
from complaints.filing.steps import STEP_BY_CODE
from complaints.models import Complaint, FilingDraft, PersonalText
from tests import ROOT
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import begin, fill, heard_with, send, url
from tests.complaints.filing.test_submit import AGREED

TODAY = date(2026, 11, 25)
OK = None
LONG = "长" * 3000


def form_with(step: str, **changed: Any) -> Step:
    given = answers.OF_STEP[step] | changed
    data: MultiValueDict[str, str] = MultiValueDict(
        {name: value if isinstance(value, list) else [value] for name, value in given.items() if value is not None}
    )
    options = {"enterprise_name": "测试移动"} if step == "consents" else {}
    return STEP_BY_CODE[step](data, today=TODAY, category="service.telecom", **options)


def judge(form: Step, field: str, refusal: str | None, typed: Any) -> None:
    is_valid = form.is_valid()
    if refusal is OK:
        assert is_valid, (field, typed[:40], form.errors)
        return
    assert set(form.errors) == {field}, typed
    assert refusal in " ".join(str(text) for text in form.errors[field])
    # What was typed is shown again, whole.
    assert typed in (None, []) or form[field].value() == typed


def test_good_answers_are_good_and_bad_input_is_named_at_its_field() -> None:
    for step in answers.OF_STEP:
        form = form_with(step)
        assert form.is_valid(), (step, form.errors)
    for step, field, refusal, *texts in TABLE:
        for typed in texts:
            judge(form_with(step, **{field: typed}), field, refusal, typed)
    for field, refusal, *texts in NAMED_TABLE:
        for typed in texts:
            given = {"respondent": "named", "named": "街角小店"} | {field: typed}
            judge(form_with("enterprise", **given), field, refusal, typed)


# step, field, words in the refusal (None: taken), what is typed
TABLE: list[tuple[Any, ...]] = [
    # 1 enterprise
    ("enterprise", "service_region", "请选择使用或购买的地区", "", None),
    ("enterprise", "service_region", "请从列表中选择地区", "鼓楼", "-5", "9" * 40),
    ("enterprise", "service_region", OK, "１"),
    ("enterprise", "query", "请删减", LONG),
    ("enterprise", "query", OK, "移\x00动🙂"),
    ("enterprise", "respondent", "请搜索并选择企业", ""),
    ("enterprise", "respondent", "请从列表中选择企业", "everybody", "12-", "1" * 70),
    ("enterprise", "respondent", OK, "12--"),
    # 2 purchase
    ("purchase", "object_category", OK, ""),
    ("purchase", "object_category", "请从列表中选择类别", "service.magic"),
    ("purchase", "item_name", OK, ""),
    ("purchase", "item_name", "写了3000字，最多100字", LONG),
    ("purchase", "item_name", OK, "年卡🏋️"),
    ("purchase", "brand", "最多60字", LONG),
    ("purchase", "amount", OK, ""),
    ("purchase", "amount", "金额请填数字，例如 128.50", "一百多"),
    ("purchase", "amount", "金额不能是负数", "-5", "−5"),
    ("purchase", "amount", "金额请填数字", "1e5", "NaN", "12,34", "💰"),
    ("purchase", "amount", "金额最多写到分", "1.234"),
    ("purchase", "amount", "金额太大", "99999999999", "9" * 5000),
    ("purchase", "amount", OK, "0", "￥１，２８０．５元"),
    ("purchase", "bought_on", "这一天还没有到", "2026-11-26"),
    ("purchase", "bought_on", "没有这一天", "2026-02-30", "0000-00-00"),
    ("purchase", "bought_on", "日期请按年-月-日填写", "去年"),
    ("purchase", "bought_on", "日期太早", "1900-01-01"),
    ("purchase", "bought_on", OK, "２０２６年９月１日", "2026/9/1", "20260901"),
    ("purchase", "is_online", OK, ""),
    ("purchase", "is_online", "请选择“是”“否”或“不确定”", "perhaps"),
    ("purchase", "is_online", OK, "unsure"),
    ("purchase", "order_no", "最多60字", LONG),
    ("enterprise", "named", OK, LONG),
    ("enterprise", "address", OK, LONG),
    ("enterprise", "business_phone", OK, "abc, but the authority is to find it"),
    ("enterprise", "link", OK, "javascript:alert(1)"),
    ("problem", "service_number", "最多40字", LONG),
    # 3 problem
    ("problem", "problem_category", "请选择问题类别", ""),
    ("problem", "problem_category", "请从列表中选择问题类别", "nothing"),
    ("problem", "disputed_on", "请填发生的日期", ""),
    ("problem", "disputed_on", "这一天还没有到", "2027-01-01"),
    ("problem", "disputed_on", "日期请按年-月-日填写", "abc"),
    ("problem", "disputed_on", OK, "2019-01-01"),
    ("problem", "place", "最多200字", LONG),
    ("problem", "statement", "请写明发生了什么", "", " \r\n\t "),
    ("problem", "statement", "写了1201字，最多1200字，请删减1字", "字" * 1201),
    ("problem", "statement", OK, "字" * 1200, ("字" * 99 + "\r\n") * 12, "坏了", "😡" * 1200, "前\x00后\ud800"),
    ("problem", "has_contacted", "请选择“是”“否”或“不确定”", "maybe"),
    ("problem", "has_contacted", OK, ""),
    ("problem", "contacted_on", "这一天还没有到", "2026-12-01"),
    ("problem", "their_reference", "最多60字", LONG),
    ("problem", "report", "最多500字", LONG),
    ("problem", "plan", "最多100字", LONG),
    ("problem", "plan", OK, "5G畅享\x00套餐"),
    ("problem", "contract_until", "没有这一天", "2026-13-01"),
    ("problem", "contract_until", "日期请按年-月-日填写", "两年"),
    ("problem", "contract_until", "这一天还没有到", "2199-01-01"),
    ("problem", "contract_until", OK, "2028-01-31"),
    ("problem", "promised", "最多300字", LONG),
    ("problem", "promised", OK, "每月99元\r\n送😀流量"),
    ("problem", "noticed_on", "这一天还没有到", "2027-01-01"),
    ("problem", "noticed_on", "日期请按年-月-日填写", "上个月"),
    ("problem", "noticed_on", OK, "2026-09-02"),
    # 4 demands
    ("demands", "demand", "请至少选一项要求", []),
    ("demands", "demand", "请从列表中选择要求", ["everything"], ["refund", "everything"]),
    ("demands", "amount_refund", "请填金额，不确定可填估计数", ""),
    ("demands", "amount_refund", "金额请填数字，例如 128.50", "一百多"),
    ("demands", "amount_refund", "金额不能是负数", "-1"),
    ("demands", "amount_refund", "金额要大于 0", "0"),
    ("demands", "amount_damages", OK, "not ticked, so not judged"),
    ("demands", "note", "最多200字", LONG),
    # 6 you
    ("you", "behalf", "请选择您为谁投诉", ""),
    ("you", "behalf", "请从列表中选择您为谁投诉", "dog"),
    ("you", "name", "请填您的姓名", ""),
    ("you", "name", "姓名请用文字填写", "陈🙂", "12345", "……"),
    ("you", "name", "最多60字", LONG),
    ("you", "name", OK, "阿卜杜拉·买买提", "Anne-Marie O’Neil"),
    ("you", "phone", "请填电话号码", ""),
    ("you", "phone", "电话请填手机号", "123", "一三八", "1" * 60, "📞19900000001"),
    ("you", "phone", OK, "１９９００００００１２", "+44 7700 900123", "0591-87654321"),
    ("you", "address", "请填联系地址", ""),
    ("you", "address", "最多200字", LONG),
    ("you", "email", "邮箱格式不对", "chen"),
    ("you", "email", "邮箱", "a" * 250 + "@example.com"),
    ("you", "email", OK, "chen@example.com"),
    ("you", "reply_by", "请从列表中选择答复方式", "pigeon"),
    ("you", "need_help", "请从列表中选择", ["everybody"]),
    ("you", "code", "验证码是6位数字", "1" * 60),
    ("you", "principal_name", OK, "123, but for oneself it is not asked"),
    ("you", "relation", OK, LONG),
    ("you", "powers", OK, LONG),
    ("you", "may_settle", OK, "perhaps"),
    ("you", "valid_until", OK, "never, but for oneself it is not asked"),
    ("you", "parties", OK, "12"),
    ("you", "representatives", OK, LONG),
    ("you", "principal_phone", OK, "abc, but for oneself it is not asked"),
    # 7 consents
    ("consents", "share_with_enterprise", "请选择同意或不同意", ""),
    ("consents", "pass_to_regulator", "请选择同意或不同意", None),
    ("consents", "publish_masked", "请选择同意或不同意", "sometimes"),
    ("consents", "delegated_mediation", "请选择同意或不同意", "YES"),
]


# For a business in one's own words
NAMED_TABLE = [
    ("named", "请写店名或企业名称", ""),
    ("named", "最多120字", LONG),
    ("named", OK, "老王🍜面馆"),
    ("address", "最多200字", LONG),
    ("business_phone", "电话请填手机号", "abc"),
    ("link", "链接请以 https:// 开头", "javascript:alert(1)"),
    ("link", "最多500字", LONG),
    ("link", OK, "https://shop.example/1"),
]


AGENT = {"behalf": "agent", "principal_name": "王强", "principal_phone": "19900000002", "powers": "投诉、和解"}
AGENT["may_settle"] = "yes"
JOINT = {"behalf": "joint", "is_declared": "on"}
GROUNDS = [
    ({"behalf": "guardian"}, {"principal_name", "relation", "is_declared"}),
    ({"behalf": "guardian", "principal_name": "陈小宝", "relation": "女儿", "is_declared": "on"}, set()),
    ({"behalf": "agent"}, {"principal_name", "principal_phone", "powers", "may_settle", "valid_until", "is_declared"}),
    (AGENT | {"valid_until": "2026-11-24", "is_declared": "on"}, {"valid_until"}),
    ({"behalf": "heir", "principal_name": "陈大山", "relation": "父亲"}, {"is_declared"}),
    (JOINT, {"parties"}),
    (JOINT | {"parties": "王强 19900000002\n李敏 19900000003"}, set()),
    # Each confirms by the own phone.
    (JOINT | {"parties": "王强 19900000002\n李敏"}, {"parties"}),
    (JOINT | {"parties": "王强 19900000002\n李敏 19900000002"}, {"parties"}),
    (JOINT | {"parties": "王强 19900000001"}, {"parties"}),
    (JOINT | {"parties": "王强 19900000002", "representatives": "王强"}, set()),
    (JOINT | {"parties": "王强 19900000002", "representatives": "赵六"}, {"representatives"}),
    (JOINT | {"parties": "\n".join(f"王{n} 199000001{n:02}" for n in range(21))}, {"parties"}),
    (JOINT | {"parties": "王强 12\n李敏"}, {"parties"}),
    (JOINT | {"parties": "王强 19900000002", "representatives": "甲，乙、丙"}, {"representatives"}),
]


def test_acting_for_others_asks_what_the_law_asks() -> None:
    for changed, wrong in GROUNDS:
        assert set(form_with("you", **changed).errors) == wrong, changed


def test_full_width_numbers_become_numbers_and_what_cannot_be_seen_is_left_out() -> None:
    form = form_with("purchase", amount="￥１，２８０．５元", bought_on="２０２６年９月１日")
    assert form.is_valid()
    assert form.cleaned_data["amount"] == Decimal("1280.50")
    assert form.cleaned_data["bought_on"] == date(2026, 9, 1)
    you = form_with("you", phone="１９９００００００１２")
    assert you.is_valid()
    assert you.cleaned_data["phone"] == "+8619900000012"
    form = form_with("problem", statement="前\x00后\x1b\ud800，👨‍👩‍👧都在\r\n第二行")
    assert form.is_valid()
    assert form.cleaned_data["statement"] == "前后，👨‍👩‍👧都在\n第二行"


def test_over_three_years_only_warns() -> None:
    for day, is_old in (("2023-11-25", False), ("2023-11-24", True)):
        form = form_with("problem", disputed_on=day, contacted_on="")
        assert form.is_valid()
        assert form.is_old is is_old  # type: ignore[attr-defined]


#: what is typed, what is kept (None: the same)
TEXTS: list[tuple[str, str, str | None]] = [
    ("emoji with joiners", "客服说👨‍👩‍👧‍👦家庭套餐😡不能退🇨🇳", None),
    ("rare letters", "投诉人䶮、𬱖、㐆，店名“龘”", None),
    ("right to left", "الخدمة لا تعمل 宽带坏了", None),
    ("order of writing turned round", "订单\u202e0001\u202c号", None),
    ("zero width", "宽\u200b带\u200d断\ufeff网", None),
    ("combining marks", "Cafe\u0301 in 福州", "Café in 福州"),
    ("lines of Windows", "第一行\r\n第二行\r\n\r\n第四行", "第一行\n第二行\n\n第四行"),
    ("tabs and spaces inside", "金额\t128.50   元", None),
    ("markup", "<script>alert(1)</script><b>退款</b> & \"引号\" '单引号'", None),
    ("templates and SQL", "{{ settings.SECRET_KEY }} {% csrf_token %} %(a)s %s '; drop table x; --", None),
    ("backslashes", r"C:\账单\n不是换行 \u0000", None),
    ("what cannot be seen", "前\x1b[31m后\x07", "前[31m后"),
    ("1,200 letters", "字" * 1200, None),
    ("1,200 letters outside the first plane", "𠀋" * 1200, None),
    ("uyghur and tibetan", "ئۇيغۇر تىلى བོད་ཡིག", None),
]


def filled(client: Client, town: Town) -> dict[str, Any]:
    """What a finished draft holds, its phone proven."""
    draft = begin(client, town)
    fill(client, draft)
    draft.refresh_from_db()
    client.force_login(User.objects.create_user(phone="+8619900000001"))
    return dict(draft.data) | {"proven": {"address": ["+8619900000001"]}}


def file_with(client: Client, data: dict[str, Any], text: str) -> tuple[Complaint, str]:
    """The text through the box and the check page; (case, what the check page showed)."""
    now, owner = timezone.now(), User.objects.with_phone("+8619900000001").get()
    draft, key = drafts.begin(now=now)
    draft.data, draft.owner = data, owner
    draft.save()
    client.cookies[COOKIE] = key
    response = send(client, url(draft, "story"), {"story": text})
    assert response.status_code == 302, response.content.decode()
    shown = client.get(url(draft, "heard")).content.decode()
    lines = dict.fromkeys(re.findall(r'name="(line_\d+|firm)"', shown), "no")
    region = data["enterprise"]["service_region"][0]
    given = heard_with() | lines | {"report": "none", "service_region": region, "respondent": "authority"}
    response = send(client, url(draft, "heard"), given)
    if response.headers["Location"] == url(draft, "story"):
        response = send(client, url(draft, "heard"), given | {"report": "both"})
    assert response.status_code == 302, response.content.decode()
    draft.refresh_from_db()
    draft.data["problem"]["statement"] = [text]
    draft.save()
    page = client.get(url(draft, "check")).content.decode()
    response = send(client, url(draft, "check"), AGREED | {"pause_for_settlement": "yes"})
    assert response.status_code == 302, response.content.decode()
    return Complaint.objects.get(number=FilingDraft.objects.get(pk=draft.pk).filed_as[0]), page


def kept(case: Complaint) -> str:
    return PersonalText.objects.get(complaint=case, kind="consumer_statement").text


def test_odd_texts_are_kept_as_they_were_typed(client: Client, town: Town) -> None:
    data = filled(client, town)
    for name, typed, expected in TEXTS:
        case, page = file_with(client, data, typed)
        wanted = typed if expected is None else expected
        assert kept(case) == wanted, name
        assert escape(wanted).replace("\n", "<br>") in page.replace("Cafe\u0301", "Café"), name
        assert escape(wanted).replace("\n", "<br>") in client.get(f"/cases/{case.number}/").content.decode(), name


#: Public texts of complaints, beside the project and no part of it.
DATA = ROOT.parent / "shared" / "data" / "cn_12315" / "golden_100_labelled.json"


@pytest.mark.full
# So many requests are longer than one transaction may be.
@pytest.mark.django_db(transaction=True)
def test_a_hundred_real_texts_are_filed_unharmed(client: Client, town: Town) -> None:
    if not DATA.exists():
        pytest.skip("the folder shared/data with the public texts is not there")
    data = filled(client, town)
    texts = [row["problem_text"] for row in json.loads(DATA.read_text())]
    assert len(texts) == 100
    for text in texts:
        case, _page = file_with(client, data, text)
        assert kept(case) == text.strip()
    assert Complaint.objects.count() == 100
