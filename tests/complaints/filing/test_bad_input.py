"""Every field with what people really send: each refusal names its field and the way out."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.datastructures import MultiValueDict

from complaints.filing.forms import Step
from complaints.filing.steps import STEP_BY_CODE
from tests.complaints.filing import answers

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


def test_good_answers_are_good_and_bad_input_is_named_at_its_field() -> None:
    for step in answers.OF_STEP:
        form = form_with(step)
        assert form.is_valid(), (step, form.errors)
    for step, field, typed, refusal in TABLE:
        form = form_with(step, **{field: typed})
        is_valid = form.is_valid()
        if refusal is OK:
            assert is_valid, (step, field, typed[:40], form.errors)
            continue
        assert set(form.errors) == {field}, typed
        assert refusal in " ".join(str(text) for text in form.errors[field])
        # What was typed is shown again, whole.
        kept = form[field].value()
        if typed:
            assert kept == typed
    for field, typed, refusal in NAMED_TABLE:
        form = form_with("enterprise", **({"respondent": "named", "named": "街角小店"} | {field: typed}))
        assert set(form.errors) == (set() if refusal is OK else {field})
        if refusal is not OK:
            assert refusal in " ".join(str(text) for text in form.errors[field])
            assert form[field].value() == typed


# step, field, what is typed, words in the refusal (None: taken)
TABLE: list[tuple[str, str, Any, str | None]] = [
    # 1 enterprise
    ("enterprise", "service_region", "", "请选择使用或购买的地区"),
    ("enterprise", "service_region", None, "请选择使用或购买的地区"),
    ("enterprise", "service_region", "鼓楼", "请从列表中选择地区"),
    ("enterprise", "service_region", "-5", "请从列表中选择地区"),
    ("enterprise", "service_region", "9" * 40, "请从列表中选择地区"),
    ("enterprise", "service_region", "１", OK),
    ("enterprise", "query", LONG, "请删减"),
    ("enterprise", "query", "移\x00动🙂", OK),
    ("enterprise", "respondent", "", "请搜索并选择企业"),
    ("enterprise", "respondent", "everybody", "请从列表中选择企业"),
    ("enterprise", "respondent", "12-", "请从列表中选择企业"),
    ("enterprise", "respondent", "1" * 70, "请从列表中选择企业"),
    ("enterprise", "respondent", "12--", OK),
    # 2 purchase
    ("purchase", "object_category", "", "请选择类别"),
    ("purchase", "object_category", "service.magic", "请从列表中选择类别"),
    ("purchase", "item_name", "", "请写商品或服务的名称"),
    ("purchase", "item_name", "   \u3000 ", "请写商品或服务的名称"),
    ("purchase", "item_name", "\x00\x00", "请写商品或服务的名称"),
    ("purchase", "item_name", LONG, "写了3000字，最多100字"),
    ("purchase", "item_name", "年卡🏋️", OK),
    ("purchase", "brand", LONG, "最多60字"),
    ("purchase", "amount", "", "请填涉及金额"),
    ("purchase", "amount", "一百多", "金额请填数字，例如 128.50"),
    ("purchase", "amount", "-5", "金额不能是负数"),
    ("purchase", "amount", "−5", "金额不能是负数"),
    ("purchase", "amount", "1e5", "金额请填数字"),
    ("purchase", "amount", "NaN", "金额请填数字"),
    ("purchase", "amount", "12,34", "金额请填数字"),
    ("purchase", "amount", "1.234", "金额最多写到分"),
    ("purchase", "amount", "99999999999", "金额太大"),
    ("purchase", "amount", "9" * 5000, "金额太大"),
    ("purchase", "amount", "💰", "金额请填数字"),
    ("purchase", "amount", "\x00", "请填涉及金额"),
    ("purchase", "amount", "0", OK),
    ("purchase", "amount", "￥１，２８０．５元", OK),
    ("purchase", "bought_on", "2026-11-26", "这一天还没有到"),
    ("purchase", "bought_on", "2026-02-30", "没有这一天"),
    ("purchase", "bought_on", "去年", "日期请按年-月-日填写"),
    ("purchase", "bought_on", "1900-01-01", "日期太早"),
    ("purchase", "bought_on", "0000-00-00", "没有这一天"),
    ("purchase", "bought_on", "２０２６年９月１日", OK),
    ("purchase", "bought_on", "2026/9/1", OK),
    ("purchase", "bought_on", "20260901", OK),
    ("purchase", "is_online", "", "请选择是不是在网上买的"),
    ("purchase", "is_online", "perhaps", "请选择“是”“否”或“不确定”"),
    ("purchase", "is_online", "unsure", OK),
    ("purchase", "order_no", LONG, "最多60字"),
    ("enterprise", "named", LONG, OK),
    ("enterprise", "address", LONG, OK),
    ("enterprise", "business_phone", "abc, but the authority is to find it", OK),
    ("enterprise", "link", "javascript:alert(1)", OK),
    ("problem", "service_number", LONG, "最多40字"),
    # 3 problem
    ("problem", "problem_category", "", "请选择问题类别"),
    ("problem", "problem_category", "nothing", "请从列表中选择问题类别"),
    ("problem", "disputed_on", "", "请填发生的日期"),
    ("problem", "disputed_on", "2027-01-01", "这一天还没有到"),
    ("problem", "disputed_on", "abc", "日期请按年-月-日填写"),
    ("problem", "disputed_on", "2019-01-01", OK),
    ("problem", "place", LONG, "最多200字"),
    ("problem", "statement", "", "请写明发生了什么"),
    ("problem", "statement", " \r\n\t ", "请写明发生了什么"),
    ("problem", "statement", "字" * 1201, "写了1201字，最多1200字，请删减1字"),
    ("problem", "statement", "字" * 1200, OK),
    ("problem", "statement", ("字" * 99 + "\r\n") * 12, OK),
    ("problem", "statement", "坏了", OK),
    ("problem", "statement", "😡" * 1200, OK),
    ("problem", "statement", "前\x00后\ud800", OK),
    ("problem", "has_contacted", "maybe", "请选择“是”“否”或“不确定”"),
    ("problem", "has_contacted", "", OK),
    ("problem", "contacted_on", "2026-12-01", "这一天还没有到"),
    ("problem", "their_reference", LONG, "最多60字"),
    ("problem", "report", LONG, "最多500字"),
    ("problem", "plan", LONG, "最多100字"),
    ("problem", "plan", "5G畅享\x00套餐", OK),
    ("problem", "contract_until", "2026-13-01", "没有这一天"),
    ("problem", "contract_until", "两年", "日期请按年-月-日填写"),
    ("problem", "contract_until", "2199-01-01", "这一天还没有到"),
    ("problem", "contract_until", "2028-01-31", OK),
    ("problem", "promised", LONG, "最多300字"),
    ("problem", "promised", "每月99元\r\n送😀流量", OK),
    ("problem", "noticed_on", "2027-01-01", "这一天还没有到"),
    ("problem", "noticed_on", "上个月", "日期请按年-月-日填写"),
    ("problem", "noticed_on", "2026-09-02", OK),
    # 4 demands
    ("demands", "demand", [], "请至少选一项诉求"),
    ("demands", "demand", ["everything"], "请从列表中选择诉求"),
    ("demands", "demand", ["refund", "everything"], "请从列表中选择诉求"),
    ("demands", "amount_refund", "", "请填金额，不确定可填估计数"),
    ("demands", "amount_refund", "一百多", "金额请填数字，例如 128.50"),
    ("demands", "amount_refund", "-1", "金额不能是负数"),
    ("demands", "amount_refund", "0", "金额要大于 0"),
    ("demands", "amount_damages", "not ticked, so not judged", OK),
    ("demands", "note", LONG, "最多200字"),
    # 6 you
    ("you", "behalf", "", "请选择您为谁投诉"),
    ("you", "behalf", "dog", "请从列表中选择您为谁投诉"),
    ("you", "name", "", "请填您的姓名"),
    ("you", "name", "陈🙂", "姓名请用文字填写"),
    ("you", "name", "12345", "姓名请用文字填写"),
    ("you", "name", "……", "姓名请用文字填写"),
    ("you", "name", LONG, "最多60字"),
    ("you", "name", "阿卜杜拉·买买提", OK),
    ("you", "name", "Anne-Marie O’Neil", OK),
    ("you", "phone", "", "请填电话号码"),
    ("you", "phone", "123", "电话请填手机号"),
    ("you", "phone", "一三八", "电话请填手机号"),
    ("you", "phone", "1" * 60, "电话请填手机号"),
    ("you", "phone", "📞19900000001", "电话请填手机号"),
    ("you", "phone", "１９９００００００１２", OK),
    ("you", "phone", "+44 7700 900123", OK),
    ("you", "phone", "0591-87654321", OK),
    ("you", "address", "", "请填联系地址"),
    ("you", "address", LONG, "最多200字"),
    ("you", "email", "chen", "邮箱格式不对"),
    ("you", "email", "a" * 250 + "@example.com", "邮箱"),
    ("you", "email", "chen@example.com", OK),
    ("you", "reply_by", "pigeon", "请从列表中选择答复方式"),
    ("you", "need_help", ["everybody"], "请从列表中选择"),
    ("you", "code", "1" * 60, "验证码是6位数字"),
    ("you", "principal_name", "123, but for oneself it is not asked", OK),
    ("you", "relation", LONG, OK),
    ("you", "powers", LONG, OK),
    ("you", "may_settle", "perhaps", OK),
    ("you", "valid_until", "never, but for oneself it is not asked", OK),
    ("you", "parties", "12", OK),
    ("you", "representatives", LONG, OK),
    ("you", "principal_phone", "abc, but for oneself it is not asked", OK),
    # 7 consents
    ("consents", "share_with_enterprise", "", "请选择同意或不同意"),
    ("consents", "pass_to_regulator", None, "请选择同意或不同意"),
    ("consents", "publish_masked", "sometimes", "请选择同意或不同意"),
    ("consents", "delegated_mediation", "YES", "请选择同意或不同意"),
]


# For a business in one's own words
NAMED_TABLE = [
    ("named", "", "请写店名或企业名称"),
    ("named", LONG, "最多120字"),
    ("named", "老王🍜面馆", OK),
    ("address", LONG, "最多200字"),
    ("business_phone", "abc", "电话请填手机号"),
    ("link", "javascript:alert(1)", "链接请以 https:// 开头"),
    ("link", LONG, "最多500字"),
    ("link", "https://shop.example/1", OK),
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
