"""What one line of a filled-in table means: which step, with which words.

A problem names the column as the heading writes it; values may be written as codes or in the words of
either language. Whether the step may be taken is judged by the verb alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.keys import sealed_fields
from complaints import wording
from complaints.handling import Move, WrongInput
from complaints.handling.steps import enterprise, offers
from complaints.handling.transition import saying
from complaints.models import Demand
from complaints.tables.exporting.columns import CHOICES, COLUMNS, MOST_DEMANDS, labels_for
from complaints.tables.many_cases import ShortAnswer, offer_of
from complaints.tables.sheets import SheetRefused
from enterprises.models import Staff
from web.incoming import whole

NEEDED = ("number", "step")
_OF_A_DEMAND = ("answer", "amount", "reason", "by", "due")
#: The cells that a step reads.
_READ = {
    "accept_case": ("to_handler",),
    "assign": ("to_handler",),
    "log_contact": ("contact_channel", "contact_at", "contact_reached", "contact_note"),
    "make_offer": (*(f"{kind}_{n}" for n in range(1, MOST_DEMANDS + 1) for kind in _OF_A_DEMAND), "offer_message"),
    "report_performed": ("obligations", "performed_by", "proof"),
}
#: Cells that only somebody who wants something fills in.
FILLED_IN = frozenset(code for codes in _READ.values() for code in codes)
_YES = {"yes", "true", "1", "是", "联系上了", "已联系上", "接通"}
_NO = {"no", "false", "0", "否", "没有联系上", "未联系上", "未接通"}
_PROMISE = re.compile(r"promise-(\d+)-(\w+)")
_ANSWER = re.compile(r"(answer|amount|reason)-(\d+)")
_FIELDS = {
    "handler": "to_handler",
    "at": "contact_at",
    "note": "contact_note",
    "reached": "contact_reached",
    "message": "offer_message",
    "obligations": "obligations",
    "proof": "proof",
}


def heading(cells: Sequence[str]) -> dict[int, str]:
    """Place of a cell → code of its column; columns that are not ours are left out. Raises SheetRefused."""
    known = _titles()
    result: dict[int, str] = {}
    for place, cell in enumerate(cells):
        code = known.get(cell.strip().casefold())
        if code is None:
            continue
        if code in result.values():
            raise SheetRefused(_("“%(column)s”这一列出现了两次。") % {"column": title_of(code)})
        result[place] = code
    missing = [title_of(code) for code in NEEDED if code not in result.values()]
    if missing:
        raise SheetRefused(
            _("第一行里没有这些列：%(columns)s。请用下载的表格填写，不要改第一行。")
            % {"columns": str(_("、")).join(missing)}
        )
    return result


def title_of(code: str) -> str:
    return str(COLUMNS[code].title) if code in COLUMNS else code


@cache
def _titles() -> dict[str, str]:
    result: dict[str, str] = {}
    ours = {code: column for code, column in COLUMNS.items() if column.comes_back or code in NEEDED}
    for language, _name in settings.LANGUAGES:
        with override(language):
            result |= {str(column.title).casefold(): code for code, column in ours.items()}
    return result | {code: code for code in ours}


@cache
def _labels(kind: str) -> dict[str, str]:
    codes = CHOICES[kind]
    result = {code: code for code in codes}
    for language, _name in settings.LANGUAGES:
        with override(language):
            result |= {wording.label(code, kind=kind).casefold(): code for code in codes}
            if kind == "step":
                result |= {wording.action(code).casefold(): code for code in codes}
    return result


def code_of(text: str, kind: str, column: str) -> str:
    """The code of a word. Raises WrongInput that names the column and what could stand there."""
    code = _labels(kind).get(text.strip().casefold())
    if code is None:
        could_be = str(_("、")).join(labels_for(kind))
        raise WrongInput("bad_choice", _("请填其中之一：%(words)s") % {"words": could_be}, field=column)
    return code


def read_by(step: str, cells: Mapping[str, str]) -> dict[str, str]:
    """The cells that this step reads and that are filled in."""
    return {code: cells[code] for code in _READ[step] if cells.get(code)}


def key_of(
    enterprise_id: int, number: str, version: str, step: str, values: Mapping[str, str], *, digest: str, line: int
) -> str:
    """The same wish has the same key in whatever file it stands; without a version it is this line of this file."""
    place = () if version else (digest, line)
    what = json.dumps([enterprise_id, number, version, step, sorted(values.items()), place], ensure_ascii=False)
    return hashlib.sha256(what.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Who may be named as a handler: by e-mail, by number, or by a name that only one of them has."""

    by_word: Mapping[str, int | None]

    @classmethod
    def of(cls, staff: Iterable[Staff]) -> Colleagues:
        people = list(staff)
        sealed_fields.load_for(person.user for person in people)
        result: dict[str, int | None] = {}
        for person in people:
            for word in {person.user.email or "", person.user.name, person.number} - {""}:
                known = word.casefold()
                result[known] = None if result.get(known, person.pk) != person.pk else person.pk
        return cls(result)

    def find(self, text: str) -> int:
        word = text.strip().casefold()
        if not word:
            raise WrongInput("missing", _("请填写由谁处理。"), field="to_handler")
        result = self.by_word.get(word)
        if result is None and word in self.by_word:
            raise WrongInput("bad_choice", _("有几位同名的人员，请改用工号或者邮箱。"), field="to_handler")
        if result is None:
            raise WrongInput("bad_choice", _("请选一位在岗的处理人员。"), field="to_handler")
        return result


def move_of(
    step: str,
    values: Mapping[str, str],
    *,
    demands: Sequence[Demand],
    due: Sequence[int],
    colleagues: Colleagues,
    handler: int | None = None,
) -> Move:
    """The move of a line. ``demands``: the open ones of its case; ``due``: numbers of what the enterprise still owes;
    ``handler``: who has the case now, and keeps it if the line names nobody else.

    Raises WrongInput whose field is the code of a column.
    """
    try:
        if step in ("accept_case", "assign"):
            verb = enterprise.accept_case if step == "accept_case" else enterprise.assign
            named = values.get("to_handler", "")
            stays = step == "accept_case" and handler is not None and not named
            return verb(handler_id=handler if stays else colleagues.find(named))
        if step == "log_contact":
            return _contact(values)
        if step == "report_performed":
            return enterprise.report_performed(
                obligations=_ordinals(values.get("obligations", ""), due),
                proof=values.get("proof", ""),
                channel=values.get("performed_by", "")[:60],
            )
        shorts = _shorts(values, demands)
        answers, promises = offer_of(shorts)
        return offers.make_offer(answers=answers, promises=promises, message=values.get("offer_message", ""))
    except WrongInput as wrong:
        raise WrongInput(wrong.code, wrong.reason, field=column_of(step, wrong.field, values, demands)) from None


def column_of(step: str, name: str, values: Mapping[str, str], demands: Sequence[Demand]) -> str:
    """The column of a field of the verb; itself where it is a column already, empty where there is none."""
    if name in COLUMNS:
        return name
    if result := _ANSWER.fullmatch(name):
        return f"{result[1]}_{result[2]}"
    if result := _PROMISE.fullmatch(name):
        promised = [
            d.ordinal
            for d in demands
            if values.get(f"by_{d.ordinal}")
            and values.get(f"answer_{d.ordinal}")
            and _labels("verdict").get(values[f"answer_{d.ordinal}"].strip().casefold()) != "refuse"
        ]
        place = int(result[1]) - 1
        kind = {"amount": "amount", "due_on": "due"}.get(result[2], "by")
        return f"{kind}_{promised[place]}" if place < len(promised) else "by_1"
    if name == "channel":
        return "contact_channel" if step == "log_contact" else "performed_by"
    return _FIELDS.get(name, "")


#: Letters of what is wrong with a line, without the last words.
LONGEST_PROBLEM = 270


class _Problems:
    """What is wrong with the cells of one line, all of it."""

    def __init__(self) -> None:
        self.found: list[WrongInput] = []

    @contextmanager
    def each(self) -> Iterator[None]:
        """A cell that cannot be read; the next ones are read all the same."""
        try:
            yield
        except WrongInput as wrong:
            self.found.append(wrong)

    def tell(self) -> None:
        """Raises WrongInput where there is something: of the first column, with the others behind it by name."""
        if not self.found:
            return
        first, *others = self.found
        text = str(first.reason)
        for n, one in enumerate(others):
            line = _("%(column)s：%(problem)s") % {"column": title_of(one.field), "problem": one.reason}
            left = len(others) - n
            if len(text) + len(line) > LONGEST_PROBLEM:
                text += " " + ngettext("还有%(n)s处有问题。", "还有%(n)s处有问题。", left) % {"n": left}
                break
            text += f" {line}"
        raise WrongInput(first.code, text, field=first.field)


def _contact(values: Mapping[str, str]) -> Move:
    problems, channel, at = _Problems(), "", None
    with problems.each():
        channel = code_of(values.get("contact_channel", ""), "contact_channel", "contact_channel")
    with problems.each():
        at = _moment(values.get("contact_at", ""))
    reached = values.get("contact_reached", "").strip().casefold()
    with problems.each():
        if reached not in _YES | _NO:
            raise WrongInput("bad_choice", _("请填“是”或者“否”。"), field="contact_reached")
    problems.tell()
    return enterprise.log_contact(channel=channel, reached=reached in _YES, note=values.get("contact_note", ""), at=at)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"):
        try:
            at = datetime.strptime(text.strip(), form)  # noqa: DTZ007
        except ValueError:
            continue
        if at.year >= 2000:
            return timezone.make_aware(at)
    raise WrongInput("bad_moment", _("时间请写成 2026-12-02 15:30 这样。"), field="contact_at")


def _ordinals(text: str, due: Sequence[int]) -> list[int]:
    """Numbers of obligations; none named means all that are still owed."""
    if not text:
        return list(due)
    parts = [part for part in re.split(r"[\s,，、;；]+", text) if part]
    numbers = [number for part in parts if (number := whole(part, 4)) is not None]
    if len(numbers) < len(parts):
        raise WrongInput("bad_number", _("请填约定的序号，例如 1、2。"), field="obligations")
    return numbers


def _shorts(values: Mapping[str, str], demands: Sequence[Demand]) -> list[ShortAnswer]:
    results, problems = list[ShortAnswer](), _Problems()
    wanted = {d.ordinal for d in demands}
    for code in values:
        kind, _dash, place = code.rpartition("_")
        if kind in _OF_A_DEMAND and int(place) not in wanted:
            text = _("这件投诉没有第%(n)s项待答复的要求。") % {"n": place}
            problems.found.append(WrongInput("bad_choice", text, field=code))
    for demand in demands:
        if demand.ordinal > MOST_DEMANDS:
            raise WrongInput(
                "too_many", _("这件投诉的要求多于%(n)s项，请在页面上提出方案。") % {"n": MOST_DEMANDS}, field="step"
            )
        results.append(_short(values, demand, problems))
    problems.tell()
    return results


def _short(values: Mapping[str, str], demand: Demand, problems: _Problems) -> ShortAnswer:
    """The answer to one demand; what cannot be read is left out of it and told to ``problems``."""
    n, verdict, by, amount, due_on = demand.ordinal, "", "", None, None
    with problems.each():
        if not values.get(f"answer_{n}"):
            text = _("还没有答复第%(n)s项要求，每一项都要答复。") % {"n": n}
            raise WrongInput("demand_unanswered", text, field=f"answer_{n}")
        verdict = code_of(values[f"answer_{n}"], "verdict", f"answer_{n}")
    with problems.each():
        if way := values.get(f"by_{n}", ""):
            by = code_of(way, "obligation_kind", f"by_{n}")
        elif verdict and verdict != "refuse":
            could_be = str(_("、")).join(labels_for("obligation_kind"))
            text = _("同意的，请写怎样做到，填其中之一：%(words)s") % {"words": could_be}
            raise WrongInput("no_promise", text, field=f"by_{n}")
    with problems.each():
        amount = saying.money(values.get(f"amount_{n}", "").strip(), f"amount_{n}")
    with problems.each():
        due_on = _day(values.get(f"due_{n}", ""), f"due_{n}")
    reason = values.get(f"reason_{n}", "")
    return ShortAnswer(demand=demand, verdict=verdict, amount=amount, reason=reason, by=by, due_on=due_on)


def _day(text: str, column: str) -> date | None:
    if not text:
        return None
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y-%m-%d %H:%M"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007
        except ValueError:
            continue
    raise WrongInput("bad_day", _("日期请写成 2026-12-02 这样。"), field=column)
