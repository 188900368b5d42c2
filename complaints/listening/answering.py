"""What an enterprise's answer says, read beside what it fills in: threats, conditions, refusals without a reason, words
against the rows. Pure: text, rows and what is known in, findings out, each with its words and their place. Nothing here
decides (docs/how-to/offers.md)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from complaints.listening.answer_patterns import answer_patterns
from complaints.listening.answer_scores import score, sentences
from complaints.listening.answer_text import PUT_RIGHT, QUOTED, SAYS, AnswerText, Found
from complaints.listening.numbers import sums
from complaints.listening.promised_days import named_days, promised_days
from complaints.listening.row_by_row import Said, contradicted, is_provided, names, speaks_of

#: Kinds of demand that are met by words alone: a refusal in the words is no contradiction.
_WORDS = frozenset({"explain", "other"})
#: From so much on the score of a refusal says that a text refuses; below the same with a minus, that it grants. Of 770
#: good texts of five authors, each scored without having been learnt from, none is flagged by it alone.
_SURE = 0.6
#: Words of a refusal in a text that scores lower speak of something else: 贷款结清后仍被上报.
_GRANTS = -0.4
#: So much less is a sentence like a threat or a condition that says what the consumer may or need not do, or what staff
#: said that was put right.
_FREELY = 0.8
#: A sentence so unlike all threats and conditions is none, whatever words stand in it (docs/how-to/offers.md).
_UNLIKE = -0.8
#: Fewer letters than this say nothing.
_EMPTY = 6
#: So long may words of regret be beside rows that say what is done; other words that are shorter are no reason.
_SHORT = 30
_QUOTE = 30
#: Longer words may say more than that somebody else should be asked.
_PLAIN = 60
#: A figure, other than the number of a hotline.
_FIGURE = re.compile(r"(?<!\d)(?!12\d{3}(?!\d)|96315)\d")
_SORRY = re.compile(r"道歉|致歉|对不[起住]|抱歉|不好意思|赔(?:个|了)?(?:不是|礼)|不该|不当|伤人|伤了")
_REACHED_LATER = re.compile(
    r"(?:终于|随后|后来|之后|才)[^,。;!]{0,8}(?:联系上|通上|通话|接通|接听|回电)|(?:您|你)(?:接了|回了|回电)"
)
_GIVES = re.compile(
    r"退(?!货)|赔|补|返|减|免|抵扣|到账|打(?:到|进|款|入|给)|转(?:到|给|您|你|入|账|过去)|付(?:您|给)|发放|给予|入账|进话费|冲"
)
_NO = re.compile(r"不|没|未|无")
_ASKS = re.compile(r"要求|诉求|提出|主张|申请|希望|想要|您要")
#: Right before a sum: it is given.
_NET = re.compile(r"实际?(?:退|付(?:给|您|你)|赔|返|到账?)[^,。;!\d]{0,3}$")
#: Half of what was asked for.
_HALF = re.compile(r"(?<![求想先])(?:赔|退|补|担|出)[^,。;!]{0,4}(?:一半|半数|五成)")
_DIRECT = re.compile(r"(?:退|赔|补|返|付|转)(?:还|偿|给|您|你|回|到|款){0,3}$")
_EACH = re.compile(r"各|每|[×*÷]|乘|分别|其中|折(?!现)|一半")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_DOES = re.compile(_GIVES.pattern + r"|取消|关|停|修|换|装|寄|发|上门|恢复|完成|办|拆|送|转|免|抵|入账|到")
_LETTERS = re.compile(r"[\s\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known beside the words. ``contact``: reached, tried (and not reached), or none; ``has_enclosure``: a file
    of the enterprise lies in the case; ``last_day``: the last one on which something is promised."""

    today: date
    contact: str = "none"
    has_enclosure: bool = False
    last_day: date | None = None


#: A code and where it stands in the folded text.
_Hit = tuple[str, int, int]


def read(typed: str, rows: Sequence[Said], known: Known, *, beside: str = "") -> list[Found]:
    """What is to be said of one text, in the order of the table, each kind once. ``rows``: those it is about;
    ``beside``: other words of the same answer, in which a reason may stand too."""
    return list(_read(typed, tuple(rows), known, beside))


# A set of equal answers has the same words in each.
@lru_cache(maxsize=64)
def _read(typed: str, rows: tuple[Said, ...], known: Known, beside: str) -> tuple[Found, ...]:
    text = AnswerText(typed)
    if not text.text.strip():
        return ()
    against = _against_rows(text, rows, known)
    hits = [*_never_alone(text), *_left_open(text), *against, *_brushed_off(text, known)]
    if not against and not {"unreached", "as_phoned", "no_enclosure"} & {code for code, *_ in hits}:
        hits += _empty_words(text, rows, AnswerText(beside), has_day=known.last_day is not None)
    return tuple(_each_once(text, hits))


def _each_once(text: "AnswerText", hits: Iterable[_Hit]) -> list[Found]:
    order = [kind.code for kind in answer_patterns().kinds]
    best: dict[str, Found] = {}
    for code, start, end in hits:
        best.setdefault(code, text.found(code, start, end))
    return sorted(best.values(), key=lambda one: order.index(one.code))


def claims(texts: Iterable[str]) -> set[str]:
    """What the texts say that the case can confirm: ``unreached``, ``attached``."""
    return set().union(*map(_claims, texts))


@lru_cache(maxsize=64)
def _claims(typed: str) -> frozenset[str]:
    text = AnswerText(typed)
    return frozenset(name for name in ("unreached", "attached") if text.first(name))


def read_alone(typed: str, *, is_asked: bool = False) -> list[Found]:
    """The kinds that need no rows: threat, condition, blanks. ``is_asked``: what the consumer is to do, so a condition
    needs no word of asking."""
    return list(_read_alone(typed, is_asked))


@lru_cache(maxsize=64)
def _read_alone(typed: str, is_asked: bool) -> tuple[Found, ...]:
    text = AnswerText(typed, lead="须" if is_asked else "")
    return tuple(_each_once(text, [*_never_alone(text), *_left_open(text)]))


def folded(typed: str) -> str:
    """As texts are read: in one written form, without spaces."""
    return AnswerText(typed).text


def _never_alone(text: AnswerText) -> Iterator[_Hit]:
    """Threats and conditions. What is quoted of staff, or with an apology, is told and not said."""
    is_sorry, found = bool(_SORRY.search(text.text)), False
    for name, code in (("threats", "threat"), ("conditions", "condition")):
        for hit in text.hits(name):
            if not (is_sorry and text.is_quoted(hit)) and not text.is_theirs(hit) and not _is_unlike(text, hit):
                begins, ends = text.clause(*hit.span())
                yield (code, *((begins, ends) if ends - begins <= _QUOTE else hit.span()))
                found = True
                break
    if not found and (like := _like_these(text)):
        yield like


def _like_these(text: AnswerText) -> _Hit | None:
    """The sentence that is most like a threat or a condition, by its score; a word or two are like nothing."""
    if len(_letters(text.text)) < _EMPTY:
        return None
    # What staff said, quoted with an apology, is told and not said.
    said = QUOTED.sub(lambda hit: "“" * len(hit[0]), text.text) if _SORRY.search(text.text) else text.text
    likes = ((_likeness(said[begins:ends]), begins, ends) for begins, ends in sentences(said))
    best, begins, ends = max(likes, default=(0.0, 0, 0))
    if best <= 0:
        return None
    return "condition" if score("condition", text.text[begins:ends]) > 0 else "threat", begins, ends


def _is_unlike(text: AnswerText, hit: re.Match[str]) -> bool:
    of = next(((begins, ends) for begins, ends in sentences(text.text) if begins <= hit.start() < ends), None)
    return of is not None and _likeness(text.text[slice(*of)]) < _UNLIKE


def _likeness(sentence: str) -> float:
    is_told = (says := SAYS.search(sentence)) and PUT_RIGHT.search(sentence, says.end())
    is_free = any(row.words.search(sentence) for row in answer_patterns().of("free"))
    return score("alone", sentence) - (_FREELY if is_free or is_told else 0)


def _left_open(text: AnswerText) -> Iterator[_Hit]:
    if hit := text.first("blanks"):
        yield "blanks", hit.start(), hit.end()


# --- the words against the rows -------------------------------------------------------------------------------------


def _against_rows(text: AnswerText, rows: Sequence[Said], known: Known) -> list[_Hit]:
    verdicts, hits = {row.verdict for row in rows}, list[_Hit]()
    refuses = score("refuses", text.text) if not all(row.kind in _WORDS for row in rows) else 0.0
    if verdicts == {"grant"} and not all(row.kind in _WORDS for row in rows):
        for name in ("denies", "pays_first"):
            denied = next((hit for hit in text.hits(name) if not text.is_quoted(hit)), None)
            if denied and refuses > _GRANTS and not _gives(text, rows, known):
                hits.append(("text_refuses", *denied.span()))
                break
        else:
            if refuses > _SURE and not text.first("unreached"):
                hits.append(("text_refuses", *_opening(text)))
    if verdicts == {"refuse"}:
        # Not what something must show first: “有诊断证明写明……，我们退给您”.
        hints = (hit for hit in text.hits("grants") if not is_provided(text.text, hit.start()))
        if granted := next(hints, None):
            hits.append(("text_grants", *granted.span()))
        elif refuses < -_SURE and (_DOES.search(text.text) or _SORRY.search(text.text)):
            hits.append(("text_grants", *_opening(text)))
    hits += contradicted(text.text, rows)
    if verdicts & {"grant", "part"}:
        hits += _other_sum(text, rows)
        if known.last_day is not None:
            hits += _other_day(text, rows, known.today, known.last_day)
    return hits


def _own_sums(rows: Sequence[Said]) -> set[Decimal]:
    """What the rows grant, each and together."""
    granted = [row.amount for row in rows if row.verdict != "refuse" and row.amount]
    return {*granted, sum(granted, Decimal(0))} if granted else set()


def _gives(text: AnswerText, rows: Sequence[Said], known: Known) -> bool:
    """Whether the words give all the same: a sum of the rows, or a day within them, in a clause without a no."""
    places = [(one.start, one.end) for one in sums(text.text) if one.yuan in _own_sums(rows)]
    if known.last_day is not None:
        days = promised_days(text.text, known.today)
        places += [(day.start, day.end) for day in days if day.value <= known.last_day]
    for start, end in places:
        begins, ends = text.clause(start, end)
        if _DOES.search(text.text[begins:ends]) and not _NO.search(text.text[begins:ends]):
            return True
    return False


def _other_sum(text: AnswerText, rows: Sequence[Said]) -> Iterator[_Hit]:
    """A sum that is given in words where none of the words' sums is one of the rows', or that one is only asked for."""
    is_whole = len(rows) == 1 and rows[0].amount and rows[0].amount == rows[0].asked
    if is_whole and (half := _HALF.search(text.text)):
        yield "other_sum", *half.span()
        return
    own, money = _own_sums(rows), sums(text.text)
    if not own or not money:
        return
    spoken = {one.yuan for one in money}
    if any(one not in spoken and names(text.text, one) for one in own):
        return
    for one in money:
        if one.yuan not in own and _NET.search(text.text[: one.start]):
            yield "other_sum", one.start, one.end
            return
    named = [one for one in money if one.yuan in own]
    if named and not all(_ASKS.search(text.text[slice(*text.clause(one.start, one.end))]) for one in named):
        return
    if named and not any(_DIRECT.search(text.text[: one.start]) for one in money if one.yuan not in own):
        return
    for one in money:
        if one.yuan in own:
            continue
        begins, ends = text.clause(one.start, one.end)
        around = text.text[begins : min(len(text.text), ends + 14)]
        if _GIVES.search(around) and not _EACH.search(text.text[begins:ends]):
            yield "other_sum", one.start, one.end
            return


def _other_day(text: AnswerText, rows: Sequence[Said], today: date, last_day: date) -> Iterator[_Hit]:
    """A promised day after the last one of the rows, where none within them is promised in words. Where something is
    refused too, the day must stand beside what is granted."""
    days = promised_days(text.text, today)
    if any(day.value <= last_day and (day in days or day.value > today) for day in named_days(text.text, today)):
        return
    granted = {row.kind for row in rows if row.verdict != "refuse"}
    is_all = len(granted) == len({row.kind for row in rows})
    for day in days:
        if is_all or speaks_of(text.text[slice(*text.clause(day.start, day.end))], granted):
            yield "other_day", day.start, day.end
            return


# --- words that say nothing -----------------------------------------------------------------------------------------


def _brushed_off(text: AnswerText, known: Known) -> Iterator[_Hit]:
    """Not reached, agreed elsewhere, enclosed where nothing is."""
    has_plan = bool(sums(text.text)) or bool(promised_days(text.text, known.today))
    unreached = next((hit for hit in text.hits("unreached") if not text.is_quoted(hit)), None)
    is_said_otherwise = known.contact == "reached" and not _REACHED_LATER.search(text.text)
    is_the_end = text.first("closes") or (not has_plan and score("empty", text.text) > 0)
    if unreached and (is_said_otherwise or is_the_end):
        yield "unreached", *unreached.span()
    elif not has_plan and (hit := text.first("phoned")):
        yield "as_phoned", *hit.span()
    if not known.has_enclosure and (hit := text.first("attached")):
        yield "no_enclosure", *hit.span()


def _empty_words(text: AnswerText, rows: Sequence[Said], beside: AnswerText, *, has_day: bool) -> Iterator[_Hit]:
    """Nothing that can be checked, in the text or the words beside it; and which kind of empty words these are."""
    refused = {row.verdict for row in rows} == {"refuse"}
    told = [text.text, text.text + beside.text, *([beside.text] if len(beside.text) >= _SHORT else [])]
    sent_away = text.first("sends_away") if refused and not _FIGURE.search(text.text) else None
    if sent_away and len(_letters(text.text + beside.text)) < _PLAIN:
        yield "no_reason", *sent_away.span()
        return
    if any(score("empty", words) <= 0 for words in told):
        return
    if not refused and _is_enough(text, rows, has_day=has_day):
        return
    is_courtesy = len(_letters(text.bare())) < len(_letters(text.text)) / 2
    hit = None if is_courtesy else text.first("denies" if refused else "vague")
    code = "boilerplate" if is_courtesy else "no_reason" if refused else "vague"
    yield code, *(hit.span() if hit else _opening(text))


def _is_enough(text: AnswerText, rows: Sequence[Said], *, has_day: bool) -> bool:
    """Of what is granted: a short courtesy or a word, beside rows that say the rest (``has_day``)."""
    letters = len(_letters(text.text))
    says_more = has_day or _GIVES.search(text.text) or any(row.kind == "apology" for row in rows)
    is_sorry = _SORRY.search(text.text) and says_more
    return bool(letters < _SHORT if is_sorry else letters < _EMPTY and _HAN.search(text.text))


def _letters(text: str) -> str:
    return _LETTERS.sub("", text)


def _opening(text: AnswerText) -> tuple[int, int]:
    return 0, min(_QUOTE, len(text.text))
