"""Two windows of one draft: what was sent last stands, what it replaced is said in words, and nobody files what another
window has changed meanwhile."""

import copy
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping

from django import forms
from django.utils.translation import gettext as _

from complaints.filing.forms import Step
from complaints.models.evidence import FilingDraft

#: Part of a draft → field → values as typed.
Held = dict[str, dict[str, list[str]]]


def held(draft: FilingDraft, parts: Iterable[str]) -> Held:
    """A copy of what these parts hold now."""
    return {part: copy.deepcopy(draft.data.get(part, {})) for part in parts}


def mark_of(parts: Held) -> str:
    """Goes along with a page; another one at its return tells that the draft was changed elsewhere meanwhile."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def replaced(before: Held, draft: FilingDraft, steps: Mapping[str, Step], *, asked: Collection[str]) -> str:
    """What other words stood before in these fields of the page; empty where nothing was replaced."""
    told = []
    for part, values in before.items():
        for name, old in values.items():
            field = steps[part].fields.get(name)
            if name in asked and field and any(old) and draft.data.get(part, {}).get(name) != old:
                is_choice = isinstance(field, forms.ChoiceField | forms.BooleanField | forms.IntegerField)
                words = {"field": field.label, "text": old[0]}
                told.append(str(field.label) if is_choice else _("%(field)s“%(text)s”") % words)
    return (
        _("这一页在别的窗口里也填过。现在存的是刚才填的；那边填的是：%(what)s") % {"what": " · ".join(told)}
        if told
        else ""
    )
