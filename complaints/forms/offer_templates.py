"""A template in an answer that is being written: it fills what is open, and changes nothing that somebody typed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from complaints.models import Demand
from complaints.models.settlement import MONEY_KINDS
from complaints.settlement.answer_templates import Says


def with_lines(
    typed: Mapping[str, Any], says: Says, demands: Sequence[Demand], *, opened: Mapping[str, Any], due_on: date
) -> dict[str, Any]:
    """The verdict on every demand that has none, and the line that it opens. ``opened``: the lines as they are before
    anybody writes in them; the sum stays that of the demand, but a part of it has to be typed."""
    values = dict(typed)

    def put(name: str, value: str) -> None:
        if str(typed.get(name) or "") in ("", str(opened.get(name) or "")):
            values[name] = value

    for demand in demands:
        n = demand.ordinal
        if not says.verdict or typed.get(f"answer-{n}"):
            continue
        values[f"answer-{n}"] = says.verdict
        if says.verdict == "refuse":
            continue
        put(f"due_on-{n}", due_on.isoformat())
        if says.way and (says.way in MONEY_KINDS) == (opened.get(f"kind-{n}") in MONEY_KINDS):
            put(f"kind-{n}", says.way)
        if says.verdict == "part":
            put(f"amount-{n}", "")
    return values


def with_words(typed: Mapping[str, Any], says: Says, demands: Sequence[Demand], words: str) -> dict[str, Any]:
    """The text where the verdict asks for words: the reason of each demand that is not granted whole, else below the
    message; never twice, and never over what stands there."""
    values = dict(typed)
    if says.verdict in ("part", "refuse"):
        for demand in demands:
            n = demand.ordinal
            if typed.get(f"answer-{n}") == says.verdict and not str(typed.get(f"reason-{n}") or "").strip():
                values[f"reason-{n}"] = words
        return values
    message = str(typed.get("message") or "").strip()
    if words not in message:
        values["message"] = "\n".join(filter(None, [message, words]))
    return values
