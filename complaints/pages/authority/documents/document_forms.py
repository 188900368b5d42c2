"""What an officer types about an official document: how it was served, what was misprinted, which is drawn up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.documents.kinds import KINDS
from complaints.forms.fields import Choice, Day, StepForm, Words, words_of
from complaints.handling.steps import documents
from complaints.handling.steps.casework import RECEIVERS, SERVICE_CHANNELS

_WHO = {"consumer": _("消费者"), "enterprise": _("被投诉的企业")}


def _set(form: StepForm, name: str, choices: Sequence[tuple[str, Any]]) -> None:
    form.fields[name].choices = list(choices)  # type: ignore[attr-defined]


class ServiceForm(StepForm):
    """To whom one document went, how, when, who took it, and what proves it."""

    to = Choice(label=_("送给谁"))
    channel = Choice(label=_("怎么送的"))
    arrived = Choice(label=_("送到了吗"), choices=[("yes", _("已经送达")), ("no", _("没有送到"))])
    day = Day(label=_("哪一天"), required=False)
    received_by = Choice(label=_("谁收的"), required=False)
    reference = Words(label=_("邮件号、通话时间或者回执编号"), required=False, rows=1, longest=60)
    text = Words(label=_("备注"), required=False, rows=2)

    def __init__(self, *args: Any, sides: Sequence[str], channel: str, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        _set(self, "to", [(side, _WHO[side]) for side in sides])
        _set(self, "channel", words_of(SERVICE_CHANNELS, "service_channel"))
        _set(self, "received_by", words_of(RECEIVERS, "receiver"))
        self.fields["day"].initial = today
        self.fields["channel"].initial = channel
        if len(sides) == 1:
            self.fields["to"].initial = sides[0]


#: place, label, words: as documents.editable gives them.
Lines = Sequence[tuple[str, str, str]]


class CorrectionForm(StepForm):
    """Each paragraph and line of the document as it was read, to be written over; and why.

    What was read comes back with the form: its version, and whether the consumer was masked in it. ``lines`` are those
    words, ``hidden`` the places where a mask stands in them, ``newest`` what stands there now.
    """

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    sight = forms.CharField(required=False, widget=forms.HiddenInput)
    text = Words(label=_("为什么更正"), rows=2)
    MASKED, OPEN = "masked", "open"

    def __init__(
        self,
        *args: Any,
        lines: Lines,
        hidden: Collection[str],
        newest: Lines,
        number: int,
        is_shown: bool,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.hidden, self.newest = hidden, {self._name(place): words for place, _label, words in newest}
        self.lines = {self._name(place): (place, words) for place, _label, words in lines}
        self.now = {"version": str(number), "sight": self.OPEN if is_shown else self.MASKED}
        for name, value in self.now.items():
            self.fields[name].initial = value
        for nth, (place, label, words) in enumerate(lines, start=1):
            self.fields[self._name(place)] = Words(
                label=label or _("第%(n)d段") % {"n": nth}, rows=1 if label and len(words) < 40 else 3, initial=words
            )

    @staticmethod
    def _name(place: str) -> str:
        return f"words-{place.replace('.', '-')}"

    def changes(self) -> dict[str, str]:
        """What was written over, by its place; line ends as the browser sends them are no change."""
        return {
            place: said
            for name, (place, words) in self.lines.items()
            if name in self.cleaned_data and (said := self.cleaned_data[name].replace("\r\n", "\n")) != words
        }

    def clean(self) -> dict[str, Any]:
        mine = {self._name(place): said for place, said in self.changes().items() if place not in self.hidden}
        for place in self.changes().keys() & set(self.hidden):
            self.add_error(self._name(place), _("这一处有遮住的内容。请先说明理由、查看联系方式，再更正。"))
        if self.cleaned_data["version"] != self.now["version"]:
            self._catch_up(mine)
        return self.cleaned_data

    def _catch_up(self, mine: Mapping[str, str]) -> None:
        """Somebody was quicker: what was typed stays, beside the other lines as they stand now; sent once more, it
        counts.
        """
        self.add_error(None, documents.newer())
        for name in mine:
            if self.newest.get(name) != self.lines[name][1]:
                self.add_error(name, _("这一处现在写的是：%(words)s") % {"words": self.newest.get(name, "")})
        data = dict(self.data.items())
        for name, words in {**self.newest, **mine, **self.now}.items():
            data[name] = words
        self.data = data
        self.is_behind = True


class DrawUpForm(StepForm):
    """A document that no step issues by itself."""

    form = Choice(label=_("哪一种文书"))
    text = Words(label=_("告知书的内容"), required=False, rows=4, help_text=_("举报处理结果告知书须填写；登记表不用。"))

    def __init__(self, *args: Any, forms: Sequence[int], **options: Any) -> None:
        super().__init__(*args, **options)
        _set(self, "form", [(str(form), KINDS[form].title) for form in forms])
