"""Articles of law, to be shown on /rules/ and beside the decision that cites them.

The text is the law's own (articles.csv); titles and English are ours. What is cited and stands not there fails a test.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext, override, pgettext, pgettext_lazy

from authorities.tables import rows_of
from web.languages import reads_chinese


class Law(NamedTuple):
    """A law: its name, what it is called for short, since when, where its text is. ``anchor`` begins its anchors."""

    code: str
    name: Promise
    short: Promise
    note: Promise
    url: str
    anchor: str
    is_gist: bool = False


LAWS = {
    law.code: law
    for law in (
        Law(
            "order121",
            pgettext_lazy("law", "市场监督管理投诉举报处理办法"),
            pgettext_lazy("law in short", "办法"),
            pgettext_lazy("law", "国家市场监督管理总局令第121号，自2026年4月15日起施行"),
            "https://www.samr.gov.cn/zw/zfxxgk/fdzdgknr/fgs/art/2026/art_e4d03a20c0fd49769e408c7bf3791ff5.html",
            "art-",
        ),
        Law(
            "consumer",
            pgettext_lazy("law", "中华人民共和国消费者权益保护法"),
            pgettext_lazy("law in short", "消费者权益保护法"),
            pgettext_lazy("law", "节选：办理投诉时引用的条文"),
            "https://www.samr.gov.cn/zfjcj/tzgg/art/2023/art_615af9ed6bcd4974bf853dd2e02bc663.html",
            "consumer-",
        ),
        Law(
            "telecom",
            pgettext_lazy("law", "电信用户申诉处理办法"),
            pgettext_lazy("law in short", "电信用户申诉处理办法"),
            pgettext_lazy("law", "要点，不是条文原文；原文以工业和信息化部公布的为准"),
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
    """One article. ``title`` is ours; ``text`` is the law's."""

    law: str
    number: int
    title: str
    text: str

    @property
    def anchor(self) -> str:
        return f"{LAWS[self.law].anchor}{self.number}"

    @property
    def name(self) -> str:
        """第十六条, or article 16."""
        return gettext("第%(number)s条") % {"number": self.number_in_words}

    @property
    def whole_name(self) -> str:
        slots = {"law": LAWS[self.law].short, "number": self.number_in_words}
        return gettext("%(law)s第%(number)s条") % slots

    @property
    def number_in_words(self) -> str:
        """As the law counts in Chinese, in figures for other readers."""
        return chinese_number(self.number) if reads_chinese() else str(self.number)

    @property
    def heading(self) -> str:
        return pgettext("article", self.title)

    @property
    def lines(self) -> list[str]:
        return _ITEM.split(self.text)


def chinese_number(number: int) -> str:
    """1–99 as articles are counted: 十六, 四十."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十") + (_DIGITS[ones] if ones else "")


@cache
def _articles() -> dict[tuple[str, int], Article]:
    rows = rows_of(Path(__file__).parent / "articles.csv", required=("law", "number", "title", "text"))
    return {
        (row["law"], int(row["number"])): Article(row["law"], int(row["number"]), row["title"], row["text"])
        for _line, row in rows
    }


def article(number: int, law: str = "order121") -> Article:
    """One article; KeyError where the law has none of this number."""
    return _articles()[law, number]


def articles(law: str, *, query: str = "") -> list[Article]:
    """Those of a law, in order; with ``query`` only where title or text has them, or the number is meant."""
    asked = query.strip().casefold()
    return [one for one in _articles().values() if one.law == law and (not asked or _meant(one, asked))]


@cache
def _headings(one: Article) -> list[str]:
    """In every language of the portal."""
    results = []
    for code, _name in settings.LANGUAGES:
        with override(code):
            results.append(one.heading)
    return results


def _meant(one: Article, asked: str) -> bool:
    return asked in (str(one.number), f"第{chinese_number(one.number)}条", f"art-{one.number}") or any(
        asked in text.casefold() for text in (*_headings(one), one.text)
    )
