"""`heard`: what a text says of a complaint, as findings with the words they rest on. Pure; never raises."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from heapq import nlargest

from complaints.listening import matter_scores
from complaints.listening.days import first_day
from complaints.listening.demands import demands_in, usual_demand
from complaints.listening.folding import CLAUSE_ENDS, Hit, clause, fold, in_clauses
from complaints.listening.likeness import closeness
from complaints.listening.numbers import sums
from complaints.listening.patterns import Row, patterns
from complaints.listening.regions import said_region
from complaints.listening.shops import shop
from complaints.procedure import duties

#: The circumstances that everybody is asked about.
REPORT, BUSINESS, EARLIER, ANOTHER = "report", "business", "earlier", "another"
CIRCUMSTANCES = (ANOTHER, BUSINESS, EARLIER, REPORT)
LONGEST_QUESTION = 60
#: So many kinds of problem are offered.
PROBLEMS_OFFERED = 3
#: What a pattern's weight counts beside the closeness of phrases, which is 1 at most.
_PER_WEIGHT = 0.06
_TELECOM = re.compile(
    r"话费|宽带|手机号|流量|套餐|运营商|SIM|光猫|携号|携转|亲情网|校园卡|信号|基站|断网|网速|\d兆|副卡|停机|销户|靓号|彩铃|营业厅"
    r"|手机卡(?!顿|死|住)|电话卡|放号|月租|专线|机主",
    re.IGNORECASE,
)
_CLAUSES = re.compile("[,。、]")
#: Asked for of what is weighed or counted.
_OF_GOODS = ("make_up_quantity",)
#: A story that is less like the matters of other bodies is none: where words of one were found, where none were.
_UNLIKE, _LIKE = -0.2, 0.25
#: A carrier that scores less is only asked about; two of which neither leads by `_LEAD` are a question.
_SURE, _LEAD = 3, 2


@dataclass(frozen=True, slots=True)
class Heard:
    """``field``: firm, problem, demand, sum, day, platform, region, elsewhere, or one of CIRCUMSTANCES. ``value``: a
    code or a name; several firms or matters are joined by |, a demand's sum follows a colon. ``quote``: the person's
    own words, which begin at letter ``at`` of the folded text. ``sure``: it may be filled in; all else is offered or
    asked."""

    field: str
    value: str
    quote: str
    at: int
    sure: bool = False


def heard(text: str, today: date, *, home: str = "") -> list[Heard]:
    """The findings in this order: elsewhere, circumstances, firm, problems (likeliest first), demands, sums, day,
    platform, region. ``today`` bounds the days; ``home``: the code of the city whose districts are known by their short
    names. Reads the first letters of a long text only (`folding.MOST_READ`)."""
    folded = fold(text)
    return [
        Heard(hit.field, hit.value, folded.quote(hit.start, hit.end), hit.start, hit.sure)
        for hit in _hits(in_clauses(folded.text), today, home)
    ]


def read_tables() -> None:
    """Reads the patterns, phrases and weights from their files, which takes some tenths of a second: once a process, so
    that the first story in it waits for none of them."""
    heard("移动多扣了我的钱，要求退还", date(2026, 1, 1))


def _hits(text: str, today: date, home: str) -> Iterator[Hit]:
    firms, money = _firms(text), sums(text)
    elsewhere = _elsewhere(text, is_blamed=any(map(_carriers, firms)))
    if elsewhere:
        # Perhaps an employer, or where it happened.
        firms = [replace(hit, sure=False) for hit in firms if _carriers(hit)]
    close = closeness(text)
    is_telecom = _is_telecom(text, firms, close)
    problems = list(_problems(text, close, is_telecom=is_telecom))
    yield from elsewhere or _question(text)
    yield from _circumstances(text)
    yield from firms
    yield from problems
    for hit in list(demands_in(text, money)) or list(usual_demand(problems)):
        if is_telecom and hit.value in _OF_GOODS:
            continue
        # What is bought is repaired; what is broken on a line is a fault.
        is_thing = hit.value == "fix_fault" and not is_telecom
        yield replace(hit, value="repair") if is_thing else hit
    for one in money:
        yield Hit("sum", f"{one.yuan}", one.start, one.end)
    told = first_day(text, today)
    if told:
        yield Hit("day", told.value, told.start, told.end)
    yield from _platform(text, is_named_only=is_telecom or bool(elsewhere))
    if region := said_region(text, home=home):
        yield Hit("region", region.code, region.start, region.end)


def _carriers(hit: Hit) -> bool:
    return bool({row.name for row in patterns().of("firms")} & set(hit.value.split("|")))


# --- whom -----------------------------------------------------------------------------------------------------------


def _firms(text: str) -> list[Hit]:
    """The one carrier that is blamed; several that may be; else a shop by its written name."""
    best: dict[str, tuple[int, re.Match[str], Row]] = {}
    for row, hit in _named(text):
        score = _blame(text, hit)
        before = best.get(row.name)
        total = score + (before[0] if before else 0)
        best[row.name] = (total, before[1] if before and before[0] else hit, row)
    live = sorted((item for item in best.values() if item[0]), key=lambda item: (-item[0], item[1].start()))
    if not live:
        return _shop(text)
    score, hit, row = live[0]
    if len(live) > 1 and score < live[1][0] + _LEAD:
        return [Hit("firm", "|".join(item[2].name for item in live[:3]), hit.start(), hit.end())]
    is_named_beside = _has_another_party(text)
    if is_named_beside and score <= _SURE:
        # 房东的宽带是电信的: beside another party only the one who says or does something is meant.
        return _shop(text) or ([Hit("firm", row.name, hit.start(), hit.end())] if _acts(text, hit) else [])
    is_asked = bool(row.asks and row.asks.search(hit.group())) or is_named_beside
    return [Hit("firm", row.name, hit.start(), hit.end(), sure=score >= _SURE and not is_asked)]


def _named(text: str) -> list[tuple[Row, re.Match[str]]]:
    """Every mention of a carrier; of a name that several once had only where none is named otherwise."""
    hits = [(row, hit) for row in patterns().of("firms") for hit in row.words.finditer(text)]
    of_several = {place for place, times in Counter(hit.span() for _row, hit in hits).items() if times > 1}
    return [(row, hit) for row, hit in hits if hit.span() not in of_several] or hits


def is_former(name: str, quote: str) -> bool:
    """Whether the person's own words call the carrier by a name of before."""
    rows = (row for row in patterns().of("firms") if row.name == name and row.former)
    return any(row.former.search(fold(quote).text) for row in rows if row.former)


def _has_another_party(text: str) -> bool:
    """Whether others are named who may be the ones complained about."""
    return bool(patterns().one("around", "another_party").search(text))


def _blame(text: str, hit: re.Match[str]) -> int:
    """How much this mention is blamed: 0 where it is a landmark or the firm that is left out."""
    before, after = text[max(0, hit.start() - 6) : hit.start()], text[hit.end() : hit.end() + 12]
    around = {
        row.code
        for row in patterns().of("around")
        if row.where in ("before", "after") and row.words.search(before if row.where == "before" else after)
    }
    if around & {"left_behind", "landmark"}:
        return 0
    return 1 + 2 * len(around & {"accused", "turned", "blamed"}) + ("from" in around)


def _acts(text: str, hit: re.Match[str]) -> bool:
    """Whether this mention begins a clause and says or does something, or is a card or line of one's own: 联通营业厅说,
    移动无故停机, 联通卡."""
    before, after = text[max(0, hit.start() - 6) : hit.start()], text[hit.end() : hit.end() + 12]
    begins = before[-1:] in ("", *CLAUSE_ENDS)
    acts, owned = (patterns().one("around", code) for code in ("acts", "owned"))
    return (begins and bool(acts.search(after))) or bool(owned.search(f"{before}·{after}"))


def _shop(text: str) -> list[Hit]:
    place = shop(text)
    if place is None:
        return []
    name = text[slice(*place)]
    carrier = next((row.name for row in patterns().of("firms") if row.words.fullmatch(name)), name)
    return [Hit("firm", carrier, *place)]


def _platform(text: str, *, is_named_only: bool) -> list[Hit]:
    """The platform beside words of buying, else the first that is named, else that something was bought over the
    network. ``is_named_only``: a carrier or another body is meant, so only a platform beside words of buying counts."""
    around = partial(patterns().one, "around")
    found: list[tuple[bool, bool, int, Hit]] = []
    for row in patterns().of("platforms"):
        for hit in row.words.finditer(text):
            before, after = text[max(0, hit.start() - 6) : hit.start()], text[hit.end() : hit.end() + 16]
            is_bought = bool(around("bought").search(after))
            is_passing = around("not_there_before").search(before) or around("not_there_after").search(after)
            if (row.name and is_passing) or (is_named_only and not (row.name and is_bought)):
                continue
            found.append((not row.name, not is_bought, hit.start(), Hit("platform", row.name or "?", *hit.span())))
    return [min(found, key=lambda one: one[:3])[3]] if found else []


# --- what went wrong ------------------------------------------------------------------------------------------------


def _is_telecom(text: str, firms: list[Hit], close: dict[str, float]) -> bool:
    """Whether the service of a carrier is complained about: no other party is named, or else its kinds of problem are
    the closest."""
    is_carrier, speaks = any(map(_carriers, firms)), bool(_TELECOM.search(text))
    is_other = _has_another_party(text) or bool(firms and not is_carrier)
    if not is_other:
        return is_carrier or speaks
    closest = max(close, key=lambda code: close[code], default="")
    return (speaks or bool(_named(text))) and closest.startswith("telecom")


def _problems(text: str, close: dict[str, float], *, is_telecom: bool) -> Iterator[Hit]:
    """At most three, likeliest first, by what the patterns say and the phrases that are close."""
    of_sector = {code: much for code, much in close.items() if code.startswith("telecom") == is_telecom}
    most = max(of_sector.values(), default=1)
    said: dict[str, float] = defaultdict(float, {code: much / most for code, much in of_sector.items()})
    places: dict[str, tuple[int, int]] = {}
    for row in patterns().of("problems"):
        if row.code.startswith("telecom") == is_telecom and (hit := row.found_in(text)):
            said[row.code] += row.weight * _PER_WEIGHT
            places.setdefault(row.code, hit.span())
    for code in nlargest(PROBLEMS_OFFERED, said, key=lambda code: said[code]):
        start, end = places.get(code, (0, 0))
        yield Hit("problem", code, start, end)


# --- where it belongs, and how it stands ----------------------------------------------------------------------------


def _elsewhere(text: str, *, is_blamed: bool) -> list[Hit]:
    """The matter of another body that is complained of, by its words and by how much the story is like such
    matters; none where a carrier is blamed for its own service."""
    if is_blamed and _TELECOM.search(text):
        return []
    around = partial(patterns().one, "around")
    is_purchase = is_blamed or bool(around("seller").search(text))
    found = [
        (duty, hit)
        for duty, hit in duties.found_in(text, is_purchase=is_purchase)
        if not around("beside").search(text[hit.end() : hit.end() + 3]) and not _is_in_passing(text, duty, hit)
    ]
    story = matter_scores.likeness(text)
    is_grave = any(duty.is_grave and hit.re is duty.matter for duty, hit in found)
    if not is_grave and story.like <= (_UNLIKE if found else _LIKE):
        return []
    known = found[0][0].code if found else ""
    bodies = story.likeliest(known)
    place = found[0][1].span() if known in bodies else _likest(text)
    return [Hit("elsewhere", "|".join(bodies), *place)]


def _likest(text: str) -> tuple[int, int]:
    """Where the clause stands that is most like a matter of another body."""
    clauses = [hit.span() for hit in re.finditer("[^,。、]+", text)]
    return max(clauses, key=lambda place: matter_scores.like(text[slice(*place)]))


def _is_in_passing(text: str, duty: duties.Duty, hit: re.Match[str]) -> bool:
    """Whether the words of this matter stand in one clause only, which is not the first, and all else tells of a
    purchase or a carrier's service and asks for what a seller can grant: a reason, a price, another's trouble."""
    if duty.is_grave and hit.re is duty.matter:
        return False
    begins, ends = clause(text, *hit.span())
    before, after = text[:begins], text[ends:]
    is_told = any(sign in hit.group() for sign in CLAUSE_ENDS) or not before.strip(CLAUSE_ENDS)
    if is_told or duty.speaks_in(before) or duty.speaks_in(after):
        return False
    around = partial(patterns().one, "around")
    if any(_blame(before, carrier) >= _SURE for _row, carrier in _named(before)):
        return True
    rest = f"{before}{after}"
    # For whom somebody works is no seller.
    bought = "。".join(part for part in _CLAUSES.split(rest) if not around("employer").search(part))
    return bool((_TELECOM.search(bought) or around("purchase").search(bought)) and list(demands_in(rest, [])))


def _question(text: str) -> list[Hit]:
    """A short text that only asks how something is done."""
    bare = text.strip()
    is_question = len(bare) < LONGEST_QUESTION and patterns().one("idle", "advice").search(bare)
    return [Hit("elsewhere", "advice", 0, len(text))] if is_question else []


def _circumstances(text: str) -> Iterator[Hit]:
    told: set[str] = set()
    for row in patterns().of("circumstances"):
        if row.code not in told and (hit := row.found_in(text)):
            told.add(row.code)
            yield Hit(row.code, "", hit.start(), hit.end())


def urgent_in(text: str) -> list[str]:
    """Why the words make a complaint urgent (procedure/urgency.py); nothing that people are asked about."""
    folded = in_clauses(fold(text).text)
    return [row.code for row in patterns().of("urgent") if row.found_in(folded)]
