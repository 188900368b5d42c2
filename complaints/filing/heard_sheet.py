"""What somebody says on the telephone, filled in for the officer who writes it down, only where nothing was typed. What
was filled in goes with the sheet: a later hearing gives way to what the officer changed or emptied."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.safestring import SafeString

from complaints.filing import drafts, story
from complaints.filing.steps import STEP_CODES
from complaints.filing.story import Line, Understood
from complaints.filing.story_forms import ASKED, HeardForm, quoted
from complaints.listening.hearing import REPORT
from complaints.models.evidence import FilingDraft
from complaints.procedure import categories

#: Filled in, a firm only where the hearing is sure of it; demands and kinds of problem are offered.
_FILLED = ("region", "firm", "day", "platform")
MOST_FILLED = 40
Item = tuple[str, str, list[str]]


@dataclass(frozen=True)
class Heard:
    """``put``: what was filled in, each as JSON of part, field and values; sent back with the sheet."""

    what: Understood
    put: list[str]

    @property
    def quotes(self) -> dict[str, SafeString | str]:
        """The words that each field rests on, by what was heard: firm, region, day, platform."""
        found = {line.field: line.quote for line in reversed(self.what.lines) if line.field in _FILLED}
        found |= {name: words for name in ("firm", "day") if (words := getattr(self.what, name))}
        return {name: quoted(words) for name, words in found.items()}

    @property
    def demands(self) -> list[Line]:
        return [line for _number, line in self.what.of("demand")]

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The kinds that it may be, likeliest first: offered before the others, and never filled in."""
        return [(code, str(categories.problem_label(code))) for code in self.what.problems]

    @property
    def notes(self) -> list[tuple[str | Promise, str]]:
        """What else the officer should ask about: another body, or a circumstance; (words, quote)."""
        form = HeardForm(what=self.what)
        rows = [form[name] for name in form.names_of("elsewhere")]
        notes: list[tuple[str | Promise, str]] = [(str(row.label), str(row.help_text)) for row in rows]
        return notes + [(ASKED[code], quoted(words)) for code, words in self.what.quotes.items() if code != REPORT]


def fill(draft: FilingDraft, *, put: Iterable[str], now: datetime, today: date) -> Heard:
    """Hears the statement of a draft that is not saved. ``put``: of the hearing before. What speaks of a report is
    taken out of the statement, and filled in as the report."""
    data, text = draft.data, drafts.first(draft, "problem", "statement")
    before = [item for one in list(put)[:MOST_FILLED] if (item := _item(one)) is not None]
    changed = [item for item in before if data.get(item[0], {}).get(item[1]) != item[2]]
    data[story.OUTCOME] = {"put": [_json(item) for item in before]}
    story.take_back(draft)
    typed = {
        name: drafts.values(draft, part).getlist(name)
        for part, name in (("enterprise", "query"), ("problem", "report"))
    }
    story.hear(draft, text, now=now, today=today)
    what, found = story.understood(draft), drafts.first(draft, "enterprise", "query")
    data["enterprise"].pop("query", None)
    for part, name in (("enterprise", "query"), ("problem", "report")):
        if typed[name]:
            data[part][name] = typed[name]
    ours, theirs = story.split(text) if REPORT in what.quotes else (text, "")
    data["problem"]["statement"] = [ours]
    # A sum stands beside its demand, which is offered and not ticked; a refund that was ticked is what is in dispute.
    sums = dict(line.demand for _number, line in what.of("demand"))
    first: list[Item] = [("demands", f"amount_{kind}", [yuan]) for kind, yuan in sums.items()]
    first += [("enterprise", "query", [found]), ("problem", "report", [theirs])]
    filled = _fill(draft, first, changed)
    filled += _fill(draft, _lines(draft, what, today=today), changed)
    return Heard(what, [_json(item) for item in (*changed, *filled)])


def _lines(draft: FilingDraft, what: Understood, *, today: date) -> list[Item]:
    """What follows of these lines as if they had been confirmed: reading back confirms them. A firm that is not sure is
    only searched for."""
    answers = {
        f"line_{number}": story.YES
        for number, line in enumerate(what.lines)
        if line.field in _FILLED and (line.field != "firm" or (line.is_filled and len(line.one_of) == 1))
    }
    items = story.taken_from(draft, what, answers, today=today).items()
    items += [("enterprise", "query", [line.value]) for _number, line in what.of("firm") if len(line.one_of) == 1]
    return [*items, ("purchase", "object_category", [story.TELECOM] if what.is_telecom else [])]


def _fill(draft: FilingDraft, items: Iterable[Item], changed: Iterable[Item]) -> list[Item]:
    """Puts what is not there yet, but what the officer changed or emptied."""
    left, filled = {item[:2] for item in changed}, []
    for part, name, values in items:
        kept = draft.data.setdefault(part, {})
        if any(values) and not kept.get(name) and (part, name) not in left:
            kept[name] = values
            filled.append((part, name, values))
    return filled


def _json(item: Item) -> str:
    return json.dumps(item, ensure_ascii=False)


def _item(typed: str) -> Item | None:
    """None for what no sheet of ours sends."""
    try:
        part, name, values = json.loads(typed)
    except (ValueError, TypeError, RecursionError):
        return None
    is_ours = part in STEP_CODES and isinstance(name, str) and isinstance(values, list)
    return (part, name, [str(one) for one in values]) if is_ours else None
