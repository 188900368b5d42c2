"""Variables of an answer template: which there are, what is left open, what a text owes to its template.

What is not known yet stays visible as a blank, 【请填：金额】, and is named before the offer goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from complaints.settlement.offer_quality import BLANK, plain

#: Name → what it means, in the order of the page. The first three are the same in every letter of the house.
VARIABLES: dict[str, Promise] = {
    "消费者称呼": pgettext_lazy("variable", "消费者称呼"),
    "案件编号": pgettext_lazy("variable", "案件编号"),
    "经办人": pgettext_lazy("variable", "经办人"),
    "商品或服务": pgettext_lazy("variable", "商品或服务"),
    "金额": pgettext_lazy("variable", "金额"),
    "履行日": pgettext_lazy("variable", "履行日"),
}
#: These say something about this case; a template without one of them is a circular.
OF_THE_CASE = frozenset({"商品或服务", "金额", "履行日"})
LONGEST = 2000
_VARIABLE = re.compile(r"\{([^{}]*)\}")
#: Of a template's own words so many must stand in a text that is said to come from it.
KEPT = 0.5


def unknown(body: str) -> list[str]:
    """Names in braces that are no variable, each once, in the order of the text."""
    return list(dict.fromkeys(name for name in _VARIABLE.findall(body) if name not in VARIABLES))


def filled(body: str, values: Mapping[str, str]) -> str:
    """The text for one case; what has no value is a blank."""
    return _VARIABLE.sub(lambda found: values.get(found[1], "") or f"【请填：{found[1]}】", body)


def is_filled(message: str, body: str) -> bool:
    """Whether the template asks for something about the case, and nothing of it was left blank.

    Where only names and numbers change, it says the same to everybody.
    """
    asks = any(name in OF_THE_CASE for name in _VARIABLE.findall(body)) or bool(BLANK.search(_VARIABLE.sub("", body)))
    return asks and comes_from(message, body) and not BLANK.search(message)


def comes_from(message: str, body: str) -> bool:
    """Whether a message still holds at least half of the template's own words."""
    parts = [plain(part) for part in re.split(rf"{_VARIABLE.pattern}|{BLANK.pattern}", body) if part]
    own = [part for part in parts if part and part not in map(plain, VARIABLES)]
    said = plain(message)
    return bool(own) and sum(len(part) for part in own if part in said) >= KEPT * sum(map(len, own))
