"""Variables of answer templates: which are known, what stays blank, what still comes from the template."""

import pytest

from complaints.settlement.answer_templates import comes_from, filled, is_filled, unknown

BODY = "{消费者称呼}您好，{商品或服务}一事给您带来不便。我们将在{履行日}前退还{金额}，经办人{经办人}。"
VALUES = {
    "消费者称呼": "陈先生/女士",
    "商品或服务": "宽带",
    "履行日": "2026年12月7日（周一）",
    "金额": "¥128.50",
    "经办人": "明试",
}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (BODY, []),
        ("没有变量", []),
        ("{姓名}您好，{金额}", ["姓名"]),
        ("{a}{b}{a}", ["a", "b"]),
        ("{}", [""]),
        ("{ 金额 }", [" 金额 "]),
        ("{金额", []),
        ("{{金额}}", []),
        ("{消费者称呼 }", ["消费者称呼 "]),
    ],
)
def test_an_unknown_variable_is_named(body: str, names: list[str]) -> None:
    assert unknown(body) == names


def test_what_is_known_is_filled_and_the_rest_stays_a_blank() -> None:
    assert (
        filled(BODY, VALUES)
        == "陈先生/女士您好，宽带一事给您带来不便。我们将在2026年12月7日（周一）前退还¥128.50，经办人明试。"
    )
    assert "【请填：金额】" in filled(BODY, VALUES | {"金额": ""})
    assert filled("{金额}{金额}", {}) == "【请填：金额】【请填：金额】"


@pytest.mark.parametrize(
    ("body", "message", "comes", "fills"),
    [
        ("as filled", filled(BODY, VALUES), True, True),
        ("with a sentence of one's own", filled(BODY, VALUES) + "9月的扣费是系统重复计费，已经改正。", True, True),
        ("a blank left", filled(BODY, VALUES | {"金额": ""}), True, False),
        ("half rewritten", "陈女士您好，宽带一事给您带来不便。钱12月7日前到账。", False, False),
        ("written anew", "三个月合计全部退还。", False, False),
        ("nothing", "", False, False),
    ],
)
def test_whether_a_message_still_comes_from_the_template(body: str, message: str, comes: bool, fills: bool) -> None:
    assert comes_from(message, BODY) == comes, body
    assert is_filled(message, BODY) == fills, body


@pytest.mark.parametrize(
    ("body", "message", "fills"),
    [
        # A circular: only the name changes.
        (
            "{消费者称呼}您好，经核实系统无异常，无法办理，感谢理解。",
            "陈先生/女士您好，经核实系统无异常，无法办理，感谢理解。",
            False,
        ),
        ("您好，案件{案件编号}由{经办人}办理，无法退费。", "您好，案件2026由明试办理，无法退费。", False),
        ("您好，无法退费，感谢理解。", "您好，无法退费，感谢理解。", False),
        # Something of the case, by a variable or by a blank that was filled.
        ("您好，{商品或服务}的费用无法退还。", "您好，宽带的费用无法退还。", True),
        ("您好，无法退还，因为【请填：原因】。", "您好，无法退还，因为终端分期还有6期。", True),
        ("您好，将于____前退还。", "您好，将于12月7日前退还。", True),
    ],
)
def test_a_circular_is_no_filled_template(body: str, message: str, fills: bool) -> None:
    assert is_filled(message, body) == fills
