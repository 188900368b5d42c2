"""Why an enterprise was found, in words of both languages.

Rule: a reason is a code with its values; the words stand here only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import get_language

WORDS: dict[str, tuple[str, str]] = {
    "matched_legal": ("登记名称：{text}", "Registered name: {text}"),
    "matched_brand": ("品牌：{text}", "Brand: {text}"),
    "matched_alias": ("别称：{text}", "Also known as: {text}"),
    "matched_former": ("曾用名：{text}", "Former name: {text}"),
    "matched_branch": ("分支机构：{text}", "Branch: {text}"),
    "matched_code": ("统一社会信用代码：{text}", "Credit code: {text}"),
    "similar": ("名称相近：{text}", "Similar name: {text}"),
    "serves": ("{region}由{branch}答复", "{branch_en} answers for {region_en}"),
    "succeeded": ("{old}已由{new}承继", "{new} has taken over from {old}"),
    "enrolled": ("在线和解企业", "Settles online"),
    "suspended": ("暂停接收：由监管部门处理", "Suspended: the authority handles it"),
    "not_enrolled": ("未入驻：由监管部门处理", "Not enrolled: the authority handles it"),
    "ended": ("已注销", "No longer exists"),
}


@dataclass(frozen=True, slots=True)
class Why:
    """One reason with its values."""

    code: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        english = (get_language() or "").startswith("en")
        return WORDS[self.code][1 if english else 0].format(**self.values)
