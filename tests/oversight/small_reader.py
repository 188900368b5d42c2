"""Reads pages as people do and says where a share, a rank or a colour stands beside fewer than thirty.

Shares no code with the pages: it knows what a percentage, a place and a tone look like, and that a number of cases is
written “共12件”, “of 12”, “3/12” or “件数不足30”.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

#: What is read as one: a card, a cell, a tile, a line.
BOXES = frozenset({"td", "th", "dd", "li", "p", "text", "summary", "option", "h1", "h2", "h3", "span", "div"})
WITHOUT_END = frozenset({"input", "br", "meta", "link", "img", "hr", "source", "wbr", "area", "col"})
#: Percentages that pages say of themselves and count nothing: of an interval, of a level, of a rate of false alarms.
SAID_BY_THE_PAGE = re.compile(
    r"80%以上选了同一家|超过100%|over 100\s?%"
    # How wide a frame is, in code to embed.
    r"|width=\"100%\""
    r"|95\s?%\s?(区间|的区间|interval|CI)|(不到|less than|below|的机会是|的机会约|每格每周)\s?(2\.5|0\.1)\s?%"
    r"|(2\.5|0\.1)\s?%\s?(of places|a cell)|in less than 0\.1\s?%"
)
PERCENT = re.compile(r"(\d[\d,.]*)\s?[%％]|个百分点|percentage point")
PLACE = re.compile(r"第\s?\d+(?:–\d+)?(?!\s?(?:步|页|条|款|版|季|个|项|届|至|周|天|位))")
COUNTS = (
    re.compile(r"(?:(?<![件份]，)共|\bof\s)([\d,]+)(?=[件份项次条]|\b(?!%))|([\d,]+)件中"),
    re.compile(r"(?<![\d/-])\d[\d,]*/([\d,]+)(?![\d/-])"),
)
#: A percentage that says of how many it is.
OF_SO_MANY = re.compile(r"(\d[\d,]*)件的\d[\d.]*%|抽查(\d[\d,]*)人(?:无误（至少|，\d[\d,]*人不属实：至少)\d[\d.]*%属实")
#: What somebody undertook to reach is measured of nothing yet.
TARGET = re.compile(r"，目标(\d[\d.]*%)")
#: What came after its day is late, however few it counts.
AFTER_ITS_DAY = re.compile(r"逾期\d+天|晚\d+天")
#: How a number that came in changed, and by how much in per cent: from what it is told, now and before.
CHANGED = re.compile(
    r"收到([\d,]+)件，(?:比[^，；。]+?([多少])([\d,]+)件|[^，；。]*?([\d,]+)件；[^，；。]+)，超出平常波动"
    r"（[多少][\d,.]+%[^（）]*%）"
)
FEW = re.compile(r"不足\s?30|under 30|fewer than 30|件数太少|too few|不比$")
COLOURS = frozenset({"map-1", "map-2", "map-3", "map-4"})
#: A tile of the map says its number of cases, and what that is per head.
PER_HEAD = re.compile(r"(\d[\d,]*)(?:\s▲)?\s(?:每10万\s[\d.,]+|[\d.,]+ per 100k)")
TONES = frozenset({"ok", "warn", "bad"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    above: Element | None
    parts: list[str | Element] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        words = " ".join(part if isinstance(part, str) else part.text for part in self.parts)
        return re.sub(r"\s+", " ", words).strip()

    def all(self) -> list[Element]:
        below = [part for part in self.parts if isinstance(part, Element)]
        return [self, *(one for part in below for one in part.all())]


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = self.at = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.parts.append(element)
        if tag not in WITHOUT_END:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.parts.append(Element(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        at: Element | None = self.at
        while at is not None and at.tag != tag:
            at = at.above
        if at is not None and at.above is not None:
            self.at = at.above

    def handle_data(self, data: str) -> None:
        if self.at.tag not in ("script", "style"):
            self.at.parts.append(data)


def tree_of(html: str) -> Element:
    tree = _Tree()
    tree.feed(html)
    return tree.root


def boxes_of(root: Element) -> list[Element]:
    """Cards, cells and tiles whole; of what is left the innermost that hold words."""
    whole: list[Element] = []

    def walk(element: Element) -> None:
        is_tile = element.tag == "a" and element.above is not None and "map" in element.above.classes
        if "stat" in element.classes or element.tag in ("td", "dd", "li") or is_tile:
            whole.append(element)
            return
        below = [part for part in element.parts if isinstance(part, Element)]
        if element.tag in BOXES and not any(one.tag in BOXES for part in below for one in part.all()):
            whole.append(element)
            return
        for part in below:
            walk(part)

    walk(root)
    return whole


def tone_of(element: Element) -> str:
    return element.attributes.get("data-tone", "")


def _fewest(changed: re.Match[str]) -> int:
    """The smaller one of both numbers of a CHANGED."""
    more_or_less, stood = changed[2], changed[4]
    now, other = (int(n.replace(",", "")) for n in (changed[1], changed[3] or stood))
    return min(now, other if stood else now - other if more_or_less == "多" else now + other)


def wrong_in(box: Element) -> str:
    """What is said of too few, or of nobody knows how many; nothing where all is right."""
    text = SAID_BY_THE_PAGE.sub("", box.text)
    for target in TARGET.findall(text):
        text = re.sub(rf"(?:，目标|到){re.escape(target)}", "", text)
    wrong = [found[0] for found in OF_SO_MANY.finditer(text) if int((found[1] or found[2]).replace(",", "")) < 30]
    wrong += [found[0] for found in PER_HEAD.finditer(text) if int(found[1].replace(",", "")) < 30]
    wrong += [found[0] for found in CHANGED.finditer(text) if _fewest(found) < 30]
    text = CHANGED.sub("", OF_SO_MANY.sub("", text))
    told, parts = (
        [int("".join(filter(None, hit.groups())).replace(",", "")) for hit in pattern.finditer(text)]
        for pattern in COUNTS
    )
    shares, ranks = ([found[0] for found in pattern.finditer(text)] for pattern in (PERCENT, PLACE))
    elements = box.all()
    looks = [one for element in elements for one in element.classes & COLOURS]
    of_days = {tone_of(one) for one in elements if "tag" in one.classes and AFTER_ITS_DAY.search(one.text)}
    looks += [tone for element in elements if (tone := tone_of(element)) in TONES - of_days]
    few = min([*told, *parts, *([0] if FEW.search(text) else [])], default=30) < 30
    if few:
        # Two counts of few may stand in a card of many; they are no share.
        wrong += ranks + looks + (shares if not told or min(told) < 30 else [])
    elif shares and not told and not parts:
        # How a count changed may be told in per cent of it.
        figure = next((element.text for element in elements if "stat-figure" in element.classes), "")
        number = re.match(r"[\d,]+", figure)
        wrong += shares if number is None or int(number[0].replace(",", "")) < 30 else []
    return f"{wrong}: {text[:160]}" if wrong else ""


def wrong_on(html: str) -> list[str]:
    return [said for box in boxes_of(tree_of(html)) if (said := wrong_in(box))]
