"""What somebody typed into a form that could not be taken: shown again under the names of its fields, to be copied."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from django import forms
from django.apps import apps
from django.conf import settings
from django.http import HttpRequest

#: Never shown again: what signs in, what the form itself carries.
NOT_KEPT = {"csrfmiddlewaretoken", "idempotency_key", "next", "version", "anyway", "along", "mark", "seen", "then"}
NOT_KEPT |= {"code", "current", "again", "credential"}
# The code of something chosen from a list: nobody typed it, and nobody can read it.
_CHOSEN = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")


class Kept(NamedTuple):
    """One thing that was typed. ``label``: what the page calls its field; nothing where that is not known."""

    label: str
    text: str


def kept_text(request: HttpRequest) -> list[Kept]:
    """What was typed, as it was typed."""
    fields = _fields_of(request)
    return [
        Kept(str(fields[name].label) if name in fields else "", text)
        for name in request.POST
        if name not in NOT_KEPT and "password" not in name
        for value in request.POST.getlist(name)
        if (text := value.strip()) and (_is_typed(fields.get(name)) or _is_a_text(text))
    ]


def _is_a_text(text: str) -> bool:
    """Short values and ids are choices and numbers; a text is what it hurts to lose, and a few characters are one in
    Chinese."""
    is_long = len(text) > 12 or not text.isascii()
    # database/id_ranges.py
    is_id = len(text) == 16 and text.isdecimal() and text.startswith(settings.PROVINCE)
    return is_long and not _CHOSEN.fullmatch(text) and not is_id


def _is_typed(field: forms.Field | None) -> bool:
    """Whether it is a kind of field for words, sums, days or numbers; a plain one may hold the code of a choice."""
    return isinstance(field, forms.CharField) and type(field) is not forms.CharField


def _fields_of(request: HttpRequest) -> dict[str, forms.Field]:
    """Name → field, of the forms of the portal that have the most of what was sent; left out where these call it
    differently."""
    sent = set(request.POST)
    best: dict[str, tuple[int, list[forms.Field]]] = {}
    for kind in _kinds(forms.BaseForm):
        fields = getattr(kind, "base_fields", {})
        here = sent & fields.keys()
        for name in here:
            most, found = best.get(name, (0, []))
            if len(here) >= most and fields[name].label:
                best[name] = (len(here), [fields[name], *(found if len(here) == most else ())])
    return {name: found[0] for name, (_most, found) in best.items() if len({str(one.label) for one in found}) == 1}


def _kinds(kind: type[forms.BaseForm]) -> Iterable[type[forms.BaseForm]]:
    for inner in kind.__subclasses__():
        if apps.get_containing_app_config(inner.__module__) is not None:
            yield inner
        yield from _kinds(inner)
