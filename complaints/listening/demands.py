"""What a story asks for: demands with their sums, as findings in the folded text. Pure."""

import re
from collections.abc import Iterator
from decimal import Decimal

from complaints.listening.folding import Hit, clause
from complaints.listening.numbers import Sum
from complaints.listening.patterns import patterns

#: Before a sum: what the firm paid or would pay.
_OFFERED = re.compile(r"[退返赔](?:了|还了|给我)?$|只肯$")
#: Before a sum: what is left of what was paid.
_LEFT = re.compile(r"还有|还剩|剩余|剩下|剩$")
#: 退差价, 退一半: not the sum that was paid.
_PART = re.compile(r"差价|差额|一半|部分|多(?:收|扣|算|出|付)|剩")
_A_MONTH = re.compile(r"每个?月|一个?月|每年|/月")
_LONGEST_QUOTE = 24
#: Demands for money, whose sum is looked for.
_FOR_MONEY = ("refund", "damages")


def demands_in(text: str, money: list[Sum]) -> Iterator[Hit]:
    table = patterns()
    found: dict[str, tuple[Decimal | None, int, int]] = {}
    for row in table.of("demands"):
        if row.unless and row.unless.search(text):
            continue
        for hit in row.words.finditer(text):
            begins, ends = clause(text, *hit.span())
            before = text[begins : hit.start()]
            if table.one("not_asked", "denied").search(before):
                continue
            if row.code in _FOR_MONEY and table.one("not_asked", "theirs").search(before):
                continue
            sum_ = _sum_of(text, money, hit, (begins, ends)) if row.code in _FOR_MONEY else None
            known = found.get(row.code)
            if known is None or (sum_ is not None and known[0] is None):
                found[row.code] = (sum_, hit.start(), hit.end())
    _complete(text, money, found)
    for code, (yuan, start, end) in found.items():
        begins, ends = clause(text, start, end)
        # Two letters say little to the person; their clause says what was meant.
        quoted = (begins, ends) if ends - begins <= _LONGEST_QUOTE else (start, end)
        yield Hit("demand", f"{code}:{yuan}" if yuan is not None else code, *quoted)


def _sum_of(text: str, money: list[Sum], hit: re.Match[str], around: tuple[int, int]) -> Decimal | None:
    """The sum behind the words in their clause ``around``, else before them; none where it is what the firm offered."""
    after = [one for one in money if hit.start() <= one.start <= around[1]]
    inside = [one for one in money if around[0] <= one.start <= hit.start()]
    near = after[0] if after else inside[-1] if inside else None
    if near is None:
        return None
    whole = [one for one in money if one.is_whole]
    if whole and near.start < hit.start():
        near = whole[-1]
    offered = patterns().one("not_asked", "part").search(text[around[0] : near.end])
    if offered and _OFFERED.search(text[max(0, near.start - 6) : near.start]):
        return None
    is_named = near.start <= hit.end() + 1 and near.end > hit.start()
    return near.yuan if is_named or not _is_monthly(text, near) else None


def _is_monthly(text: str, one: Sum) -> bool:
    """每月25元: the sum of a month, not what is asked back."""
    return not one.is_whole and bool(_A_MONTH.search(text, max(0, one.start - 8), one.end + 5))


def usual_demand(problems: list[Hit]) -> Iterator[Hit]:
    """What a kind of problem that the patterns named usually asks for."""
    for row in patterns().of("usual"):
        if problems and problems[0].end and row.words.search(problems[0].value):
            yield Hit("demand", row.code, problems[0].start, problems[0].end)
            return


def _complete(text: str, money: list[Sum], found: dict[str, tuple[Decimal | None, int, int]]) -> None:
    """A refund without a sum takes the only sum of the text, the whole one or what is left; a sum that was taken and no
    demand for money at all is a refund to be asked about."""
    table = patterns()
    amounts = {one.yuan for one in money}
    whole = [one for one in money if one.is_whole or _LEFT.search(text[max(0, one.start - 4) : one.start])]
    if "refund" in found and found["refund"][0] is None:
        said = text[slice(*clause(text, *found["refund"][1:]))]
        is_part = _PART.search(said) is not None
        one = whole[-1] if whole else money[0] if len(amounts) == 1 and not is_part else None
        if one is not None and not _is_monthly(text, one):
            found["refund"] = (one.yuan, *found["refund"][1:])
    if money and not found:
        taken = table.one("not_asked", "taken").search(text)
        if taken and not table.one("not_asked", "no_money").search(text):
            one = (whole or money)[-1 if whole else 0]
            found["refund"] = (None if _is_monthly(text, one) else one.yuan, taken.start(), taken.end())
