"""Citations of articles in a text, against the articles that there are: a number that a law does not have, an item that
an article does not have, words in quotation marks that stand nowhere in it, measures that were repealed. Pure; of a law
whose text is not here only the number of its articles is known; silent about all others, and wherever it is not certain
which law is meant."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from authorities.law import articles

#: As people write them, without 中华人民共和国.
_NAMES = {
    "order121": ("市场监督管理投诉举报处理办法", "投诉举报处理办法"),
    "consumer": ("消费者权益保护法", "消保法", "消法"),
    "regulation": ("消费者权益保护法实施条例",),
    "civil": ("民法典",),
    "products": ("产品质量法",),
    "food": ("食品安全法",),
    "commerce": ("电子商务法",),
    "personal": ("个人信息保护法",),
    "price": ("价格法",),
}
#: The last article of each, as in force on 2026-12-01; of the consumer law some articles stand here, of those below it
#: none.
_LAST = {"order121": 46, "consumer": 63} | {
    **{"regulation": 53, "civil": 1260, "products": 74, "food": 154, "commerce": 89, "personal": 74, "price": 48}
}
#: Repealed by article 46 of Order 121.
_REPEALED = ("市场监督管理投诉举报处理暂行办法", "投诉举报处理暂行办法")
REPEALED = "repealed"
_NUMBER = r"[零〇一二两三四五六七八九十百千]{1,9}|\d{1,4}"
#: A law between marks, one of ours without marks, or “this law”; `other`: articles of no law.
_LAW = re.compile(
    r"《(?P<marked>[^》]{2,40})》|(?P<bare>(?:市场监督管理)?投诉举报处理(?:暂行)?办法|消费者权益保护法(?!实施条例)|消保法(?!实施)|消法(?!实施)"
    r"|民法典|(?:产品质量|食品安全|电子商务|个人信息保护)法(?!实施))"
    r"|(?P<other>合同|协议|条款|章程|说明书|须知|规则|公约|规定|条例|公告|通知)(?![^第]{0,3}本法)"
)
_CITED = re.compile(
    rf"第\s*(?P<n>{_NUMBER})\s*条(?P<rest>(?:\s*[、和及至到—-]+\s*第?\s*(?:{_NUMBER})\s*条)*)(?:之[一二三四五])?"
    rf"(?:\s*第\s*(?P<paragraph>{_NUMBER})\s*款)?(?:\s*第?\s*[(（]?(?P<item>{_NUMBER})[)）]?\s*项)?"
)
#: Right behind an article: its own words.
_QUOTED = re.compile(
    r"(?:的)?(?:明确)?(?:规定|写明|写道|载明|指出|原文(?:是|为)?)?[^“\"「《。；;\n]{0,3}[:：,，]?\s*[“\"「](?P<words>[^”\"」]{6,160})[”\"」](?!的?(?:规定|条款|制度|原则|义务|责任|情形|要求|权利))"
)
#: Right behind an article: what it is said to forbid or demand, in other words than its own.
_CLAIMED = re.compile(
    r"(?:中|里)?(?:就|也|已)?(?:明确|清楚)?(?:规定|写得|写着|写明|说)[^，,：:。；;“\"「]{0,6}[，,：:]?\s*(?P<words>[^。；;！!？?“\"「《第]{10,80})(?![《第])"
)
_FORBIDS = re.compile(r"不(?!限于|影响|仅)|无权|必须|应当?先|须先|一律|视为|自愿放弃|作废|归[^，,。]{1,4}所有")
#: Of the pairs of letters of such a claim at least so many stand in an article that says so. Of the made-up answers in
#: hand five claim so, all falsely; they share 0.09 to 0.21. A true one is only in the tests.
_LEAST_SHARED, _LEAST_PAIRS = 0.25, 10
#: What says that the measures are repealed, or held then: behind their name, and before it.
_REPEALED_BEHIND = re.compile(r"[^。《]{0,24}?(?:废止|失效|不再适用|替代|取代|已被)")
_REPEALED_BEFORE = re.compile(r"(?:原|旧|废止的|当时(?:有效|施行)的?(?:是|为)?|不能(?:再)?(?:引用|依据|适用))[\s:：]*$")
_ITEM = re.compile(r"[（(]([一二三四五六七八九十]{1,3})[)）]")
#: A citation further behind the law's name than this may be of another.
_NEAR = 160
_DIGITS = {letter: value for value, letter in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}


@dataclass(frozen=True, slots=True)
class Miscited:
    """``code``: no_such_article, no_such_item, not_its_words, unlike_its_words or repealed; the words stand at
    [start, end) of the text. ``law``: a code of ``_LAST``, or ``REPEALED``; ``most``: how many articles, or items,
    there are; ``article``: where the quoted words do stand, 0 where nowhere."""

    code: str
    start: int
    end: int
    law: str
    most: int = 0
    article: int = 0


def miscited(text: str) -> list[Miscited]:
    """What is wrong with the citations of a text, in its order."""
    found = [*_repealed(text)]
    for hit in _CITED.finditer(text):
        law = _law_of(text, hit.start())
        if law in _LAST:
            found += _wrong(text, hit, law)
    return sorted(found, key=lambda one: one.start)


def _repealed(text: str) -> list[Miscited]:
    """Each mention, unless its sentence says that it is repealed or held then."""
    results = []
    for hit in _LAW.finditer(text):
        if _bare(hit["marked"] or hit["bare"] or "") in _REPEALED:
            before = text[max(0, hit.start() - 14) : hit.start()]
            if not (_REPEALED_BEHIND.match(text, hit.end()) or _REPEALED_BEFORE.search(before)):
                results.append(Miscited(REPEALED, hit.start(), hit.end(), REPEALED))
    return results[:1]


def _law_of(text: str, place: int) -> str:
    """The law that is named last before this place; empty where none is, or something else stands between."""
    names = list(_LAW.finditer(text, max(0, place - _NEAR), place))
    if not names or names[-1]["other"]:
        return ""
    written = _bare(names[-1]["marked"] or names[-1]["bare"])
    if written in _REPEALED:
        return REPEALED
    return next((code for code, known in _NAMES.items() if written in known), "")


def _bare(written: str) -> str:
    return written.strip().removeprefix("中华人民共和国").partition("(")[0].partition("（")[0].strip()


def _wrong(text: str, hit: re.Match[str], law: str) -> list[Miscited]:
    numbers = [_value(hit["n"]), *(_value(one) for one in re.findall(_NUMBER, hit["rest"] or ""))]
    place = (hit.start(), hit.end())
    if any(not 1 <= number <= _LAST[law] for number in numbers):
        return [Miscited("no_such_article", *place, law, most=_LAST[law])]
    known = _texts(law)
    if len(numbers) > 1 or numbers[0] not in known:
        return []
    body, results = known[numbers[0]], list[Miscited]()
    items = [_value(one) for one in _ITEM.findall(body)]
    if hit["item"] and _value(hit["item"]) > max(items, default=0):
        results.append(Miscited("no_such_item", *place, law, most=max(items, default=0)))
    quoted = _QUOTED.match(text, hit.end())
    if quoted and not _stands_in(quoted["words"], body):
        where = next((number for number, other in known.items() if _stands_in(quoted["words"], other)), 0)
        results.append(Miscited("not_its_words", hit.start(), quoted.end(), law, article=where))
    claimed = _CLAIMED.match(text, hit.end())
    if claimed and not quoted and _FORBIDS.search(claimed["words"]) and _is_unlike(claimed["words"], body):
        results.append(Miscited("unlike_its_words", hit.start(), claimed.end(), law))
    return results


def _is_unlike(words: str, body: str) -> bool:
    said, there = ({"".join(pair) for pair in pairwise(_letters(one))} for one in (words, body))
    return len(said) >= _LEAST_PAIRS and len(said & there) < _LEAST_SHARED * len(said)


def _stands_in(words: str, body: str) -> bool:
    """Piece by piece around dots that leave something out."""
    whole = _letters(body)
    return all(_letters(piece) in whole for piece in re.split(r"…+|\.{3,}", words))


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


@cache
def _texts(law: str) -> dict[int, str]:
    return {one.number: one.text for one in articles(law)}


def _value(word: str) -> int:
    """十六 → 16, 一百零五 → 105, 16 → 16."""
    if word.isdecimal():
        return int(word)
    total = digit = 0
    for letter in word:
        if letter in _UNITS:
            total += (digit or 1) * _UNITS[letter]
            digit = 0
        else:
            digit = _DIGITS[letter]
    return total + digit
