"""What words point to: own sentences, each with the ground it speaks for and some that speak for none."""

from complaints.acceptance.review_advice import PATTERNS, advise, wanted
from complaints.acceptance.review_grounds import Element

ONE = [
    ("买了两袋玉米种子，出芽率不到一半。", "outside_duty", "agriculture"),
    ("小区物业收了两次电梯费。", "outside_duty", "housing"),
    ("法院判决以后对方不执行判决，请督促强制执行。", "outside_duty", "court"),
    ("老板拖欠工资三个月。", "outside_duty", "labour"),
    ("店里卖的香烟是假烟。", "outside_duty", "tobacco"),
    ("夜里烧烤店噪音很大。", "outside_duty", "environment"),
    ("这件事仲裁委已经受理，再说一次。", "already_handled", "court"),
    ("消协已经调解过，我不满意。", "already_handled", "association"),
    ("两个月前你局处理过，现在再次投诉。", "already_handled", ""),
    ("不知道商家地址，只记得在菜市场里。", "material_missing", ""),
    ("没有保留小票，也没有付款记录。", "material_missing", ""),
    ("材料不全，先登记。", "material_missing", ""),
]
NONE = [
    "9月起每个月账单多出一项“智家体验包”。我没有开通过。",
    "火锅店里吃出异物，要求赔偿。",
    "办了两年健身卡，门店搬走了，要求退剩余的钱。",
    "网购的鞋开胶，商家不给退换。",
]


def test_words_point_to_a_ground_with_the_reason_and_a_hit_is_explained_away() -> None:
    for text, ground, body in ONE:
        results = [one for one in advise(text) if (one.ground, one.body) == (ground, body)]
        assert len(results) == 1, advise(text)
        assert results[0].quote in text
        assert results[0].why
    for text in NONE:
        assert advise(text) == []
    assert {pattern.ground for pattern in PATTERNS} == {"already_handled", "material_missing"}
    assert all(pattern.why for pattern in PATTERNS)
    assert not advise("药店卖的药过期了，不是医院的问题。")
    assert [one.ground for one in advise("商家伪造生产日期。")] == []


def test_what_is_asked_for_begins_as_what_is_missing() -> None:
    lacks = [
        Element(code="respondent", label="被投诉人的名称、地址", article=10, is_there=False, note="没有地址"),
        Element(code="claim", label="具体的投诉请求", article=10, is_there=False),
    ]
    assert (wanted(lacks), wanted([])) == ("1. 被投诉人的名称、地址（没有地址）\n2. 具体的投诉请求", "")
