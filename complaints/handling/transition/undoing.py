"""Undo: once, until 24:00 of the next working day, before the other side acted on it. The status and the clocks before
come back exactly; rows that the step made are ended, nothing is deleted, and both sides are told."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import clocks
from complaints.handling.transition.effect import Effect, verb
from complaints.handling.transition.writing import CHANGES
from complaints.models import Complaint, Deadline, Matter
from complaints.parties.actors import Actor
from complaints.procedure import deadlines
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import CLOCKS, HIDDEN_CLOCKS, LOOK, Audience, Clock, Status

#: Stand in the parties' record and yet are nobody's going on.
_SILENT = frozenset({"undo", LOOK})
#: These move on with the record, or are set by the move itself.
_NOT_RESTORED = frozenset(
    {
        *("last_sequence", "last_hash", "last_event_at", "last_word", "next_due_at", "enterprise_due_at"),
        *("status", "outcome", "status_since", "closed_at", "reason"),
    }
)


def snapshot(file: CaseFile) -> dict[str, Any]:
    """The rows of the case as JSON, before the step changes them."""
    kept: dict[str, Any] = {"Complaint": [_values(file.complaint)], "status": file.complaint.status}
    for kind, rows in file.rows.items():
        kept[kind.__name__] = [_values(row) for row in rows if row.pk is not None]
    # What lapsed a moment before started these: they get their number with the step itself.
    kept["fresh"] = [_values(row) | _name_of(row) for row in file.clocks if row.pk is None and row.ended_at is None]
    kept["opened"] = [_name_of(row) for row in file.matters if row.pk is None and row.state == "open"]
    return kept


def _name_of(row: Deadline | Matter) -> dict[str, Any]:
    """By what a row is known that has no number yet."""
    if isinstance(row, Matter):
        return {"kind": row.kind, "subject": row.subject, "opened_at": row.opened_at.astimezone(UTC).isoformat()}
    return {
        "clock": row.clock,
        "obligation_id": row.obligation_id,
        "started_at": row.started_at.astimezone(UTC).isoformat(),
    }


def _values(row: models.Model) -> dict[str, Any]:
    fields = [row._meta.get_field(name) for name in CHANGES[type(row)]]
    values = {
        field.attname: _plain(getattr(row, field.attname))  # type: ignore[union-attr]
        for field in fields
        if field.name not in ("last_hash", "last_sequence")
    }
    return values | {"id": row.pk}


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, str | int | bool | dict | list) or value is None:
        return value
    return str(value)


def keep(file: CaseFile, step: str, before: dict[str, Any]) -> None:
    """Offer the undo of ``step``, unless it was used up for this step."""
    used = Matter.objects.filter(complaint_id=file.complaint.pk, kind="undo", subject=step, state="done")
    if file.complaint.pk is not None and used.exists():
        return
    until = deadlines.working_days(file.now, 1, file.conditions.calendar).due_at
    changed = _changed(before, snapshot(file))
    file.open_matter("undo", by="consumer", subject=step, until=until, before=changed, status=before["status"])


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Only what the step changed: an undo must not take others' work back."""
    kept: dict[str, Any] = {
        "fresh": [values for values in before["fresh"] if values not in after["fresh"]],
        # What lapsed a moment before and was left alone is not the step's either.
        "beside": (
            [
                {name: values[name] for name in ("clock", "obligation_id", "started_at")}
                for values in before["fresh"]
                if values in after["fresh"]
            ]
            + before["opened"]
        ),
    }
    for kind, rows in before.items():
        if kind in ("status", "fresh", "opened"):
            continue
        now = {values["id"]: values for values in after[kind]}
        kept[kind] = [
            {
                name: value
                for name, value in values.items()
                if name == "id" or now.get(values["id"], {}).get(name) != value
            }
            for values in rows
        ]
    return kept


def void(file: CaseFile, step: str, audience: Audience) -> None:
    """Somebody went on: what could be undone no longer can. What the parties may not read does not count."""
    matter = file.matter("undo")
    if matter is not None and audience == Audience.PARTIES and step not in _SILENT:
        file.end_matter(matter, "fallen")


@verb()
def undo(file: CaseFile, actor: Actor) -> Effect:
    """Take back the last undoable step (procedure, section 1)."""
    matter = file.matter("undo")
    if matter is None or matter.until_at is None or file.now >= matter.until_at:
        raise StepNotAllowed("undo_over", _("撤回的期限已过，或者对方已经在办。"))
    before, status = matter.data["before"], Status(matter.data["status"])
    file.end_matter(matter, "done")
    _restore(file, before, status, taken_at=matter.opened_at)
    return Effect(to=status, data={"undone": matter.subject}, keeps_clocks=True)


def _restore(file: CaseFile, before: dict[str, Any], status: Status, *, taken_at: datetime) -> None:
    restored: dict[str, set[int]] = {}
    kinds: tuple[type[models.Model], ...] = (Complaint, *file.rows)
    for kind in kinds:
        rows = {row.pk: row for row in _loaded(file, kind, [v["id"] for v in before[kind.__name__]])}
        restored[kind.__name__] = set(rows)
        for values in before[kind.__name__]:
            row = rows.get(values["id"])
            if row is None or (isinstance(row, Matter) and row.kind == "undo"):
                continue
            kept_back = {"id"} | (_NOT_RESTORED if kind is Complaint else set())
            fields: dict[str, Any] = {name: row._meta.get_field(name) for name in values if name not in kept_back}
            file.change(row, **{name: field.to_python(values[name]) for name, field in fields.items()})
    restored["Deadline"] |= _started_again(file, before.get("fresh", ()), taken_at)
    beside = before.get("beside", ())
    for clock in file.clocks:
        if clock.ended_at is not None or clock.pk in restored["Deadline"] or _name_of(clock) in beside:
            continue
        if clock.clock not in HIDDEN_CLOCKS:
            clocks.end(file, clock, file.now, met=False)
        elif status not in CLOCKS[Clock(clock.clock)].runs_while:
            # A lead goes on wherever the case is; a dispute about who handles it has no object any more.
            clocks.end(file, clock, file.now, met=False)
            clocks.let_fall(file, clock)
    for matter in file.matters:
        if (
            matter.state == "open"
            and matter.pk not in restored["Matter"]
            and matter.audience != Audience.AUTHORITY
            and _name_of(matter) not in beside
        ):
            file.end_matter(matter, "fallen")
    for obligation in file.obligations:
        if obligation.pk not in restored["Obligation"]:
            file.change(obligation, state="dropped")


def _started_again(file: CaseFile, fresh: Sequence[dict[str, Any]], taken_at: datetime) -> set[int]:
    """Clocks that began and ended with the step itself run as they began."""
    results = set()
    for values in fresh:
        ended = Deadline.objects.filter(complaint=file.complaint, clock=values["clock"], ended_at=taken_at)
        row = ended.filter(obligation_id=values["obligation_id"]).order_by("-pk").first()
        if row is None:
            continue
        file.clocks.append(row)
        fields: list[Any] = [Deadline._meta.get_field(name) for name in CHANGES[Deadline]]
        file.change(row, **{f.attname: f.to_python(values[f.attname]) for f in fields if f.attname in values})
        results.add(row.pk)
    return results


def _loaded(file: CaseFile, kind: type[models.Model], ids: list[int]) -> list[models.Model]:
    """The file's own objects where it has them, the rest from the database."""
    if kind is Complaint:
        return [file.complaint]
    mine = file.rows
    rows = [row for row in mine[kind] if row.pk in ids]
    missing = set(ids) - {row.pk for row in rows}
    if missing:
        results = list(kind._default_manager.filter(pk__in=missing))
        mine[kind].extend(results)
        rows += results
    return rows
