"""Why an enterprise was found, in words.

A reason is a code with its values; the words stand here only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from web.languages import name_in_language

WORDS: dict[str, Promise] = {
    "matched_legal": _("登记名称：{text}"),
    "matched_brand": _("品牌：{text}"),
    "matched_alias": _("别称：{text}"),
    "matched_former": _("曾用名：{text}"),
    "matched_branch": _("分支机构：{text}"),
    "matched_code": _("统一社会信用代码：{text}"),
    "similar": _("名称相近：{text}"),
    "serves": _("{region}由{branch}答复"),
    "succeeded": _("{old}已由{new}承继"),
    "enrolled": _("在线和解企业"),
    "suspended": _("暂停接收：由监管部门处理"),
    "not_enrolled": _("未入驻：由监管部门处理"),
    "ended": _("已注销"),
}


@dataclass(frozen=True, slots=True)
class Why:
    """One reason with its values."""

    code: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        names = {key: name_in_language(value, self.values.get(f"{key}_en", "")) for key, value in self.values.items()}
        return str(WORDS[self.code]).format(**names)
