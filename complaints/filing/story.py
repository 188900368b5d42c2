"""The story that a filing begins with. What was heard in it lies in the draft, with the version of the patterns, until
the person has said 对, 改 or 不是 to each line; only then it goes into the parts of the draft."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from django.core.exceptions import ValidationError

from complaints.filing import bills, drafts, heard_counts, places
from complaints.filing.bills import Printed
from complaints.filing.forms import NAMED, ProblemStep
from complaints.listening.bills import FIRM, NUMBER, TOTAL
from complaints.listening.folding import fold
from complaints.listening.hearing import CIRCUMSTANCES, REPORT, Heard, heard
from complaints.listening.patterns import patterns
from complaints.models import HeardAnswer
from complaints.models.evidence import FilingDraft
from complaints.procedure import categories
from complaints.procedure.duties import Duty, duties
from complaints.procedure.typed_values import money
from enterprises.directory.finding import find

#: Where the draft keeps the story, what was heard in it, what was said to that, and what came of it.
STORY, HEARD, SAID, OUTCOME = "story", "heard", "said", "outcome"
MOST_LINES = 6
YES, CHANGE, NO = "yes", "change", "no"
BOTH, ONLY, NONE = "both", "only", "none"
#: A report was wanted: what speaks of it is kept from the firm, also where a complaint is filed all the same.
_SPLIT = (BOTH, ONLY)
TELECOM = "service.telecom"
#: Over three years ago, by the day that was given.
OLD = "old"
#: The circumstances that lead elsewhere, and the row of duties that says where.
_LEADS = {"business": "business", "earlier": "handled"}
_FULL_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLAUSE = re.compile(r"[^，。；！？,;!?\n]*[，。；！？,;!?\n]*")
Answer = HeardAnswer.Answer
_ANSWERS = {YES: Answer.CONFIRMED, CHANGE: Answer.CHANGED, NO: Answer.DENIED}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was heard. A demand is offered as a box to tick, all else is asked as 对, 改, 不是. ``is_filled``:
    对 is chosen already."""

    field: str
    value: str
    quote: str
    is_filled: bool

    @property
    def one_of(self) -> list[str]:
        """The names of firms, or the codes of other bodies' matters, one of which is meant."""
        return self.value.split("|")

    @property
    def demand(self) -> tuple[str, str]:
        """(kind, sum in yuan or nothing)."""
        kind, _colon, yuan = self.value.partition(":")
        return kind, yuan

    @property
    def is_known(self) -> bool:
        """Whether the tables of today still have it: a draft may have been begun with those of yesterday."""
        if self.field == "demand":
            return self.demand[0] in categories.DEMAND_BY_CODE
        return self.field != "elsewhere" or set(self.one_of) <= set(duties())


@dataclass(frozen=True, slots=True)
class Understood:
    """What a draft's story says. ``problems``: kinds to choose from; ``quotes``: of each circumstance heard; ``firm``:
    the words that name a firm which the directory is searched for; ``day``: those that tell no whole date; ``printed``:
    what the photograph of a bill says beside it; ``is_told``: there is a story, in writing or spoken."""

    version: int
    lines: tuple[Line, ...]
    problems: tuple[str, ...]
    quotes: Mapping[str, str]
    firm: str
    day: str
    printed: tuple[Printed, ...] = ()
    is_told: bool = True

    def of(self, field: str) -> list[tuple[int, Line]]:
        """The lines of a field with their numbers."""
        return [(number, line) for number, line in enumerate(self.lines) if line.field == field]

    @property
    def is_telecom(self) -> bool:
        """Whether it seems to be about a carrier: decides what is asked for, and nothing else."""
        named = {name for _number, line in self.of("firm") for name in line.one_of}
        named |= {name for one in self.printed if one.field == "firm" for name in one.value.split("|")}
        return bool(named & carriers()) or any(code.startswith("telecom") for code in self.problems)


def carriers() -> set[str]:
    return {row.name for row in patterns().of("firms")}


def keep(draft: FilingDraft, text: str, *, now: datetime, today: date) -> None:
    """Keeps the story and what is heard in it; what was said to an earlier story is gone."""
    hear(draft, text, now=now, today=today)
    draft.step = HEARD
    drafts.touch(draft, now=now, fields=["data", "step"])


def hear(draft: FilingDraft, text: str, *, now: datetime, today: date) -> None:
    """As ``keep``, of a draft that is not saved."""
    take_back(draft)
    for name in ("statement", "report"):
        draft.data.get("problem", {}).pop(name, None)
    found = heard(text, today, home=places.local_code())
    found = [one for one in found if one.field != "region"] + _placed(found, draft)
    chosen = drafts.first(draft, "enterprise", "respondent")
    searched = "" if chosen else _searched(found, today=today)
    # Whom it is against was chosen, or is searched for: no line asks.
    found = [one for one in found if one.field != "firm" or not (chosen or searched)]
    if searched:
        draft.data.setdefault("enterprise", {})["query"] = [searched]
    doubted = heard_counts.doubted({one.field for one in found}, version=patterns().version, now=now)
    lines = [json.dumps(line, ensure_ascii=False) for line in _lines(found, doubted)]
    problems = [one.value for one in found if one.field == "problem" and one.value in categories.PROBLEM_LABELS]
    quotes = [json.dumps([one.field, one.quote], ensure_ascii=False) for one in found if one.field in CIRCUMSTANCES]
    draft.data[STORY] = {"text": [text]}
    draft.data[HEARD] = {"version": [str(patterns().version)], "line": lines, "problem": problems, "quote": quotes}
    draft.data[HEARD]["firm"] = [searched]
    draft.data[HEARD]["day"] = [one.quote for one in found if one.field == "day" and not _FULL_DAY.fullmatch(one.value)]
    for part in (SAID, OUTCOME):
        draft.data.pop(part, None)


def _placed(found: Iterable[Heard], draft: FilingDraft) -> list[Heard]:
    """The region that was heard, by its id; none where one was chosen already."""
    if drafts.first(draft, "enterprise", "service_region"):
        return []
    known = ((one, places.of_code(one.value)) for one in found if one.field == "region")
    return [replace(one, value=str(region.pk)) for one, region in known if region is not None]


def _searched(found: Iterable[Heard], *, today: date) -> str:
    """The name of a firm that is no carrier and that the directory has one of: which one is chosen from its list."""
    name = next((one.value for one in found if one.field == "firm"), "")
    if not name or set(name.split("|")) & carriers():
        return ""
    hits = find(name, on=today, limit=1)
    return name if hits and not hits[0].is_similar else ""


def _lines(found: Iterable[Heard], doubted: set[str]) -> list[tuple[str, str, str, bool]]:
    """At most MOST_LINES: another body, whom, where, what is asked, the day, where it was bought. A field that people
    confirm too seldom is not filled in; one that was only offered is left out, and is asked as ever."""
    shown = [
        one
        for name in ("elsewhere", "firm", "region", "demand", "day", "platform")
        for one in found
        if one.field == name and (name != "day" or _FULL_DAY.fullmatch(one.value))
    ]
    kept = [one for one in shown if one.sure or one.field not in doubted]
    return [(one.field, one.value, one.quote, one.sure and one.field not in doubted) for one in kept[:MOST_LINES]]


def understood(draft: FilingDraft) -> Understood:
    part = draft.data.get(HEARD, {})
    lines = [Line(*json.loads(line)) for line in part.get("line", [])]
    lines = [line for line in lines if line.is_known]
    told = {line.field for line in lines} | ({"firm"} if drafts.first(draft, HEARD, "firm") else set())
    return Understood(
        version=int(drafts.first(draft, HEARD, "version") or 0),
        lines=tuple(lines),
        printed=tuple(bills.asked(draft, said=draft.data.get(SAID, ()), heard=told)),
        is_told=bool(text_of(draft)) or "voice" in draft.data,
        problems=tuple(code for code in part.get("problem", []) if code in categories.PROBLEM_LABELS),
        quotes=dict(json.loads(pair) for pair in part.get("quote", [])),
        firm=drafts.first(draft, HEARD, "firm"),
        day=drafts.first(draft, HEARD, "day"),
    )


def text_of(draft: FilingDraft) -> str:
    return drafts.first(draft, STORY, "text")


def mark(draft: FilingDraft) -> str:
    """Tells this story from one that was told before or after it: answers to another one are not taken."""
    return hashlib.sha256(text_of(draft).encode()).hexdigest()[:16]


def take(
    draft: FilingDraft, answers: Mapping[str, Any], *, said: Mapping[str, list[str]], now: datetime, today: date
) -> None:
    """Puts what was confirmed into the parts, beside what was typed; takes back what an earlier answer had put there
    and nobody changed. ``answers``: the cleaned answers of the form; ``said``: as they were sent."""
    data = draft.data
    data[SAID] = dict(said)
    what = understood(draft)
    is_first, before = OUTCOME not in data, drafts.first(draft, OUTCOME, "report")
    report = answers.get(REPORT) or (BOTH if REPORT in answers.get("ask", ()) else "")
    take_back(draft)
    taken = taken_from(draft, what, answers, today=today)
    for step, values in taken.values.items():
        data.setdefault(step, {}).update(values)
    is_said = what.is_told and (REPORT not in what.quotes or bool(answers.get(REPORT)))
    if is_said and (is_first or _cut(report) != _cut(before) or "statement" not in data.get("problem", {})):
        # Where a report goes was decided (anew): what was written for another decision may not stay.
        ours, theirs = split(text_of(draft)) if report else (text_of(draft), "")
        data.setdefault("problem", {}).update(statement=[ours], report=[theirs if report in _SPLIT else ""])
    data[OUTCOME] = {
        "asked": [code for code in CIRCUMSTANCES if code in answers.get("ask", ())],
        "report": [report],
        "elsewhere": taken.elsewhere,
        "put": [json.dumps(item, ensure_ascii=False) for item in taken.items()],
        "counted": [json.dumps(pair) for pair in taken.counted],
    }
    drafts.touch(draft, now=now, fields=["data"])


def _cut(report: str) -> str:
    """What the firm reads is the same for both kinds of report."""
    return BOTH if report in _SPLIT else report


@dataclass
class Taken:
    """What follows from the answers. ``values``: part → field → values; ``counted``: (field, answer)."""

    values: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    elsewhere: list[str] = field(default_factory=list)
    counted: list[tuple[str, str]] = field(default_factory=list)

    def put(self, step: str, **values: str) -> None:
        self.values.setdefault(step, {}).update({name: [value] for name, value in values.items()})

    def items(self) -> list[tuple[str, str, list[str]]]:
        return [(step, name, value) for step, values in self.values.items() for name, value in values.items()]


def taken_from(draft: FilingDraft, what: Understood, answers: Mapping[str, Any], *, today: date) -> Taken:
    result = Taken()
    heard_in = [line.value for number, line in what.of("region") if answers.get(f"line_{number}") == YES]
    region = heard_in[0] if heard_in else drafts.first(draft, "enterprise", "service_region")
    for number, line in enumerate(what.lines):
        name, answer = line.value, answers.get(f"line_{number}") or ""
        if line.field == "firm" and len(line.one_of) > 1:
            name = answers.get("firm") or ""
            answer = name if name in ("", NO) else YES
        if line.field == "elsewhere" and answer in line.one_of:
            name, answer = answer, YES
        if line.field == "demand":
            result.counted.append(("demand", _said_to_demand(draft, line)))
        elif answer:
            result.counted.append((line.field, _ANSWERS[answer]))
            if answer == YES or (line.field == "platform" and answer == CHANGE):
                _put(result, line, number, name, answers, region=region, today=today)
    for one in what.printed:
        answer = answers.get(one.name) or ""
        value, answer = (answer, YES) if one.several and answer not in ("", NO) else (one.value, answer)
        if answer:
            result.counted.append((one.name, _ANSWERS[answer]))
        if answer == YES:
            _put_printed(result, one, value, region=region, is_telecom=what.is_telecom, today=today)
    problem = answers.get("problem") or ""
    if problem:
        is_right = problem in what.problems
        result.counted.append(("problem", _ANSWERS[YES if is_right else NO]))
        if is_right:
            result.put("problem", problem_category=problem)
    asked = result.values.get("enterprise", {}).get("query", [])
    if problem.startswith("telecom") or set(asked) & carriers():
        result.put("purchase", object_category=TELECOM)
    refund = drafts.first(draft, "demands", "amount_refund")
    if refund and "refund" in draft.data["demands"].get("demand", []):
        # What is asked back is in dispute, and more is where the bill says so.
        billed = result.values.get("purchase", {}).get("amount")
        if not billed or _is_more(refund, billed[0]):
            result.put("purchase", amount=refund)
    return result


def _is_more(typed: str, sum_: str) -> bool:
    """Whether this, as it was typed, is more than ``sum_``, or no sum at all."""
    try:
        return money(typed) > Decimal(sum_)
    except ValidationError:
        return True


def _put_printed(result: Taken, one: Printed, value: str, *, region: str, is_telecom: bool, today: date) -> None:
    """What was confirmed of a bill, into the part that it belongs to. Of a month its first day, as about that day."""
    if one.field == FIRM:
        result.put("enterprise", **_firm(value, region, today=today))
    elif one.field == NUMBER and is_telecom:
        result.put("problem", service_number=value)
    elif one.field == NUMBER:
        result.put("purchase", order_no=value)
    elif one.field == TOTAL:
        result.put("purchase", amount=value)
    elif _FULL_DAY.fullmatch(value):
        result.put("problem", disputed_on=value)
    else:
        result.put("problem", disputed_on=f"{value}-01", is_approximate="on")


def _said_to_demand(draft: FilingDraft, line: Line) -> str:
    kind, yuan = line.demand
    if kind not in draft.data.get("demands", {}).get("demand", []):
        return Answer.DENIED
    return Answer.CONFIRMED if drafts.first(draft, "demands", f"amount_{kind}") == yuan else Answer.CHANGED


def _put(
    result: Taken, line: Line, number: int, name: str, answers: Mapping[str, Any], *, region: str, today: date
) -> None:
    """What was confirmed of line ``number``, into the part that it belongs to. ``region``: where it happened."""
    if line.field == "firm":
        result.put("enterprise", **_firm(name, region, today=today))
    elif line.field == "region":
        result.put("enterprise", service_region=line.value)
    elif line.field == "day":
        result.put("problem", disputed_on=line.value)
    elif line.field == "platform":
        result.put("purchase", is_online="yes")
        is_as_heard = answers.get(f"line_{number}") == YES and line.value != "?"
        result.put("problem", place=line.value if is_as_heard else answers.get("platform") or "")
    else:
        result.elsewhere.append(name)


def _firm(name: str, region: str, *, today: date) -> dict[str, str]:
    """The firm by its name: picked in the directory where it is a carrier and the search is certain of it, else
    written down as it is called."""
    place = int(region) if region.isdecimal() and len(region) < 10 else None
    hits = find(name, on=today, region_id=place, limit=1) if name in carriers() else []
    if not hits or hits[0].is_similar:
        return {"query": name, "respondent": NAMED, "named": name}
    answers = hits[0].successor or hits[0].enterprise
    return {"query": name, "respondent": f"{answers.pk}-{hits[0].branch.pk if hits[0].branch else ''}-"}


def take_back(draft: FilingDraft) -> None:
    """Takes out of the parts what an earlier answer put there, but what was changed since."""
    for item in draft.data.get(OUTCOME, {}).get("put", []):
        step, name, values = json.loads(item)
        if draft.data.get(step, {}).get(name) == values:
            del draft.data[step][name]


def split(text: str) -> tuple[str, str]:
    """(what the firm may read, what speaks of a report), clause by clause, each as it was written."""
    rows = [row for row in patterns().of("circumstances") if row.code == REPORT]
    ours: list[str] = []
    theirs: list[str] = []
    for clause in _CLAUSE.findall(text):
        is_report = any(row.words.search(fold(clause).text) for row in rows)
        (theirs if is_report else ours).append(clause)
    return "".join(ours).strip(), "".join(theirs).strip("，。；,; \n")


def guides(draft: FilingDraft, *, today: date) -> list[Duty]:
    """What has to be told before the filing goes on: who else takes it, by what was confirmed, ticked or dated."""
    said = draft.data.get(OUTCOME, {})
    codes = [*said.get("elsewhere", []), *(_LEADS[code] for code in said.get("asked", []) if code in _LEADS)]
    if dates_of(draft, today=today).is_old:
        codes.append(OLD)
    if is_only_report(draft):
        codes.append("violation")
    return [duties()[code] for code in dict.fromkeys(codes) if code in duties()]


def dates_of(draft: FilingDraft, *, today: date) -> ProblemStep:
    """What was said of what went wrong, judged, for the days in it."""
    form = cast(ProblemStep, drafts.form_of(draft, ProblemStep.step, today=today, judged=True))
    form.is_valid()
    return form


def is_split(draft: FilingDraft) -> bool:
    """Whether a report was split off, which the person has to look over."""
    return drafts.first(draft, OUTCOME, "report") in _SPLIT


def is_only_report(draft: FilingDraft) -> bool:
    """Whether a report and no complaint was wanted."""
    return drafts.first(draft, OUTCOME, "report") == ONLY


def is_for_another(draft: FilingDraft) -> bool:
    return "another" in draft.data.get(OUTCOME, {}).get("asked", [])


def counted(draft: FilingDraft) -> list[tuple[str, str]]:
    """What was said to each finding, without text: (field, answer)."""
    return [tuple(json.loads(pair)) for pair in draft.data.get(OUTCOME, {}).get("counted", [])]
