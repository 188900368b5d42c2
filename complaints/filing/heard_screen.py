"""The second screen: what was understood of the story and whatever else has to be known, as blocks in their order. The
plain display shows all of them on one page, the elder display one after the other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.forms import BoundField
from django.http import QueryDict

from complaints.filing import drafts, screens
from complaints.filing.forms import NAMED, Step
from complaints.filing.steps import HEARD_PARTS
from complaints.filing.story import SAID, TELECOM, Understood
from complaints.filing.story_forms import HeardForm
from complaints.listening.hearing import REPORT
from complaints.models.evidence import FilingDraft
from complaints.procedure import categories

Parts = Mapping[str, Step]
_QUESTIONS = {question.code: question for question in categories.QUESTIONS}
#: What of each part is typed here.
_TYPED = {
    "enterprise": ("service_region", "query", "respondent", "address", "business_phone", "link"),
    "purchase": ("object_category", "order_no", "amount"),
    "problem": ("statement", "problem_category", "disputed_on", "is_approximate", "has_contacted", *_QUESTIONS),
    "demands": ("demand", "note", *(f"amount_{kind.code}" for kind in categories.DEMAND_KINDS if kind.asks_amount)),
}
#: All of these.
ASKED = frozenset(name for names in _TYPED.values() for name in names)
#: A box that is not ticked is not sent: it counts as sent with the field beside it.
_BOXES = {"demands": ("demand", "note"), "problem": ("is_approximate", "disputed_on")}
#: Where a line was not answered, what it would have put is not asked for as well.
_INSTEAD = {"firm": ("enterprise", "respondent"), "problem": ("problem", "problem_category")}
_INSTEAD |= {"day": ("problem", "disputed_on"), "report": ("problem", "statement")}
_INSTEAD |= {"region": ("enterprise", "service_region")}


@dataclass(frozen=True)
class Block:
    """One question with what belongs to it. ``said``: controls of the HeardForm; ``typed``: (part, field)."""

    code: str
    said: tuple[str, ...] = ()
    typed: tuple[tuple[str, str], ...] = ()


def keep_typed(draft: FilingDraft, posted: QueryDict, what: Understood) -> None:
    """What was typed, as it was typed; whatever was not on the page that was sent stays."""
    unasked = {"statement"} if what.is_told else set()
    unasked |= {"amount"} if all(one.field != "total" for one in what.printed) else set()
    for part, names in _TYPED.items():
        sent = drafts.typed_in(posted, [name for name in names if name not in unasked])
        kept = draft.data.setdefault(part, {})
        kept.update(sent)
        box, beside = _BOXES.get(part, ("", ""))
        if beside in sent and box not in sent:
            kept.pop(box, None)
    enterprise = draft.data["enterprise"]
    if enterprise.get("respondent") == [NAMED]:
        # One box for the name: it is searched, and written down where the list has none.
        enterprise["named"] = enterprise.get("query", [""])


def said_in(draft: FilingDraft, posted: QueryDict, form: HeardForm) -> dict[str, list[str]]:
    """What was said to the lines, now and before."""
    sent = drafts.typed_in(posted, list(form.fields))
    if "asked" in posted:
        sent.setdefault("ask", [])
    return dict(draft.data.get(SAID, {})) | sent


def category_of(draft: FilingDraft, what: Understood) -> str:
    """The kind of purchase that decides what is asked: as it was said, else as the story sounds."""
    return drafts.first(draft, "purchase", "object_category") or (TELECOM if what.is_telecom else "")


def parts_of(draft: FilingDraft, *, category: str, today: date, judged: bool) -> dict[str, Step]:
    """The forms of the parts, with their errors where they are judged."""
    forms = {part: drafts.form_of(draft, part, today=today, judged=judged, category=category) for part in HEARD_PARTS}
    for form in forms.values():
        screens.set_whys_apart(form)
    return forms


def own_fields(parts: Parts) -> tuple[list[BoundField], list[BoundField]]:
    """The sectors' questions of this category: (asked at once, folded away)."""
    fields = [one for part in parts["problem"].own_questions for one in part["fields"] if one.name in _QUESTIONS]  # type: ignore[attr-defined]
    at_once = [one for one in fields if one.field.required or _QUESTIONS[one.name].is_identifier]
    return at_once, [one for one in fields if one not in at_once]


def blocks(form: HeardForm, parts: Parts, *, category: str, is_folded_shown: bool) -> list[Block]:
    """Every block of this draft, in the order of the page; the last is folded away, and not asked one by one."""
    at_once, folded = own_fields(parts)
    numbers = [("problem", one.name) for one in at_once]
    if not numbers:
        numbers = [("purchase", "order_no")]
    more = [("problem", one.name) for one in folded] + [("problem", "has_contacted")]
    if category != TELECOM:
        more.insert(0, ("purchase", "object_category"))
    firm = [("enterprise", name) for name in ("named", *_TYPED["enterprise"][1:])]
    result = [
        Block("statement", typed=() if form.what.is_told else (("problem", "statement"),)),
        Block("elsewhere", form.names_of("elsewhere")),
        Block("report", (REPORT,) if REPORT in form.fields else ()),
        Block("platform", (*form.names_of("platform"), *(("platform",) if "platform" in form.fields else ()))),
        Block("firm", form.names_of("firm"), tuple(firm)),
        Block("region", form.names_of("region"), (("enterprise", "service_region"),)),
        Block("problem", ("problem",) if "problem" in form.fields else (), (("problem", "problem_category"),)),
        Block("demands", typed=tuple(("demands", name) for name in _TYPED["demands"])),
        Block("day", form.names_of("day"), (("problem", "disputed_on"), ("problem", "is_approximate"))),
        Block("number", form.names_of("number"), tuple(numbers)),
        Block("total", form.names_of("total"), (("purchase", "amount"),) if form.names_of("total") else ()),
        Block("ask", ("ask",)),
        Block("more", typed=tuple(more)),
    ]
    shown = result if is_folded_shown else result[:-1]
    return [block for block in shown if block.said or block.typed]


def judge(form: HeardForm, parts: Parts) -> bool:
    """Whether all is right; takes out what is said already by a line that was not answered."""
    is_right = all([form.is_valid(), *(part.is_valid() for part in parts.values())])
    for line, (part, name) in _INSTEAD.items():
        names = form.names_of(line) if line in ("firm", "region", "day") else (line,)
        if set(names) & set(form.errors):
            parts[part].errors.pop(name, None)
    return is_right


def errors_of(block: Block, form: HeardForm, parts: Parts) -> Iterator[tuple[BoundField, str]]:
    """(field, text) of what is wrong in one block."""
    for name in block.said:
        yield from ((form[name], str(text)) for text in form.errors.get(name, ()))
    for part, name in block.typed:
        yield from ((parts[part][name], str(text)) for text in parts[part].errors.get(name, ()))


def context(form: HeardForm, parts: Parts, *, category: str, today: date, is_one_by_one: bool) -> dict[str, Any]:
    """What the blocks show: lists of firms and demands, bound fields."""
    what = form.what
    at_once, folded = own_fields(parts)
    firm = parts["enterprise"]
    return {
        "parts": parts,
        "query_errors": [*firm.errors.get("named", ()), *firm.errors.get("query", ())],
        "number_fields": at_once or [parts["purchase"]["order_no"]],
        "folded_fields": folded,
        "firm_lines": [form[name] for name in form.names_of("firm")],
        "region_lines": [form[name] for name in form.names_of("region")],
        "number_lines": [form[name] for name in form.names_of("number")],
        "total_lines": [form[name] for name in form.names_of("total")],
        "day_lines": [form[name] for name in form.names_of("day")],
        "elsewhere_lines": [form[name] for name in form.names_of("elsewhere")],
        "platform_lines": [form[name] for name in form.names_of("platform")],
        "firm_quote": what.firm,
        "day_quote": what.day,
        "is_category_asked": category != TELECOM,
        **screens.enterprise_screen(parts["enterprise"], today=today),
        **screens.demands_screen(
            parts["demands"], heard=[line for _number, line in what.of("demand")], is_short=is_one_by_one
        ),
    }
