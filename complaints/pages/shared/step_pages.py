"""One step of a case on a page of its own, for every audience: a question, what follows from it, one button.

The pages of an audience stand in its table, as ``StepPage``. What the audience adds is a ``StepContext``: the case as
it sees it, who acts, the template around the form. ``show_or_take`` draws the page, or takes what was sent, once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from authorities.policies import Limits
from complaints import handling, wording
from complaints.forms.fields import StepForm, TakesFiles, TextForm, upload_address
from complaints.handling import Move
from complaints.parties.conditions import Conditions
from complaints.procedure.refusals import not_now
from complaints.reading import case_form
from complaints.reading.case import CONSUMER, CaseAccess
from complaints.reading.case_form import take_step

Text = str | Promise
Data = QueryDict | None
#: A case as the forms of an audience need it.
Case = TypeVar("Case")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPage(Generic[Case]):
    """One address below a case.

    ``name``: the last word of the address. ``steps``: the page stands open while one of them may be taken. ``form(case,
    data)``: its form, unbound without data. ``build(form)``: what a valid form means; without it the first step is
    taken with the fields of the form (``verb``). ``explain``: what will happen, a sentence each, before anything is
    pressed; a hole like ``%(review)s`` gets the number in force for the case. ``title``, ``button``: the words of the
    step where they are empty. ``redraw(case, typed)``: the form again after a button that takes nothing (a row more, a
    search), None after any other. ``more(case, form)``: what its own ``template`` shows besides.
    """

    name: str
    steps: tuple[str, ...]
    form: Callable[[Case, Data], Form] = lambda case, data: StepForm(data)
    build: Callable[[Any], Move | Sequence[Move]] | None = None
    explain: Text | Sequence[Text] | Callable[[Case], Sequence[Text]] = ()
    title: Text | Callable[[Case], Text] = ""
    button: Text | Callable[[Case], Text] = ""
    template: str = ""
    redraw: Callable[[Case, dict[str, Any]], Form | None] | None = None
    more: Callable[[Case, Any], Mapping[str, Any]] | None = None
    is_danger: bool = False
    #: Read back before it is written down for somebody, and taken by a link only after a code; else it only adds words.
    decides: bool = True
    #: Not for a day after the phone or the mailbox of the account were changed.
    is_guarded: bool = False
    #: Its result is read back with the way to take it back.
    may_be_undone: bool = False
    #: Said afterwards, where the audience says nothing else.
    thanks: Text | Callable[[Case], Text] = ""

    def is_open(self, steps: Collection[str]) -> bool:
        return any(step in steps for step in self.steps)

    def moves(self, form: Form) -> list[Move]:
        built = (self.build or verb(self.steps[0]))(form)
        return [built] if isinstance(built, Move) else list(built)

    def effects(self, case: Case, limits: Callable[[], Limits]) -> list[Text]:
        """``limits`` fill the holes of what is said of every case alike; they are asked for where there are holes."""
        if callable(self.explain):
            return list(self.explain(case))
        texts = [self.explain] if isinstance(self.explain, str | Promise) else self.explain
        return [text % limits() if "%(" in text else text for text in map(str, texts)]

    def heading(self, case: Case, steps: Collection[str]) -> Text:
        """The first of its steps that stands open gives the words."""
        return _text(self.title, case) or wording.action(next((s for s in self.steps if s in steps), self.steps[0]))

    def thanked(self, case: Case) -> Text:
        return _text(self.thanks, case) or ""

    def pressed(self, case: Case, steps: Collection[str]) -> Text:
        return _text(self.button, case) or self.heading(case, steps)


def _text(text: Any, case: Any) -> Any:
    return text(case) if callable(text) else text


def table(*pages: StepPage[Case]) -> dict[str, StepPage[Case]]:
    return {page.name: page for page in pages}


def verb(step: str, *names: str) -> Callable[[Form], Move]:
    """``build`` for a step whose verb takes the cleaned fields of the form, all or ``names``; files by digest."""

    def built(form: Form) -> Move:
        arguments = {name: form.cleaned_data[name] for name in names or form.cleaned_data if name != "uploads"}
        if isinstance(form, TakesFiles):
            arguments["files"] = form.digests
        return handling.MOVES[step](**arguments)

    return built


def text_page(
    name: str, step: str, label: Text, explain: Text, *, argument: str = "text", is_danger: bool = False, **form: Any
) -> StepPage[Any]:
    """A step that is one text; ``argument`` is what its verb calls it."""
    return StepPage(
        name=name,
        steps=(step,),
        explain=explain,
        is_danger=is_danger,
        form=lambda case, data: TextForm(data, label=label, **form),
        build=lambda filled: handling.MOVES[step](**{argument: filled.cleaned_data["text"]}),
    )


def plain(kind: Callable[[Data], Form]) -> Callable[[Any, Data], Form]:
    return lambda case, data: kind(data)


def judged_moves(at: StepContext[Any], page: StepPage[Any], form: Form) -> Sequence[Move] | None:
    """What is to be taken; None where the form has errors. Raises the refusal of a step that does not stand open."""
    if not page.is_open(at.steps):
        raise not_now(at.status)
    return page.moves(form) if form.is_valid() else None


def led_back(at: StepContext[Any], page: StepPage[Any]) -> HttpResponseBase:
    """A page that has nothing to do now leads back to the case, and says so."""
    text = _("这一步现在不能办。案件现在是：%(status)s。") % {"status": at.status}
    messages.warning(at.request, text, extra_tags="warn")
    return redirect(at.home)


def refused(at: StepContext[Any], page: StepPage[Any]) -> HttpResponseBase:
    """A page that has nothing to do now is refused like its step."""
    raise not_now(at.status)


@dataclass(frozen=True, kw_only=True)
class StepContext(Generic[Case]):
    """What an audience adds to its step pages, for one request.

    ``access``: the case, who reads and who acts. ``case``: the same case as its forms need it. ``steps``: those that
    stand open; ``status``: the label of where the case is. ``home``: where every page leads back to. ``first``: first
    values that the address names. ``shown(page, form)``: what ``template`` needs besides form, title and effects.
    The others say what differs: what is taken, what a page that is not open answers, where its result is shown, what is
    said then.
    """

    request: HttpRequest
    access: CaseAccess
    case: Case
    steps: Collection[str]
    now: datetime
    home: str
    template: str
    shown: Callable[[StepPage[Case], Any], Mapping[str, Any]]
    status: str = ""
    first: Mapping[str, Any] = field(default_factory=dict)
    moves: Callable[[StepContext[Case], StepPage[Case], Any], Sequence[Move] | None] = judged_moves
    closed: Callable[[StepContext[Case], StepPage[Case]], HttpResponseBase] = led_back
    to: Callable[[StepPage[Case]], str] | None = None
    message: Callable[[StepPage[Case], Any, Sequence[Move]], Text]

    def limits(self) -> Limits:
        return Conditions.at(self.now).limits(self.access.complaint.handling_region_id)


def show_or_take(at: StepContext[Any], page: StepPage[Any]) -> HttpResponseBase:
    """The page, or what was sent there: taken once however often it is sent, refused with the reason (409), or drawn
    again with what is wrong and all that was typed (422)."""
    if at.request.method != "POST":
        if not page.is_open(at.steps):
            return at.closed(at, page)
        form = page.form(at.case, None)
        form.initial = {**at.first, **form.initial}
        return draw(at, page, form)
    again = page.redraw(at.case, at.request.POST.dict()) if page.redraw is not None else None
    return draw(at, page, again) if again is not None else take(at, page, sent(at, page))


def sent(at: StepContext[Any], page: StepPage[Any]) -> Form:
    form = page.form(at.case, at.request.POST)
    form.files = at.request.FILES
    return form


def take(at: StepContext[Any], page: StepPage[Any], form: Form) -> HttpResponseBase:
    taken: list[Move] = []

    def moves() -> Sequence[Move] | None:
        built = at.moves(at, page, form)
        taken.extend(built or ())
        return built

    to = at.to(page) if at.to is not None else at.home
    done = take_step(at.request, at.access, moves, form=form, to=to, now=at.now)
    if not done.address:
        return draw(at, page, form, status=case_form.status_of(form))
    if done.is_new and (text := at.message(page, form, taken)):
        messages.success(at.request, str(text), extra_tags="ok")
    return redirect(done.address)


def draw(
    at: StepContext[Any], page: StepPage[Any], form: Form, *, status: int = 200, template: str = "", **more: Any
) -> HttpResponseBase:
    is_at_a_desk = at.access.side != CONSUMER and at.request.user.is_authenticated
    if is_at_a_desk and at.request.method == "GET" and not page.template:
        _focus_first(form)
    context = {
        "form": form,
        "asked": page,
        "title": page.heading(at.case, at.steps),
        "button": page.pressed(at.case, at.steps),
        "effects": page.effects(at.case, at.limits),
        "home": at.home,
        "upload_address": upload_address(at.access.complaint) if at.request.user.is_authenticated else "",
        **at.shown(page, form),
        **(page.more(at.case, form) if page.more is not None else {}),
        **more,
    }
    return render(at.request, template or page.template or at.template, context, status=status)


def _focus_first(form: Form) -> None:
    """Whoever comes to a page of a desk by a key goes on by a key. On a consumer's telephone the keyboard of a field
    with the focus would cover half of the page."""
    if fields := form.visible_fields():
        fields[0].field.widget.attrs["autofocus"] = True
