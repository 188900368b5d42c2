"""What was said before as the first values of an answer: an open offer, a proposal that came back, a draft."""

from collections.abc import Mapping, Sequence
from typing import Any

from complaints.forms.enterprise_offer_form import ANSWER_FIELDS, LINE, MORE
from complaints.forms.promise_rows import LINE_FIELDS, ROW_FIELDS, count_of
from complaints.models import Obligation, Offer, OfferAnswer
from web.incoming import whole


def offer_values(offer: Offer, answers: Sequence[OfferAnswer], obligations: Sequence[Obligation]) -> dict[str, Any]:
    """The offer on the table as the first values of the one that replaces it."""
    places = {row.ordinal: place for place, row in enumerate(obligations, start=1)}
    ordinals = {answer.demand_id: answer.demand.ordinal for answer in answers}
    rows = []
    for row in obligations:
        said = {name: getattr(row, "payee_last4" if name == "last4" else name, "") for name in ROW_FIELDS}
        said["after"] = places.get(row.after_ordinal or 0)
        said["demand"] = ordinals.get(row.answers_demand_id or 0)
        said["is_done"] = row.reported_at is not None
        rows.append(said)
    values = {
        f"{name}-{answer.demand.ordinal}": getattr(answer, key)
        for answer in answers
        for name, key in ANSWER_FIELDS.items()
    }
    return values | {"message": offer.message} | _in_lines(rows)


def proposed_values(proposed: Mapping[str, Any]) -> dict[str, Any]:
    """An offer as it was proposed (what its verb was called with), as first values."""
    rows = [
        {name: row.get("payee_last4" if name == "last4" else name) for name in ROW_FIELDS}
        for row in proposed.get("promises", [])
    ]
    values = {
        f"{name}-{answer['demand']}": answer.get(key)
        for answer in proposed.get("answers", [])
        for name, key in ANSWER_FIELDS.items()
    }
    return (
        values
        | {"message": proposed.get("message", ""), "template": proposed.get("template_version")}
        | _in_lines(rows)
    )


def of_before(typed: Mapping[str, Any]) -> dict[str, Any]:
    """A draft as it was typed; one of former days kept its promises in rows, and each sum twice."""
    rows = [{name: typed.get(f"promise-{k}-{name}") for name in ROW_FIELDS} for k in range(1, count_of(typed) + 1)]
    if not any(name.startswith("promise-") for name in typed):
        return dict(typed)
    granted = [name[7:] for name, value in typed.items() if name.startswith("answer-") and value in ("grant", "part")]
    for row in rows:
        row["demand"] = row["demand"] or (granted[0] if len(granted) == 1 else None)
    return {name: value for name, value in typed.items() if not name.startswith(("promise-", "amount-"))} | _in_lines(
        rows
    )


def _in_lines(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Promises as they were sent: the first of the enterprise's that answers a demand is its line, the others are
    further ones."""
    keys: dict[int, str] = {}
    count = 0
    for place, row in enumerate(rows, start=1):
        line = f"{LINE}{row['demand']}"
        if row.get("demand") and row.get("owed_by") == "enterprise" and line not in keys.values():
            keys[place] = line
        else:
            count += 1
            keys[place] = str(count)
    values: dict[str, Any] = {"rows": str(count)}
    for place, row in enumerate(rows, start=1):
        key = keys[place]
        said = dict(row) | {"after": keys.get(whole(str(row.get("after") or ""), 3) or 0, "")}
        if key.startswith(LINE):
            values |= {f"{name}-{key[1:]}": said[name] for name in LINE_FIELDS if said.get(name) is not None}
        else:
            values |= {f"{MORE}-{key}-{name}": said[name] for name in ROW_FIELDS if said.get(name) is not None}
    return values
