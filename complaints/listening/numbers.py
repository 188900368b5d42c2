"""Numbers as people write them: 六十, 壹佰贰拾, 1，234.5, 三千五, 2万; and the sums of money in a text."""

import re
from dataclasses import dataclass
from decimal import Decimal

_DIGITS = {
    letter: value
    for value, letters in enumerate(("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖"))
    for letter in letters
}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_TIMES = {"万": 10_000, "千": 1_000, "百": 100}
MOST = Decimal("9999999999.99")

_CHINESE = "零〇一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟"
_ARABIC = r"(?<![\d.])(?<!\d,)(?:\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,10}(?:\.\d{1,2})?)(?!\d)"
_ONE = r"[一二两三四五六七八九\d]"
#: What may follow 元 or 块, and 块 alone: 五角, 五毛二, 五角二分; 五.
_CENTS = (
    rf"(?:(?P<tens%s>{_ONE})[角毛](?:(?P<ones%s>{_ONE})分?)?"
    rf"|(?<=块)(?P<last%s>{_ONE})(?![年天个月倍次十百角毛张件份条台斤杯瓶箱套人位家节课小\d]))?"
)
#: 1万3500, 一万三千五, 1万6千8百, 两万零五百: ten thousands and more, the last unit perhaps left out.
_MIXED = (
    rf"(?P<mixed>(?:\d{{1,4}}|[一二两三四五六七八九十]{{1,3}})万(?:\d{{3,4}}|(?=[零\d{_CHINESE}]{{2}})"
    rf"(?:{_ONE}千)?(?:零?{_ONE}百)?(?:零?{_ONE}?十)?(?:零?{_ONE})?))(?![\d.{_CHINESE}])\s*多?(?:元|块钱|块|圆)?"
    r"(?!\s*[人次兆个天年月日号步分斤字多GMkK])"
)
#: 128.5元, ￥1,234, 三十块, 45块5, 一百二十块五, 三元五角, 2万, 三千(end).
_WITH_UNIT = re.compile(
    rf"(?:¥|人民币)?\s*{_MIXED}"
    rf"|(?:¥|人民币)?\s*(?P<number>{_ARABIC})(?P<times>[万千百])?\s*多?(?:元|块钱|块|圆){_CENTS % (1, 1, 1)}"
    rf"|(?P<chinese>[{_CHINESE}]{{1,9}})(?:元|块钱|块|圆)(?!\w?卡){_CENTS % (2, 2, 2)}"
    rf"|¥\s*(?P<marked>{_ARABIC})"
    r"|(?P<ten_thousands>\d{1,6}(?:\.\d{1,2})?)万(?P<thousands>\d(?!\d))?(?![人次兆千\d])"
    r"|(?P<round>[一二两三四五六七八九十]{1,3}万[一二三四五六七八九](?![百千])|[一二两三四五六七八九]千[一二两三四五六七八九]百(?:[一二三四五六七八九]十?)?"
    r"|[一二两三四五六七八九][千百][一二三四五六七八九]十?|[一二两三四五六七八九十]{1,2}[万千百])(?=[,。;!的了退还给该要没也都\s]|多(?!兆|个|天|次|人|斤|公里|分钟|号|年)|$)"
)
#: A bare number after a word of money: 扣了30, 押金200.
_AFTER_WORD = re.compile(
    r"(?:费|款|金|钱|价|还有|还剩|剩|值|共|收|扣|退|赔|交|充|付|花|亏|欠|要|余额|损失|返还|押|减免|吞|存)(?:偿|还|回)?"
    r"(?:了|我|您|你|过|得|掉|是|计|出|至少|他们?){0,2}\s*(?P<number>\d{2,7}(?:\.\d{1,2})?)(?!\d|[年月日号个天次兆GMkK岁:.%斤两度升人张台小套节课集\-分]|元|块)"
)
#: 把199退回来, 4980全退.
_BEFORE_WORD = re.compile(
    r"(?<![\d.\-年月第])(?P<number>\d{2,6}(?:\.\d{1,2})?)(?=(?:都|全部?|也|得|要|给我|立刻|马上|必须){0,2}(?:退|还我|还给|赔我))"
)
_WHOLE = re.compile(r"共|合计|累计|总")


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum of money in yuan and where it stands; ``is_whole``: 共, 合计 or the like before it."""

    start: int
    end: int
    yuan: Decimal
    is_whole: bool


def chinese_number(word: str) -> int | None:
    """三千五 -> 3500, 十二 -> 12, 壹佰贰拾 -> 120, 两万 -> 20000, 1万3500 -> 13500; None when it is no number."""
    total = part = digit = unit = 0
    for letter in re.findall(r"\d+|\D", word):
        if letter in _DIGITS:
            digit = _DIGITS[letter]
        elif letter.isdecimal():
            digit = int(letter)
        elif letter in _UNITS:
            unit = _UNITS[letter]
            part += (digit or (1 if unit == 10 else 0)) * unit
            digit = 0
        elif letter == "万":
            total, part, digit, unit = (total + part + digit) * 10_000, 0, 0, 10_000
        else:
            return None
    # 三千五 and 两万五 leave out the unit of the last digit; 三千零五 does not.
    if 0 < digit < 10 < unit and word[-2] not in "零〇":
        digit *= unit // 10
    return total + part + digit


def sums(text: str) -> list[Sum]:
    """Every sum in the text, in its order; what is more than any form takes is left out."""
    found = [(hit.start(), hit.end(), _yuan(hit)) for hit in _WITH_UNIT.finditer(text)]
    taken = [(start, end) for start, end, _value in found]
    for hit in (*_AFTER_WORD.finditer(text), *_BEFORE_WORD.finditer(text)):
        start, end = hit.span("number")
        if not any(first < end and start < last for first, last in taken):
            found.append((start, end, Decimal(hit["number"])))
            taken.append((start, end))
    return [
        Sum(start, end, value.quantize(Decimal("0.01")), bool(_WHOLE.search(text, max(0, start - 5), start + 1)))
        for start, end, value in sorted(found)
        if 0 < value <= MOST
    ]


def _yuan(hit: re.Match[str]) -> Decimal:
    if mixed := hit["mixed"]:
        return Decimal(chinese_number(mixed) or 0)
    if chinese := hit["chinese"] or hit["round"]:
        return Decimal(chinese_number(chinese) or 0) + _cents(hit, 2)
    if hit["ten_thousands"]:
        return Decimal(hit["ten_thousands"]) * 10_000 + int(hit["thousands"] or 0) * 1_000
    number = Decimal((hit["number"] or hit["marked"]).replace(",", ""))
    return number * _TIMES.get(hit["times"] or "", 1) + _cents(hit, 1)


def _cents(hit: re.Match[str], which: int) -> Decimal:
    tens, ones = hit[f"tens{which}"] or hit[f"last{which}"], hit[f"ones{which}"]
    return Decimal(_digit(tens) * 10 + _digit(ones)) / 100


def _digit(letter: str | None) -> int:
    return 0 if letter is None else _DIGITS.get(letter) or (int(letter) if letter.isdecimal() else 0)
