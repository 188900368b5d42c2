"""Articles of law, to be shown on /rules/ and beside the decision that cites them.

Rule: the text is the law's own, read once from articles.csv; titles and English are ours and say so. A law is added as
rows of the table and a line of LAWS; what is cited and does not stand there fails a test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.utils.translation import get_language

from authorities.tables import rows_of


class Law(NamedTuple):
    """A law: its name, what it is called for short, since when, where its text is. ``anchor`` begins its anchors."""

    code: str
    name: str
    name_en: str
    short: str
    short_en: str
    note: str
    note_en: str
    url: str
    anchor: str
    is_gist: bool = False


LAWS = {
    law.code: law
    for law in (
        Law(
            "order121",
            "市场监督管理投诉举报处理办法",
            "Measures for Handling Complaints and Reports in Market Regulation",
            "办法",
            "Measures",
            "国家市场监督管理总局令第121号，自2026年4月15日起施行",
            "SAMR Order 121, in force since 15 April 2026",
            "https://www.samr.gov.cn/zw/zfxxgk/fdzdgknr/fgs/art/2026/art_e4d03a20c0fd49769e408c7bf3791ff5.html",
            "art-",
        ),
        Law(
            "consumer",
            "中华人民共和国消费者权益保护法",
            "Consumer Rights Protection Law",
            "消费者权益保护法",
            "Consumer Law",
            "节选：办理投诉时引用的条文",
            "Excerpt: the articles cited when complaints are handled",
            "https://www.samr.gov.cn/zfjcj/tzgg/art/2023/art_615af9ed6bcd4974bf853dd2e02bc663.html",
            "consumer-",
        ),
        Law(
            "telecom",
            "电信用户申诉处理办法",
            "Measures for Appeals of Telecom Users",
            "电信用户申诉处理办法",
            "Telecom appeal rules",
            "要点，不是条文原文；原文以工业和信息化部公布的为准",
            "What the articles say in short, not their text; the text is the one published by the MIIT",
            "https://www.miit.gov.cn/zwgk/zcwj/flfg/art/2020/art_b2e4b04d28f84f0d8c11e76c2b5c650a.html",
            "telecom-",
            is_gist=True,
        ),
    )
}
_DIGITS = "零一二三四五六七八九"
#: A numbered item begins a line of its own.
_ITEM = re.compile(r"(?<=[：:；。])(?=（[一二三四五六七八九十]+）)")


@dataclass(frozen=True, slots=True)
class Article:
    """One article. ``title`` and ``title_en`` are ours; ``text`` is the law's."""

    law: str
    number: int
    title: str
    title_en: str
    text: str

    @property
    def anchor(self) -> str:
        return f"{LAWS[self.law].anchor}{self.number}"

    @property
    def name(self) -> str:
        """第十六条, or article 16."""
        return f"Article {self.number}" if _is_english() else f"第{chinese_number(self.number)}条"

    @property
    def whole_name(self) -> str:
        law = LAWS[self.law]
        return (
            f"{law.short_en}, article {self.number}"
            if _is_english()
            else f"{law.short}第{chinese_number(self.number)}条"
        )

    @property
    def heading(self) -> str:
        return self.title_en if _is_english() else self.title

    @property
    def lines(self) -> list[str]:
        return _ITEM.split(self.text)


def _is_english() -> bool:
    return (get_language() or "").startswith("en")


def chinese_number(number: int) -> str:
    """1–99 as articles are counted: 十六, 四十."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十") + (_DIGITS[ones] if ones else "")


@cache
def _articles() -> dict[tuple[str, int], Article]:
    rows = rows_of(Path(__file__).parent / "articles.csv", required=("law", "number", "title", "title_en", "text"))
    return {
        (row["law"], int(row["number"])): Article(
            row["law"], int(row["number"]), row["title"], row["title_en"], row["text"]
        )
        for _line, row in rows
    }


def article(number: int, law: str = "order121") -> Article:
    """One article; KeyError where the law has none of this number."""
    return _articles()[law, number]


def articles(law: str, *, words: str = "") -> list[Article]:
    """Those of a law, in order; with ``words`` only where title or text has them, or the number is meant."""
    asked = words.strip().casefold()
    return [one for one in _articles().values() if one.law == law and (not asked or _meant(one, asked))]


def _meant(one: Article, asked: str) -> bool:
    return asked in (str(one.number), f"第{chinese_number(one.number)}条", f"art-{one.number}") or any(
        asked in text.casefold() for text in (one.title, one.title_en, one.text)
    )
