"""The story that a filing begins with. What was heard in it lies in the draft, with the version of the patterns, until
the person has said 对, 改 or 不是 to each line; only then it goes into the steps. A step whose every answer was
confirmed is passed over; the check page shows it with the others."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from complaints.filing import drafts, heard_counts
from complaints.filing.forms import NAMED
from complaints.filing.steps import STEP_CODES, after
from complaints.listening.folding import fold
from complaints.listening.hearing import CIRCUMSTANCES, REPORT, Heard, heard
from complaints.listening.patterns import patterns
from complaints.models import HeardAnswer
from complaints.models.evidence import FilingDraft
from complaints.procedure import categories
from complaints.procedure.duties import Duty, duties
from enterprises.directory.finding import find

#: Where the draft keeps the story, what was heard in it, what was said to that, and what came of it.
STORY, HEARD, SAID, OUTCOME = "story", "heard", "said", "outcome"
MOST_LINES = 6
YES, CHANGE, NO = "yes", "change", "no"
BOTH, ONLY, NONE = "both", "only", "none"
#: A report was wanted: what speaks of it is kept from the firm, also where a complaint is filed all the same.
_SPLIT = (BOTH, ONLY)
#: The circumstances that lead elsewhere, and the row of duties that says where.
_LEADS = {"business": "business", "earlier": "handled"}
_FULL_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_CLAUSE = re.compile(r"[^，。；！？,;!?\n]*[，。；！？,;!?\n]*")
_ANSWERS = {YES: HeardAnswer.Answer.CONFIRMED, CHANGE: HeardAnswer.Answer.CHANGED, NO: HeardAnswer.Answer.DENIED}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was heard: asked as 对, 改, 不是. ``is_filled``: 对 is chosen already."""

    field: str
    value: str
    quote: str
    is_filled: bool

    @property
    def firms(self) -> list[str]:
        """The names one of which is meant."""
        return self.value.split("|")

    @property
    def demand(self) -> tuple[str, str]:
        """(kind, sum in yuan or nothing)."""
        kind, _colon, yuan = self.value.partition(":")
        return kind, yuan


@dataclass(frozen=True, slots=True)
class Understood:
    """What a draft's story says. ``problems``: kinds to choose from; ``quotes``: of each circumstance heard."""

    version: int
    lines: tuple[Line, ...]
    problems: tuple[str, ...]
    quotes: Mapping[str, str]

    @property
    def asks_where(self) -> bool:
        """Whether the region decides which branch of a firm is meant."""
        return any(line.field == "firm" and set(line.firms) & carriers() for line in self.lines)


def carriers() -> set[str]:
    return {row.name for row in patterns().of("firms")}


def keep(draft: FilingDraft, text: str, *, now: datetime, today: date) -> None:
    """Keeps the story and what is heard in it; what was said to an earlier story is gone."""
    found = heard(text, today)
    doubted = heard_counts.doubted({one.field for one in found}, version=patterns().version)
    lines = [json.dumps(line, ensure_ascii=False) for line in _lines(found, doubted)]
    problems = [one.value for one in found if one.field == "problem" and one.value in categories.PROBLEM_LABELS]
    quotes = [json.dumps([one.field, one.quote], ensure_ascii=False) for one in found if one.field in CIRCUMSTANCES]
    _take_back(draft)
    draft.data[STORY] = {"text": [text]}
    draft.data[HEARD] = {"version": [str(patterns().version)], "line": lines, "problem": problems, "quote": quotes}
    for part in (SAID, OUTCOME):
        draft.data.pop(part, None)
    drafts.touch(draft, now=now, fields=["data"])


def _lines(found: Iterable[Heard], doubted: set[str]) -> list[tuple[str, str, str, bool]]:
    """At most MOST_LINES: another body, whom, what is asked, the day, where it was bought. A field that people confirm
    too seldom is not filled in; one that was only offered is left out, and its step asks as ever."""
    shown = [
        one
        for name in ("elsewhere", "firm", "demand", "day", "platform")
        for one in found
        if one.field == name and (name != "day" or _FULL_DAY.fullmatch(one.value))
    ]
    kept = [one for one in shown if one.sure or one.field not in doubted]
    return [(one.field, one.value, one.quote, one.sure and one.field not in doubted) for one in kept[:MOST_LINES]]


def understood(draft: FilingDraft) -> Understood:
    part = draft.data.get(HEARD, {})
    return Understood(
        version=int(drafts.first(draft, HEARD, "version") or 0),
        lines=tuple(Line(*json.loads(line)) for line in part.get("line", [])),
        problems=tuple(part.get("problem", [])),
        quotes=dict(json.loads(pair) for pair in part.get("quote", [])),
    )


def text_of(draft: FilingDraft) -> str:
    return drafts.first(draft, STORY, "text")


def mark(draft: FilingDraft) -> str:
    """Tells this story from one that was told before or after it: answers to another one are not taken."""
    return hashlib.sha256(text_of(draft).encode()).hexdigest()[:16]


def take(
    draft: FilingDraft, answers: Mapping[str, Any], *, said: Mapping[str, list[str]], now: datetime, today: date
) -> None:
    """Puts what was confirmed into the steps, and takes back what an earlier answer had put there and nobody changed.
    ``answers``: the cleaned answers of the form; ``said``: as they were sent."""
    what, data = understood(draft), draft.data
    is_first, report_before = OUTCOME not in data, drafts.first(draft, OUTCOME, "report")
    taken = _taken(what, answers, today=today)
    report = answers.get(REPORT) or (BOTH if REPORT in answers.get("ask", ()) else NONE)
    statement, violation = split(text_of(draft)) if report in _SPLIT else (text_of(draft), "")
    taken.put("problem", statement=statement, report=violation)
    _take_back(draft)
    if is_first or (report in _SPLIT) != (report_before in _SPLIT):
        # Where a report goes was decided anew: what was written for the other decision may not stay.
        for name in ("statement", "report"):
            data.get("problem", {}).pop(name, None)
    for step, values in taken.values.items():
        data[step] = values | data.get(step, {})
    data[SAID] = dict(said)
    data[OUTCOME] = {
        "filled": sorted(taken.filled),
        "passed": sorted({"enterprise", "problem", "demands"} & taken.filled - taken.unsure),
        "asked": [code for code in CIRCUMSTANCES if code in answers.get("ask", ())],
        "report": [report],
        "elsewhere": taken.elsewhere,
        "put": [json.dumps(item, ensure_ascii=False) for item in taken.items()],
    }
    if is_first:
        heard_counts.note(taken.counted, version=what.version, now=now)
    drafts.touch(draft, now=now, fields=["data"])


@dataclass
class _Taken:
    """What follows from the answers. ``values``: step → field → values; ``filled``: steps that show something heard;
    ``unsure``: those of them with something to be changed."""

    values: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    elsewhere: list[str] = field(default_factory=list)
    counted: list[tuple[str, HeardAnswer.Answer]] = field(default_factory=list)

    def put(self, step: str, **values: str) -> None:
        self.values.setdefault(step, {}).update({name: [value] for name, value in values.items()})

    def items(self) -> Iterator[tuple[str, str, list[str]]]:
        for step, values in self.values.items():
            for name, value in values.items():
                yield step, name, value


def _taken(what: Understood, answers: Mapping[str, Any], *, today: date) -> _Taken:
    result = _Taken()
    for number, line in enumerate(what.lines):
        name, answer = line.value, answers.get(f"line_{number}") or ""
        if line.field == "firm" and len(line.firms) > 1:
            name = answers.get("firm") or ""
            answer = name if name in ("", NO) else YES
        if not answer:
            continue
        result.counted.append((line.field, _ANSWERS[answer]))
        if answer != NO:
            step = _put(result, line, name, answers, today=today)
            result.filled |= {step} - {""}
            result.unsure |= {step} if answer == CHANGE else set()
    problem = answers.get("problem") or ""
    if problem:
        is_right = problem in what.problems
        result.counted.append(("problem", _ANSWERS[YES if is_right else NO]))
        if is_right:
            result.put("problem", problem_category=problem)
            result.filled.add("problem")
    asked = result.values.get("enterprise", {}).get("query", [])
    if problem.startswith("telecom") or set(asked) & carriers():
        result.put("purchase", object_category="service.telecom")
        result.filled.add("purchase")
    return result


def _put(result: _Taken, line: Line, name: str, answers: Mapping[str, Any], *, today: date) -> str:
    """Into the step that asks for it; returns which."""
    if line.field == "firm":
        result.put("enterprise", **_firm(name, answers.get("service_region") or "", today=today))
        return "enterprise"
    if line.field == "demand":
        kind, yuan = line.demand
        result.values.setdefault("demands", {}).setdefault("demand", []).append(kind)
        if yuan and categories.DEMAND_BY_CODE[kind].asks_amount:
            result.put("demands", **{f"amount_{kind}": yuan})
            if kind == "refund":
                result.put("purchase", amount=yuan)
                result.filled.add("purchase")
        return "demands"
    if line.field == "day":
        result.put("problem", disputed_on=line.value)
        return "problem"
    if line.field == "platform":
        result.put("purchase", is_online="yes")
        result.put("problem", place=answers.get("platform") or line.value.replace("?", ""))
        return "purchase"
    result.elsewhere.append(line.value)
    return ""


def _firm(name: str, region: str, *, today: date) -> dict[str, str]:
    """The firm by its name: picked in the directory where it is a carrier and the search is certain of it, written down
    as it is called where nothing is found, else looked for."""
    place = int(region) if region.isdecimal() else None
    values = {"query": name, **({"service_region": region} if place else {})}
    hits = find(name, on=today, region_id=place, limit=1)
    if not hits:
        values |= {"respondent": NAMED, "named": name}
    elif name in carriers() and not hits[0].is_similar:
        hit = hits[0]
        answers = hit.successor or hit.enterprise
        values["respondent"] = f"{answers.pk}-{hit.branch.pk if hit.branch else ''}-"
    return values


def _take_back(draft: FilingDraft) -> None:
    """Takes out of the steps what an earlier answer put there, but what was changed since."""
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


def guides(draft: FilingDraft) -> list[Duty]:
    """What has to be told before the filing goes on: who else takes it, by what was confirmed or ticked."""
    said = draft.data.get(OUTCOME, {})
    codes = [*said.get("elsewhere", []), *(_LEADS[code] for code in said.get("asked", []) if code in _LEADS)]
    if said.get("report") == [ONLY]:
        codes.append("violation")
    return [duties()[code] for code in dict.fromkeys(codes) if code in duties()]


def is_split(draft: FilingDraft) -> bool:
    """Whether a report was split off, which the person has to look over."""
    return drafts.first(draft, OUTCOME, "report") in _SPLIT


def is_for_another(draft: FilingDraft) -> bool:
    return "another" in draft.data.get(OUTCOME, {}).get("asked", [])


def is_unanswered(draft: FilingDraft) -> bool:
    """Whether a story lies there to whose lines nothing was said yet."""
    return HEARD in draft.data and OUTCOME not in draft.data


def is_filled(draft: FilingDraft, step: str) -> bool:
    """Whether this step shows what was heard and has not been passed yet."""
    return step in draft.data.get(OUTCOME, {}).get("filled", [])


def passed(draft: FilingDraft, step: str, *, now: datetime) -> None:
    """The person sent this step: what stands there is their own."""
    if is_filled(draft, step):
        draft.data[OUTCOME]["filled"].remove(step)
        drafts.touch(draft, now=now, fields=["data"])


def first_step(draft: FilingDraft, *, today: date) -> str:
    return _unanswered_from(draft, STEP_CODES[0], today=today)


def step_after(draft: FilingDraft, step: str, *, today: date) -> str:
    """The next step that is to be answered; those that were confirmed whole are passed over."""
    return _unanswered_from(draft, after(step), today=today)


def _unanswered_from(draft: FilingDraft, step: str, *, today: date) -> str:
    confirmed = draft.data.get(OUTCOME, {}).get("passed", [])
    while step in confirmed and drafts.form_of(draft, step, today=today, judged=True).is_valid():
        step = after(step)
    return step
