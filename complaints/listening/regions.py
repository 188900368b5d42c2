"""Where a text says that it happened: 在福州, 台江万达, 平潭县. Names stand in authorities/data/regions_cn.csv."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from authorities.loading import DATA
from authorities.tables import rows_of

_ENDING = re.compile(r"(?:特别行政区|地区|新区|林区|市|区|县|州|盟|旗)$")
#: Before a place where something was bought or is used.
_AT = re.compile(r"(?:在|住|于|来自|回|是|到|去|我们?|地址[:是]?|地点[:是]?|归属地[:是]?|老家)$")
#: After a short name: a street, a dish, a brand or a firm of that name is no place.
_NO_PLACE = re.compile(
    r"(?:[东西南北中])?(?:路|街(?!道)|大道|巷)|拉面|小吃|火锅|面馆|板面|烧烤|啤酒|烤鸭|火腿|菜|治|人(?!民)|牌|银行|保险|大学"
    r"|日报|晚报|卫视|航空|汽车|证券|书店"
)
_LONGEST_BEFORE = 4
#: At the beginning of a clause: 晋江这边, 建阳的。
_BEGINS = ("", *",。;!?\n ")
_HERE = re.compile(r"[这那]边|[这那]里|本地|市区|的|[,。;!?\s]|$")


@dataclass(frozen=True, slots=True)
class Said:
    """``code``: six digits of a city or county; where its words stand."""

    code: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Meant:
    """Whom a name may mean. ``is_whole``: with its 市, 区 or 县, which no other word looks like."""

    code: str
    is_whole: bool

    @property
    def city(self) -> str:
        return self.code[:4]

    @property
    def is_city(self) -> bool:
        return self.code.endswith("00")


@dataclass(frozen=True, slots=True)
class _Mention:
    ones: tuple[_Meant, ...]
    start: int
    end: int
    #: A whole name, or a short one that stands as that of a place; one that 在 or the like leads to.
    is_told: bool
    is_at: bool


def name_of(code: str) -> str:
    """The whole name of a city or county."""
    return _rows().get(code, ("", ""))[0]


@cache
def _rows() -> dict[str, tuple[str, str]]:
    """Code → (name, level) of provinces, cities and counties."""
    rows = rows_of(DATA / "regions_cn.csv", required=("code", "name", "level"))
    return {row["code"]: (row["name"], row["level"]) for _line, row in rows if row["level"] != "township"}


@cache
def _names() -> tuple[dict[str, tuple[_Meant, ...]], dict[str, tuple[int, ...]]]:
    """Whom each name may mean; how long the names are that begin with a letter, the longest first."""
    named: dict[str, list[_Meant]] = defaultdict(list)
    provinces: set[str] = set()
    for code, (name, level) in _rows().items():
        if level == "province":
            provinces.add(name[:2])
            continue
        named[name].append(_Meant(code, is_whole=True))
        short = _ENDING.sub("", name)
        # 吉林 and the like are a province first.
        if len(short) > 1 and short != name and short not in provinces:
            named[short].append(_Meant(code, is_whole=False))
    lengths: dict[str, set[int]] = defaultdict(set)
    for name in named:
        lengths[name[0]].add(len(name))
    ordered = {letter: tuple(sorted(those, reverse=True)) for letter, those in lengths.items()}
    return {name: tuple(those) for name, those in named.items()}, ordered


def said_region(text: str, *, home: str) -> Said | None:
    """The city or county that the text names, the smaller one where one lies in the other; none where it names several.
    ``home``: the code of the city whose counties are known by their short names."""
    mentions = list(_mentions(text))
    named = {one.city for mention in mentions if mention.is_told for one in mention.ones if one.is_city}
    said: dict[str, Said] = {}
    for mention in mentions:
        if code := _code(mention, named=named, home=home):
            said.setdefault(code, Said(code, mention.start, mention.end))
    smallest = [one for code, one in said.items() if not any(_lies_in(other, code) for other in said)]
    return smallest[0] if len(smallest) == 1 else None


def mentioned(text: str) -> list[tuple[int, int]]:
    """Where the names of cities and counties stand."""
    return [(one.start, one.end) for one in _mentions(text) if one.is_told]


def _mentions(text: str) -> Iterator[_Mention]:
    """Every name, the longest at each letter."""
    names, lengths = _names()
    at = 0
    while at < len(text):
        for length in lengths.get(text[at], ()):
            end = at + length
            if end <= len(text) and (ones := names.get(text[at:end])):
                is_told = ones[0].is_whole or not _NO_PLACE.match(text, end)
                is_at = bool(_AT.search(text[max(0, at - _LONGEST_BEFORE) : at]))
                is_at |= text[at - 1 : at] in _BEGINS and bool(_HERE.match(text, end))
                yield _Mention(ones, at, end, is_told, is_at)
                at = end
                break
        else:
            at += 1


def _code(mention: _Mention, *, named: set[str], home: str) -> str:
    """Which one is meant: the one in a city that is named, else here; else the only one of its whole name, a city, or a
    county of this province that 在 leads to."""
    if not mention.is_told:
        return ""
    ones = mention.ones
    for cities in (named, {home[:4]}):
        if near := [one for one in ones if one.city in cities]:
            return near[0].code
    if ones[0].is_whole:
        return ones[0].code if len(ones) == 1 else ""
    kept = [one for one in ones if one.is_city] or [one for one in ones if mention.is_at and one.code[:2] == home[:2]]
    return kept[0].code if len(kept) == 1 else ""


def _lies_in(code: str, city: str) -> bool:
    return code != city and city.endswith("00") and code.startswith(city[:4])
