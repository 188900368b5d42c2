"""What makes a complaint urgent (procedure, section 9). It is known when it is filed: by what was ticked, by the kind
of problem (`urgent` in the files of the sectors), by the words (`urgent` in listening/patterns.toml). Kept in
``Complaint.facts``; an urgent case has its own first deadline and is answered by itself."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: Cause → what it is called; in this order.
URGENT: dict[str, Promise] = {
    "line_dead": gettext_lazy("通信中断"),
    "medical": gettext_lazy("涉及病情"),
    "safety": gettext_lazy("涉及安全"),
    "care": gettext_lazy("需要照顾"),
}


def causes(found: Iterable[str]) -> list[str]:
    """The causes among ``found``, each once, in their order."""
    known = set(found)
    return [cause for cause in URGENT if cause in known]


def urgent_of(facts: Mapping[str, Any]) -> list[str]:
    """The causes of a case by its ``facts``; empty where it is not urgent."""
    return causes(facts.get("urgent", ()))


def urgent_text(facts: Mapping[str, Any]) -> str:
    """``急件：通信中断、需要照顾``; empty where it is not urgent."""
    names = [str(URGENT[cause]) for cause in urgent_of(facts)]
    return _("急件：%(why)s") % {"why": _("、").join(names)} if names else ""


def by_itself(facts: Mapping[str, Any]) -> str:
    """Why it is not answered together with others, with the way out; empty where it may be."""
    text = urgent_text(facts)
    return _("%(urgent)s。不能成批答复，请打开这一件，单独答复。") % {"urgent": text} if text else ""
