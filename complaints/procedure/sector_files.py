"""The sectors, each read from one file in the folder `sectors/`: its categories, problems, questions, causes, bodies.

`general.toml` has what is common to all. A word in a file is a message of the catalogues, as in Python. A file that
cannot be used is refused whole, by file and key: SectorProblem. How to add a sector: docs/how-to/sector.md."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from complaints.procedure.duties import duties
from complaints.procedure.filing_request import NOT_FOR_QUESTIONS
from complaints.procedure.toml_table import TomlProblem, TomlTable
from complaints.procedure.urgency import URGENT

Word = str | Promise

FOLDER = Path(__file__).with_name("sectors")
#: The file of what is common to all.
GENERAL = "general"
GOODS, SERVICE = "goods", "service"
QUESTION_KINDS = ("text", "long_text", "day", "choice")
VERDICTS = ("yes", "but", "elsewhere")
#: A code: words of small letters and digits, joined by dots. The columns that keep one hold 60 characters at most.
_CODE = re.compile(r"^[a-z0-9_]+(\.[a-z0-9_]+)*$")
_LONGEST = {"code": 30, "categories": 60, "kinds": 60, "demands": 40, "causes": 30, "bodies": 30, "list": 30}


class SectorProblem(TomlProblem):
    """A file of a sector cannot be used; says which file, which key and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One line of a list. `is_active`: still offered; a code that is not keeps its words. `urgent`: why a complaint of
    this kind of problem is urgent (urgency.URGENT), or empty."""

    code: str
    label: Word
    is_active: bool = True
    urgent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandKind(Kind):
    """`asks_amount`: the demand is for money, so a sum is needed. `for_goods`: offered first for goods. `kept_by`: the
    kind of obligation that a grant of it begins with."""

    hint: Word = ""
    asks_amount: bool = False
    for_goods: bool = False
    kept_by: str = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Kind):
    """`usual_for`: problems, or how their codes begin, for which the cause is shown first."""

    usual_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemGroup:
    name: Word
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Who else may be the right one. Without a `name` only “Is this the right place?” names it, by its `office`.
    `has_duty`: a refusal may name it as who has the duty. `in_documents`: Chinese, on statutory documents."""

    code: str
    name: Word = ""
    phone: str = ""
    has_duty: bool = True
    in_documents: str = ""
    office: Word = ""
    web: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of the filing that only this sector asks.

    A text is kept in the record as `consumer_<code>`, a day or a choice in `Complaint.facts` under its code.
    `is_identifier`: the number of a contract or a line; cases with the same one are found by it, and it is masked like
    a phone. `about`: for programs, in English."""

    code: str
    kind: str
    name: Word
    short: Word
    help: Word = ""
    why: Word = ""
    about: str = ""
    longest: int = 0
    required: bool = False
    is_identifier: bool = False
    may_be_ahead: bool = False
    choices: tuple[Kind, ...] = ()

    @property
    def is_text(self) -> bool:
        return self.kind in ("text", "long_text")

    @property
    def text_kind(self) -> str:
        """The kind of its text in the record."""
        return f"consumer_{self.code}"

    def choice_label(self, code: str) -> str:
        """What the answer is called; one that the list does not know is shown as it is."""
        return next((str(choice.label) for choice in self.choices if choice.code == code), code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """Up to so many months after the consumer knew; `problems`: for these, or those that begin so; none: for all."""

    months: int
    why: Word
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """Where the consumer may go next in this sector: `way` on the page of a closed case, `notice` in its letter."""

    body: str
    way: Word
    notice: Word
    within: tuple[Within, ...]

    def limit(self, problem: str) -> Within:
        """How long, for this kind of problem: the first line that fits."""
        return next(one for one in self.within if not one.problems or begins_with(problem, one.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """Its answer to “which kind of goods or service” of “Is this the right place?”. `verdict`: one of VERDICTS."""

    code: str
    label: Word
    hint: Word = ""
    verdict: str = "yes"
    bodies: tuple[str, ...] = ()
    reason: Word = ""
    law: Word = ""
    next_step: Word = ""
    category: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sector:
    """One file. `also_for`: categories of others for which its questions and problems are offered too. `usual_causes`:
    causes of other files → problems of this sector for which they are shown first."""

    file: str
    code: str
    name: Word
    order: int
    is_active: bool
    categories: tuple[Kind, ...]
    also_for: tuple[str, ...]
    problems: tuple[ProblemGroup, ...]
    questions_title: Word
    questions: tuple[Question, ...]
    asks_when_noticed: bool
    demands: tuple[DemandKind, ...]
    causes: tuple[Cause, ...]
    usual_causes: dict[str, tuple[str, ...]]
    bodies: tuple[Body, ...]
    appeals: tuple[Appeal, ...]
    trades: tuple[Trade, ...]

    @property
    def problem_kinds(self) -> tuple[Kind, ...]:
        return tuple(kind for group in self.problems for kind in group.kinds)

    def has(self, category: str) -> bool:
        """Whether the category is this sector's own."""
        return any(kind.code == category for kind in self.categories)

    def is_asked_for(self, category: str) -> bool:
        """Whether its questions and problems are offered for this category."""
        return self.has(category) or category in self.also_for


def begins_with(code: str, starts: Iterable[str]) -> bool:
    """`telecom.fees` is the beginning of itself and of `telecom.fees.excess_data`, not of `telecom.feeses`."""
    return any(code == start or code.startswith(f"{start}.") for start in starts)


@cache
def sectors() -> tuple[Sector, ...]:
    """All sectors in their order, the general one last. Read once."""
    return read(FOLDER)


def read(folder: Path) -> tuple[Sector, ...]:
    """The sectors of a folder in their order, the general one last; SectorProblem says what is wrong first."""
    results = [_sector(path) for path in sorted(folder.glob("*.toml"))]
    if not any(sector.code == GENERAL for sector in results):
        raise SectorProblem(f"{folder}: {GENERAL}.toml is missing")
    results.sort(key=lambda sector: (sector.code == GENERAL, sector.order, sector.code))
    _check(results)
    return tuple(results)


def _sector(path: Path) -> Sector:
    top = TomlTable.of_file(path, problem=SectorProblem)
    code = _code(top, "code")
    if code != path.stem:
        raise top.fail("code", f"must be {path.stem!r}, the name of the file")
    asked, usual = top.table("questions"), top.table("usual_causes")
    made = Sector(
        file=path.name,
        code=code,
        name=_word(top, "name", needed=True),
        order=top.take("order", int, 50),
        is_active=top.flag("active", default=True),
        categories=top.each("categories", partial(_kind, of="categories")),
        also_for=top.texts("also_for"),
        problems=top.each("problems", _group),
        questions_title=_word(asked, "title", needed=bool(asked.raw)),
        asks_when_noticed=asked.flag("when_noticed"),
        questions=asked.each("list", _question),
        demands=top.each("demands", _demand),
        causes=top.each("causes", _cause),
        usual_causes={code: usual.texts(code) for code in list(usual.raw)},
        bodies=top.each("bodies", _body),
        appeals=top.each("appeals", _appeal),
        trades=top.each("trades", _trade),
    )
    asked.done()
    top.done()
    return made


def _word(table: TomlTable, key: str, *, needed: bool = False, context: str = "") -> Word:
    """A message of the catalogues; of the empty one they would give their own heading."""
    text = table.text(key, needed=needed)
    if not text:
        return ""
    return pgettext_lazy(context, text) if context else gettext_lazy(text)


def _code(table: TomlTable, key: str, of: str = "code") -> str:
    code = table.text(key, needed=True)
    if not _CODE.match(code):
        raise table.fail(key, f"{code!r} is no code: small letters, digits, _ and dots between words")
    if len(code) > _LONGEST[of]:
        raise table.fail(key, f"{code!r} is longer than {_LONGEST[of]} characters")
    return code


def _kind(table: TomlTable, of: str) -> Kind:
    result = Kind(
        code=_code(table, "code", of),
        label=_word(table, "name", needed=True),
        is_active=table.flag("active", default=True),
        urgent=table.text("urgent") if of == "kinds" else "",
    )
    if result.urgent and result.urgent not in URGENT:
        raise table.fail("urgent", f"{result.urgent!r} is none of {', '.join(URGENT)}")
    if of == "categories" and result.code.partition(".")[0] not in (GOODS, SERVICE):
        raise table.fail("code", f"{result.code!r} must begin with {GOODS}. or {SERVICE}.")
    return result


def _group(table: TomlTable) -> ProblemGroup:
    return ProblemGroup(name=_word(table, "group", needed=True), kinds=table.each("kinds", partial(_kind, of="kinds")))


def _demand(table: TomlTable) -> DemandKind:
    return DemandKind(
        code=_code(table, "code", "demands"),
        label=_word(table, "name", needed=True),
        is_active=table.flag("active", default=True),
        hint=_word(table, "hint"),
        asks_amount=table.flag("money"),
        for_goods=table.flag("goods"),
        kept_by=table.text("kept_by", "other"),
    )


def _cause(table: TomlTable) -> Cause:
    return Cause(
        code=_code(table, "code", "causes"),
        label=_word(table, "name", needed=True, context="root_cause"),
        is_active=table.flag("active", default=True),
        usual_for=table.texts("usual_for"),
    )


def _body(table: TomlTable) -> Body:
    name = _word(table, "name", context="body")
    return Body(
        code=_code(table, "code", "bodies"),
        name=name,
        phone=table.text("phone"),
        has_duty=table.flag("duty", default=bool(name)),
        in_documents=table.text("in_documents"),
        office=_word(table, "office", needed=not name),
        web=table.text("web"),
    )


def _question(table: TomlTable) -> Question:
    code, kind = _code(table, "code", "list"), table.text("kind", needed=True)
    if kind not in QUESTION_KINDS:
        raise table.fail("kind", f"{kind!r} is none of {', '.join(QUESTION_KINDS)}")
    if code in NOT_FOR_QUESTIONS or "." in code:
        raise table.fail("code", f"{code!r} is taken by the form itself, or has a dot")
    text = table.text("name", needed=True)
    result = Question(
        code=code,
        kind=kind,
        name=gettext_lazy(text),
        short=_word(table, "short") or gettext_lazy(text),
        help=_word(table, "help"),
        why=_word(table, "why"),
        about=table.text("about"),
        longest=table.take("longest", int, 0),
        required=table.flag("required"),
        is_identifier=table.flag("is_identifier"),
        may_be_ahead=table.flag("may_be_ahead"),
        choices=table.each("choices", partial(_kind, of="list")),
    )
    if result.is_text != (result.longest > 0):
        raise table.fail("longest", "says how many characters a text may have, and nothing else has it")
    if (kind == "choice") != bool(result.choices):
        raise table.fail("choices", "are what a choice is made of, and nothing else has them")
    if result.is_identifier and kind != "text":
        raise table.fail("is_identifier", "is only for a text")
    return result


def _appeal(table: TomlTable) -> Appeal:
    result = Appeal(
        body=table.text("body", needed=True),
        way=_word(table, "way", needed=True),
        notice=_word(table, "notice", needed=True),
        within=table.each("within", _within),
    )
    if not result.within or result.within[-1].problems:
        raise table.fail("within", "needs a last line without problems: for all others")
    return result


def _within(table: TomlTable) -> Within:
    result = Within(
        months=table.take("months", int, 0), why=_word(table, "why", needed=True), problems=table.texts("problems")
    )
    if result.months < 1:
        raise table.fail("months", "must be 1 or more")
    return result


def _trade(table: TomlTable) -> Trade:
    verdict = table.text("verdict", "yes")
    if verdict not in VERDICTS:
        raise table.fail("verdict", f"{verdict!r} is none of {', '.join(VERDICTS)}")
    code = table.text("duty")
    if code:
        # A matter of another body: what is told stands in the table of duties.
        if code not in duties():
            raise table.fail("duty", f"{code!r} is none of {', '.join(duties())}")
        duty = duties()[code]
        told: dict[str, Any] = {"bodies": duty.bodies, "reason": duty.reason, "law": duty.law}
        told["next_step"] = duty.next_step
    else:
        # Whoever is told to look elsewhere, or to know something first, is told why, by which law, and what to do.
        told = {key: _word(table, key, needed=verdict != "yes") for key in ("reason", "law", "next_step")}
        told["bodies"] = table.texts("bodies")
    return Trade(
        code=_code(table, "code"),
        label=_word(table, "label", needed=True),
        hint=_word(table, "hint"),
        verdict=verdict,
        category=table.text("category"),
        **told,
    )


def _check(results: list[Sector]) -> None:
    """What one file says of another, or of itself, is there; each code is there once."""
    categories = _once(results, "categories", lambda one: (kind.code for kind in one.categories))
    problems = _once(results, "problems", lambda one: (kind.code for kind in one.problem_kinds))
    _once(results, "demands", lambda one: (kind.code for kind in one.demands))
    causes = _once(results, "causes", lambda one: (cause.code for cause in one.causes))
    bodies = _once(results, "bodies", lambda one: (body.code for body in one.bodies))
    _once(results, "questions", lambda one: (question.code for question in one.questions))
    _once(results, "trades", lambda one: (trade.code for trade in one.trades))
    for sector in results:

        def refuse(key: str, reason: str, file: str = sector.file) -> SectorProblem:
            return SectorProblem(f"{file}: {key}: {reason}")

        for code in sector.also_for:
            if code not in categories:
                raise refuse("also_for", f"no category {code!r}")
        for kind in sector.problem_kinds:
            if sector.code != GENERAL and not kind.code.startswith(f"{sector.code}."):
                raise refuse("problems", f"{kind.code!r} must begin with {sector.code}.")
        usual = [*((c.code, c.usual_for) for c in sector.causes), *sector.usual_causes.items()]
        for code, starts in usual:
            if code not in causes:
                raise refuse("usual_causes", f"no cause {code!r}")
            for start in starts:
                _known_start(start, problems, refuse("causes", f"no problem is or begins with {start!r}"))
        for appeal in sector.appeals:
            if appeal.body not in bodies:
                raise refuse("appeals", f"no body {appeal.body!r}")
            for one in appeal.within:
                for start in one.problems:
                    _known_start(start, problems, refuse("appeals", f"no problem is or begins with {start!r}"))
        for trade in sector.trades:
            for body in trade.bodies:
                if body not in bodies:
                    raise refuse("trades", f"no body {body!r}")
            if trade.category and trade.category not in categories:
                raise refuse("trades", f"no category {trade.category!r}")


def _known_start(start: str, problems: Iterable[str], problem: SectorProblem) -> None:
    if not any(begins_with(code, [start]) for code in problems):
        raise problem


def _once(results: list[Sector], key: str, codes_of: Callable[[Sector], Iterator[str]]) -> frozenset[str]:
    seen: dict[str, str] = {}
    for sector in results:
        for code in codes_of(sector):
            if code in seen:
                raise SectorProblem(f"{sector.file}: {key}: {code!r} stands in {seen[code]} already")
            seen[code] = sector.file
    return frozenset(seen)
