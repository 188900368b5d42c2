"""The open file of one locked case: its rows in memory, which consents hold, and what will be written.

Nothing here touches the database; handling/transition/writing reads the rows and writes them. The ledger of consents is
written where the case is written, from what changed: a consent has one purpose, names its text, and can be taken back
(PIPL arts 14 to 16, 23, 25)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from complaints.models import (
    Complaint,
    ConsentRecord,
    Deadline,
    Demand,
    Engagement,
    Evidence,
    Matter,
    Obligation,
    Offer,
)
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import HIDDEN_CLOCKS, Audience, Clock, Status
from complaints.record import state
from complaints.record.columns import Table
from complaints.record.record import Entry

Model = TypeVar("Model", bound=models.Model)


@dataclass(slots=True)
class CaseFile:
    """``now`` is the moment of writing. Lists hold the case's rows, newest last. ``loaded``: the values with which rows
    came from the database. ``stood``: every row as it stood, where an entry takes the whole state over. ``files``:
    those that the entries of this flush name."""

    complaint: Complaint
    now: datetime
    conditions: Conditions
    demands: list[Demand] = field(default_factory=list)
    engagements: list[Engagement] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
    matters: list[Matter] = field(default_factory=list)
    clocks: list[Deadline] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    added: dict[type[models.Model], list[models.Model]] = field(default_factory=lambda: defaultdict(list))
    touched: dict[tuple[type[models.Model], int], models.Model] = field(default_factory=dict)
    loaded: dict[tuple[type[models.Model], int], dict[str, Any]] = field(default_factory=dict)
    consents_before: dict[tuple[str, int | None], bool] = field(default_factory=dict)
    stood: list[tuple[str, dict[str, Any]]] | None = None
    files: list[Evidence] = field(default_factory=list)

    @property
    def status(self) -> Status:
        return Status(self.complaint.status)

    @property
    def today(self) -> date:
        return self.conditions.calendar.local_day(self.now)

    @property
    def engagement(self) -> Engagement | None:
        """The entity that has the case now."""
        return next((e for e in reversed(self.engagements) if e.until_at is None), None)

    @property
    def latest_engagement(self) -> Engagement | None:
        return self.engagements[-1] if self.engagements else None

    def number(self, policy: str) -> int:
        """The number in force where the case is handled."""
        return self.conditions.policies.number(policy, self.complaint.handling_region_id).number

    @property
    def open_offer(self) -> Offer | None:
        return next((o for o in self.offers if o.state == "open"), None)

    @property
    def was_received_by_authority(self) -> bool:
        return self.complaint.authority_received_at is not None

    @property
    def has_broken_promise(self) -> bool:
        return self.complaint.is_not_kept or any(o.state == "broken" for o in self.obligations)

    def obligations_in(self, *states: str) -> list[Obligation]:
        return [o for o in self.obligations if o.state in states]

    def matter(self, kind: str, subject: str = "") -> Matter | None:
        """The open matter of this kind, if any."""
        return next(
            (m for m in self.matters if m.kind == kind and m.state == "open" and (not subject or m.subject == subject)),
            None,
        )

    @property
    def rows(self) -> dict[type[models.Model], list[Any]]:
        """The case's own rows by their model."""
        return {
            Engagement: self.engagements,
            Demand: self.demands,
            Offer: self.offers,
            Obligation: self.obligations,
            Matter: self.matters,
            Deadline: self.clocks,
        }

    def add(self, row: Model) -> Model:
        """A new child row; it joins the file's own list at once."""
        self.added[type(row)].append(row)
        if type(row) in self.rows:
            self.rows[type(row)].append(row)
        return row

    def enter(self, step: str, actor: Actor, audience: Audience, data: dict[str, Any], **values: Any) -> None:
        """An entry of the record that moves nothing; ``values``: what else it says (Entry)."""
        case, at = self.complaint, self.now
        values = {"from_status": case.status, "to_status": case.status, "outcome": case.outcome} | values
        self.entries.append(Entry(case, step, actor, at, at, audience=audience, data=data, **values))

    def change(self, row: models.Model, **values: Any) -> None:
        """Set values on a row of the file; written with the batch."""
        if row.pk is not None:
            self.keep_loaded(row)
        for name, value in values.items():
            setattr(row, name, value)
        if row.pk is not None:
            self.touched[type(row), row.pk] = row

    def keep_loaded(self, row: models.Model) -> None:
        """Keep the values that this row came with; before anything of it is changed."""
        if (type(row), row.pk) not in self.loaded:
            self.loaded[type(row), row.pk] = dict(row.__dict__)

    def base_of(self, table: Table, pk: int) -> str:
        """By what a row of the file is known in the state of the case."""
        row = next((row for row in self.rows.get(table.model, ()) if row.pk == pk), None)
        row = row or table.model._default_manager.get(pk=pk)
        return state.base(row, self.base_of)

    def name_of(self, row: models.Model) -> str:
        """The same for this row; with ``~1`` where the file has a newer one that is known by the same, and so on."""
        known = state.base(row, self.base_of)
        later = [one for one in self.rows.get(type(row), ()) if one.pk is None or one.pk > row.pk]
        return state.counted_back(known, sum(state.base(one, self.base_of) == known for one in later))

    def mark(self) -> Callable[[], None]:
        """A way back: what a refused move had changed by then is forgotten."""
        lists: list[list[Any]] = [*self.rows.values(), self.entries]
        kept: list[list[Any]] = [list(rows) for rows in lists]
        values = [(row, dict(row.__dict__)) for rows in kept[:-1] for row in rows]
        values.append((self.complaint, dict(self.complaint.__dict__)))
        added = {kind: list(rows) for kind, rows in self.added.items()}
        touched = dict(self.touched)

        def back() -> None:
            for rows, before in zip(lists, kept, strict=True):
                rows[:] = before
            for row, fields in values:
                row.__dict__.clear()
                row.__dict__.update(fields)
            self.added.clear()
            self.added.update(added)
            self.touched.clear()
            self.touched.update(touched)

        return back

    def open_matter(
        self,
        kind: str,
        *,
        by: str,
        subject: str = "",
        until: datetime | None = None,
        audience: str = "parties",
        key: Any = None,
        **data: Any,
    ) -> Matter:
        return self.add(
            Matter(
                complaint=self.complaint,
                kind=kind,
                subject=subject,
                audience=audience,
                opened_by=by,
                opened_by_key=key,
                opened_at=self.now,
                until_at=until,
                data=data,
            )
        )

    def end_matter(self, matter: Matter, state: str = "done") -> None:
        self.change(matter, state=state, closed_at=self.now)


def is_internal(clock: Deadline) -> bool:
    """Only authorities know of it: a lead, a dispute about jurisdiction, what a superior asks of a lower authority."""
    return clock.clock in HIDDEN_CLOCKS or (
        clock.clock == Clock.INSTRUCTION
        and clock.owed_by == "authority"
        # The enterprise's own question to the office is the parties'.
        and clock.matter is not None
        and clock.matter.audience == Audience.AUTHORITY
    )


#: What a person may take back by itself, and in which order it is shown.
REVOCABLE = ("share_with_enterprise", "pass_to_regulator", "delegated_mediation", "pause_for_settlement")
PUBLISH, MEDIATION, ENTITY = "publish_masked", "mediation", "share_with_named_entity"
CONSENT_LABELS = {
    "share_with_enterprise": _("把投诉和联系方式提供给企业"),
    "share_with_named_entity": _("把投诉和联系方式提供给企业"),
    "pass_to_regulator": _("谈不成时交市场监管局"),
    "delegated_mediation": _("委托消费者组织调解"),
    "pause_for_settlement": _("监管部门审查前先让企业和解"),
    "publish_masked": _("隐去姓名后公开"),
    "mediation": _("参加调解"),
}
#: Consents that came with a step of its own read the words of that step's page.
STEP_TEXT = "step-2026-11"

Consents = dict[tuple[str, int | None], bool]


def given_consents(complaint: Complaint) -> Consents:
    """(purpose, legal entity or None) → yes or no, as it holds now; what was never asked is missing."""
    consents = complaint.consents or {}
    result: Consents = {(name, None): consents[name] for name in REVOCABLE if isinstance(consents.get(name), bool)}
    if isinstance(consents.get("share_with_enterprise"), bool) and consents.get("named_entity"):
        result["share_with_enterprise", consents["named_entity"]] = result.pop(("share_with_enterprise", None))
    if PUBLISH in consents or complaint.publication_consent:
        result[PUBLISH, None] = complaint.publication_consent
    if isinstance(consents.get("mediation_consumer"), bool):
        result[MEDIATION, None] = consents["mediation_consumer"]
    result.update({(ENTITY, entity): True for entity in consents.get("entities", [])})
    return result


def consent_records(file: CaseFile) -> list[ConsentRecord]:
    """What this file adds to the ledger: each answer that is new or other than before."""
    before, now = file.consents_before, given_consents(file.complaint)
    changed = {what: answer for what, answer in now.items() if before.get(what) is not answer}
    # An entity that is named no more was taken back.
    changed |= {what: False for what, answer in before.items() if answer and what not in now}
    entry = file.entries[-1] if file.entries else None
    return [
        ConsentRecord(
            complaint=file.complaint,
            person_key=file.complaint.consumer_key,
            purpose=purpose,
            is_given=answer,
            enterprise_id=entity,
            at=file.now,
            text_version=(file.complaint.consent_version if not before else "") or STEP_TEXT,
            channel=entry.actor.channel if entry else "portal",
        )
        for (purpose, entity), answer in changed.items()
    ]
