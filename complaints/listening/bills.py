"""`read`: what the picture of a bill says, from pieces of printed text and their places. Pure; never raises.

It rather misses than says something wrong: what was read badly, is hidden (138****0001), or stands there twice and
otherwise each time, is left out."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from complaints.listening.folding import fold
from complaints.listening.hearing import Heard
from complaints.listening.numbers import MOST
from complaints.listening.patterns import patterns

#: What is read, in this order: whom it is of, its number, its month or day, its sum.
FIRM, NUMBER, DAY, TOTAL = "firm", "number", "day", "total"
FIELDS = (FIRM, NUMBER, DAY, TOTAL)
#: A value of which a piece was read less surely (0 to 1) is left out.
_SURELY = 0.9
#: Digits lower than this, in pixels of the box around them, are read otherwise than they stand, and surely so.
_LEAST_HEIGHT = 18
#: More pieces than a bill has are not looked at.
_MOST_PIECES = 400
_LONGEST_QUOTE = 40
_EARLIEST = 2000

_MONEY = re.compile(r"(?<![\d.,])(?P<yuan>\d{1,3}(?:,\d{3})+|\d{1,8})\s*\.\s*(?P<fen>\d{2})(?![\d.])")
#: The sum of the whole bill; before it, the sum that was or is to be paid.
_TOTALS = (
    re.compile(
        r"(?:(?:消费|费用|金额)?合计|总计|总额|账单金额|(?:本月|本期|当月|当期)(?:消费|费用|话费|账单)(?:总额|金额)?)"
    ),
    re.compile(r"(?:(?:应|实)(?:付|缴|收)|扣费|扣款|支付|缴费|付款|订单|消费)(?:总额|金额|费用|款)?"),
)
#: Beside such words: another sum.
_NO_TOTAL = re.compile(r"小计|上期|往期|前期|历史|欠费|余额|结余|优惠|减免|抵扣|赠|累计|滞纳|违约")
_OF_ANOTHER_BILL = re.compile(r"(?:上|往|前)(?:期|月)|欠费|滞纳")
_LABEL_TO_SUM = re.compile(r"[^\d.]{0,8}$")

_MOBILE = re.compile(r"(?<![\d*])(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?![\d*])")
#: The number that the bill is of.
_OWN_NUMBER = re.compile(
    r"(?:(?:用户|业务|手机|服务|计费|客户|宽带|固话|电话|您的)(?:号码|号|账号)|手机|号码|账号)[^\d]{0,6}$"
)
_NO_OWN_NUMBER = re.compile(r"客服|热线|咨询|经理|营业|服务电话|联系电话|投诉|退订|传真|收款|商户|商家|店")
#: Another number by which the firm finds it.
_ACCOUNT = re.compile(
    r"(?:宽带账号|业务号码|用户号码|用户号|客户号|客户编号|户号|订单编号|订单号|合同编号|合同号|账号)\s*[:：]?\s*(?P<number>[A-Za-z]{0,6}\d[A-Za-z\d@_-]{5,29})(?![\d*])"
)

_YEAR = r"(?P<year>20\d\d)"
_MONTH = r"(?P<month>1[0-2]|0?[1-9])"
#: Whatever reads the print may leave out the space before the time: 2026/5/2018:32.
_DAY_OF = re.compile(
    rf"(?<!\d){_YEAR}\s*[年./-]\s*{_MONTH}\s*[月./-]\s*(?P<day>3[01]|[12]\d|0?[1-9])"
    r"(?=(?:[01]\d|2[0-3]):[0-5]\d|(?![\d:]))"
)
_BETWEEN = re.compile(rf"{_DAY_OF.pattern}\s*日?\s*(?:-|—|–|~|至|到)+\s*(?P<rest>\S+(?: \S+)?)")
_WITHOUT_YEAR = re.compile(rf"{_MONTH}\s*[月./-]\s*(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)")
_PERIOD = (
    re.compile(
        rf"(?:账期|周期|账单月份?|计费月份?|费用月份?|账务月份?|所属月份?)\s*[:：]?\s*{_YEAR}\s*[年./-]?\s*{_MONTH}(?!\d)(?!\s*[月./-]\s*\d)月?"
    ),
    re.compile(rf"(?<!\d){_YEAR}\s*年\s*{_MONTH}\s*月(?!\s*\d)"),
)
#: Before a day: it is the one that the bill is about.
_OF_THE_BILL = re.compile(
    r"(?:出账|账单|扣费|扣款|交易|消费|下单|购买|缴费|支付|付款|开票|订购|开通|办理|成交)(?:日期|时间|日)?\s*[:：]?\s*$|于$"
)
#: Around a day: it is another one.
_ANOTHER_DAY = re.compile(r"打印|有效|到期|截止|截至|最晚|最迟|下次|下期|还款|入网|出生|前缴|止$|至$|到$")

_SHOP = re.compile(
    r"(?:商户|商家|店铺|门店|收款方|收款单位|销售方|销方|卖家)(?:全称|名称|名)?\s*[:：]\s*(?P<name>[\u4e00-\u9fffA-Za-z()（）·&]{2,40})"
)

#: Papers that say who somebody is: nothing of them is kept.
_IDENTITY = re.compile(
    r"居民身份证|公民身份|签发机关|护照|PASSPORT|户口簿|户口本|驾驶证|行驶证|社会保障卡|军官证|通行证|居住证"
    r"|(?<!\d)\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\d)",
    re.IGNORECASE,
)

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some letters of a picture. ``corners``: of the box around them in pixels, upper left, upper right, lower right,
    lower left as the letters stand; ``score``: how surely they were read, 0 to 1."""

    text: str
    corners: tuple[Point, Point, Point, Point]
    score: float


@dataclass(frozen=True, slots=True)
class Row:
    """One row of print, folded; ``scores``: of each of its letters; ``typed``: as it stands there."""

    text: str
    scores: tuple[float, ...]
    typed: str
    origins: tuple[int, ...]

    def is_sure(self, start: int, end: int) -> bool:
        return min(self.scores[start:end], default=0.0) >= _SURELY

    def quote(self, start: int, end: int) -> str:
        """What stands there between two folded letters."""
        return self.typed[self.origins[start] : self.origins[end - 1] + 1].strip()[-_LONGEST_QUOTE:]


def rows(pieces: Sequence[Piece]) -> list[Row]:
    """The pieces row by row from the top, whichever way the picture is turned by a little: a label and its figure
    stand side by side."""
    shown = _shown(pieces)
    if not shown:
        return []
    angle, height = _middle(_angle(piece) for piece in shown), _middle(_height(piece) for piece in shown)
    places = sorted(((*_turned_back(piece, angle), number) for number, piece in enumerate(shown)))
    lines: list[list[tuple[float, float, int]]] = [[places[0]]]
    for place in places[1:]:
        if place[0] - lines[-1][-1][0] < 0.6 * height:
            lines[-1].append(place)
        else:
            lines.append([place])
    return [_row([shown[number] for _y, _x, number in sorted(line, key=lambda place: place[1])]) for line in lines]


def _shown(pieces: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in pieces[:_MOST_PIECES] if piece.text.strip()]


def _middle(numbers: Iterable[float]) -> float:
    every = sorted(numbers)
    return every[len(every) // 2]


def _height(piece: Piece) -> float:
    return math.dist(piece.corners[0], piece.corners[3])


def _angle(piece: Piece) -> float:
    (x0, y0), (x1, y1) = piece.corners[:2]
    return math.atan2(y1 - y0, x1 - x0)


def _turned_back(piece: Piece, angle: float) -> tuple[float, float]:
    """(how far down, how far right) its middle lies where the rows are level."""
    x, y = (sum(corner[axis] for corner in piece.corners) / 4 for axis in (0, 1))
    return y * math.cos(angle) - x * math.sin(angle), x * math.cos(angle) + y * math.sin(angle)


def _row(pieces: Iterable[Piece]) -> Row:
    typed, scores = "", []
    for piece in pieces:
        typed += piece.text + " "
        scores += [piece.score] * (len(piece.text) + 1)
    folded = fold(typed)
    return Row(folded.text, tuple(scores[place] for place in folded.origins), typed, folded.origins)


def read(pieces: Sequence[Piece], today: date) -> list[Heard]:
    """At most one finding of each of FIELDS, with the words it rests on; several firms are joined by |. A day is
    2026-09-15 or, of a bill of a month, 2026-09, and never after ``today``. Of a picture whose letters are too small,
    and of a paper that says who somebody is: nothing."""
    shown = _shown(pieces)
    if not shown or _middle(_height(piece) for piece in shown) < _LEAST_HEIGHT:
        return []
    read_rows = rows(shown)
    if any(_IDENTITY.search(row.text) for row in read_rows):
        return []
    found = (_firm(read_rows), _number(read_rows), _day(read_rows, today), _total(read_rows))
    return [one for one in found if one is not None]


def _firm(read_rows: Sequence[Row]) -> Heard | None:
    """The carriers that are named; else the one shop beside the word for it."""
    named: dict[str, str] = {}
    for row in read_rows:
        for firm in patterns().of("firms"):
            hit = firm.words.search(row.text)
            if hit and row.is_sure(*hit.span()) and not (firm.asks and firm.asks.search(hit.group())):
                named.setdefault(firm.name, row.quote(hit.start(), hit.end()))
    if named:
        return Heard(FIRM, "|".join(list(named)[:3]), next(iter(named.values())), 0)
    shops = (
        (hit["name"], row.quote(*hit.span()), row.is_sure(*hit.span("name"))) for row, hit in _hits(_SHOP, read_rows)
    )
    return _only(FIRM, shops)


def _hits(pattern: re.Pattern[str], read_rows: Iterable[Row]) -> Iterator[tuple[Row, re.Match[str]]]:
    for row in read_rows:
        for hit in pattern.finditer(row.text):
            yield row, hit


def _only(field: str, found: Iterable[tuple[str, str, bool]]) -> Heard | None:
    """The one value among (value, quote, surely read); None where they differ, or where none was read surely."""
    values: dict[str, tuple[str, bool]] = {}
    for value, quote, is_sure in found:
        values[value] = (quote, is_sure or values.get(value, ("", False))[1])
    if len(values) != 1:
        return None
    ((value, (quote, is_sure)),) = values.items()
    return Heard(field, value, quote, 0) if is_sure else None


def _number(read_rows: Sequence[Row]) -> Heard | None:
    """The mobile number beside the word for it, else the only one; else another number of the customer."""
    own, every = [], []
    for row, hit in _hits(_MOBILE, read_rows):
        before = row.text[: hit.start()]
        labelled = _OWN_NUMBER.search(before)
        start = labelled.start() if labelled else hit.start()
        one = ("".join(hit.groups()), row.quote(start, hit.end()), row.is_sure(*hit.span()))
        if _NO_OWN_NUMBER.search(before[-12:]):
            continue
        every.append(one)
        if labelled:
            own.append(one)
    if every:
        return _only(NUMBER, own or every)
    others = [
        (hit["number"], row.quote(*hit.span()), row.is_sure(*hit.span("number")))
        for row, hit in _hits(_ACCOUNT, read_rows)
        if "*" not in row.text[hit.end() : hit.end() + 2]
    ]
    return _only(NUMBER, others)


def _day(read_rows: Sequence[Row], today: date) -> Heard | None:
    """The month of the bill; else the day that it is about; else its only day."""
    months = list(_months(read_rows, today))
    if months:
        return _only(DAY, months)
    own, every = [], []
    for row, hit in _hits(_DAY_OF, (row for row in read_rows if not _BETWEEN.search(row.text))):
        day = _date(hit["year"], hit["month"], hit["day"])
        before, after = row.text[: hit.start()], row.text[hit.end() : hit.end() + 6]
        if day is None or day > today or _ANOTHER_DAY.search(before[-8:]) or _ANOTHER_DAY.search(after):
            continue
        labelled = _OF_THE_BILL.search(before)
        start = labelled.start() if labelled else hit.start()
        one = (day.isoformat(), row.quote(start, hit.end()), row.is_sure(*hit.span()))
        every.append(one)
        if labelled:
            own.append(one)
    return _only(DAY, own or every)


def _months(read_rows: Iterable[Row], today: date) -> Iterator[tuple[str, str, bool]]:
    for row in read_rows:
        between = _BETWEEN.search(row.text)
        if between:
            first = _date(between["year"], between["month"], between["day"])
            last = _end_of(between["rest"], between["year"])
            if first and last and (first.year, first.month) == (last.year, last.month) and first <= today:
                yield f"{first:%Y-%m}", row.quote(*between.span()), row.is_sure(*between.span())
            continue
        for pattern in _PERIOD:
            if hit := pattern.search(row.text):
                first = _date(hit["year"], hit["month"], "1")
                if first and first <= today:
                    yield f"{first:%Y-%m}", row.quote(*hit.span()), row.is_sure(hit.start("year"), hit.end("month"))
                break


def _end_of(text: str, year: str) -> date | None:
    """The day with which this begins; without a year, of ``year``."""
    if hit := _DAY_OF.match(text):
        return _date(hit["year"], hit["month"], hit["day"])
    if hit := _WITHOUT_YEAR.match(text):
        return _date(year, hit["month"], hit["day"])
    return None


def _date(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found.year >= _EARLIEST else None


def _total(read_rows: Sequence[Row]) -> Heard | None:
    """The one sum beside the words for the whole bill, else the one beside those for what is paid: unless something
    of another bill is paid along with it."""
    of_bill, of_paying = (list(_sums_beside(words, read_rows)) for words in _TOTALS)
    if of_bill or any(_OF_ANOTHER_BILL.search(row.text) for row in read_rows):
        return _only(TOTAL, of_bill)
    return _only(TOTAL, of_paying)


def _sums_beside(words: re.Pattern[str], read_rows: Iterable[Row]) -> Iterator[tuple[str, str, bool]]:
    for row in read_rows:
        for hit in _MONEY.finditer(row.text):
            label = max(words.finditer(row.text, 0, hit.start()), key=re.Match.end, default=None)
            if label is None or not _LABEL_TO_SUM.fullmatch(row.text, label.end(), hit.start()):
                continue
            if _NO_TOTAL.search(row.text, max(0, label.start() - 6), hit.start()):
                continue
            yuan = Decimal(f"{hit['yuan'].replace(',', '')}.{hit['fen']}")
            if 0 < yuan <= MOST:
                yield f"{yuan}", row.quote(label.start(), hit.end()), row.is_sure(*hit.span())
