"""Makes of rows what signals compare: two statements, for one case or a page of them, which a page may ask for more.

Phones, names and order numbers are compared by digest; texts of other cases leave this module as a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Model

from accounts.keys import sealed_fields
from authorities.models import Region
from complaints.models import Complaint, PersonalText
from complaints.models.evidence import EvidenceKind
from complaints.procedure.categories import QUESTIONS
from complaints.procedure.filing_request import FilingRequest
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record import person_digests
from complaints.record.person_digests import bare
from complaints.triage import signals
from complaints.triage.signal_rows import NAMED, TEXTS, First, Second
from complaints.triage.signals import Around, DayCount, Facts, Signal
from database.prepared import PreparedQuery

#: Texts of so many candidates are read for one question.
READ = 60

Digests = dict[str, set[bytes]]


class Asking:
    """The signals of cases, with what a page reads of the same cases: ``more`` by their ids with the first statement,
    ``then`` by lists of ids that it gives to `answered`, with the second; these come after three lists of signals' own.
    """

    def __init__(
        self, more: Mapping[str, PreparedQuery[Any]] | None = None, then: Mapping[str, PreparedQuery[Any]] | None = None
    ) -> None:
        self.first, self.second = First(more), Second(then)

    def about(self, cases: Sequence[Complaint], regions: Sequence[Region], *, looked_back: timedelta) -> FirstStatement:
        """One statement. ``regions``: where the cases lie that the asker may see (``Workspace.regions``)."""
        here = {case.pk: _facts(case) for case in cases}
        rows = self.first(list(here), *_values(here.values(), looked_back), regions=regions)
        proofs, matters = _kinds(rows["files"]), _kinds(rows["matters"])
        for case in cases:
            here[case.pk] = replace(
                here[case.pk],
                proofs=proofs[case.pk],
                matters=matters[case.pk],
                has_voice=bool(case.facts.get("voice")),
                absent=tuple(case.absent),
                removed=frozenset(case.facts.get("signs_removed", ())),
            )
        return FirstStatement(self.second, here, rows, looked_back, cases)


class FirstStatement:
    """What the first statement brought, by name in ``rows``."""

    def __init__(
        self,
        second: Second,
        here: dict[int, Facts],
        rows: dict[str, list[Any]],
        looked_back: timedelta,
        cases: Sequence[Complaint] = (),
    ) -> None:
        self.second, self.here, self.rows, self.cases = second, here, rows, cases
        self.looked_back = looked_back
        self.near, self.shared = _near(rows), _kinds(rows["by_digest"])

    def answered(self, *lists: list[int], people: Iterable[Model] = ()) -> dict[str, list[Any]]:
        """The rows of the second statement by name, asked with ``lists``. ``people``: whose keys are fetched too."""
        named = [pk for pk in self.near if "phone" in self.shared[pk]]
        known = [*self.rows.get("digests", ()), *self.rows["by_digest"]]
        rows = self.second(self._to_read(), named, [row.pk for row in known], *lists)
        digests = _digests([*known, *rows["names"]], dict(rows["digests"]))
        sealed_fields.load_for([*self.rows.get("texts", ()), *rows["texts"], *self.cases, *people])
        for case in self.cases:
            facts = self.here[case.pk]
            self.here[case.pk] = replace(
                facts, has_place=bool(facts.respondent_id or any(case.respondent_details.values()))
            )
        texts = _read([*self.rows.get("texts", ()), *rows["texts"]])
        self.near = {pk: _with(facts, digests[pk], texts.get(pk)) for pk, facts in self.near.items()}
        if self.cases:
            # Of what is not filed yet they were known before.
            self.here = {pk: _with(facts, digests[pk], texts.get(pk)) for pk, facts in self.here.items()}
        return rows

    def signals(self) -> dict[int, list[Signal]]:
        """The signals of each case, by id; after `answered`."""
        around = Around(
            others=[*self.near.values(), *self.here.values()],
            same_thing=[_facts(row) for row in self.rows["same_thing"]],
            days=[DayCount(keys[0], row.day, row.n) for row in self.rows["days"] if (keys := _keys(row))],
            looked_back=self.looked_back,
        )
        return {pk: signals.signals_for(facts, around) for pk, facts in self.here.items()}

    def _to_read(self) -> list[int]:
        """Whose texts say something: those with a mark in common, and those of the same person."""
        people = {facts.person for facts in self.here.values() if facts.person is not None}
        wanted = [
            facts for pk, facts in self.near.items() if person_digests.MARK in self.shared[pk] or facts.person in people
        ]
        return [facts.pk for facts in sorted(wanted, key=lambda facts: facts.filed_at, reverse=True)[:READ]]


_ALONE = Asking()
_TYPED, _AFTER_TYPED = First(typed=True), Second()


def signals_of(
    cases: Sequence[Complaint], *, regions: Sequence[Region], looked_back: timedelta
) -> dict[int, list[Signal]]:
    """The signals of each case, by id; two statements beside keys that are not held yet."""
    if not cases:
        return {}
    asked = _ALONE.about(cases, regions, looked_back=looked_back)
    asked.answered()
    return asked.signals()


def signals_of_request(
    filing: FilingRequest, *, regions: Sequence[Region], looked_back: timedelta, person: UUID | None = None
) -> list[Signal]:
    """The same before anything is filed. ``person``: the key of the account that will have it, if any."""
    typed = {
        "consumer_name": filing.consumer_name,
        "consumer_phone": filing.consumer_phone,
        "consumer_order_no": filing.order_no,
        **{question.text_kind: filing.answers.get(question.code, "") for question in QUESTIONS},
        person_digests.COPIED: filing.statement,
    }
    digests: Digests = defaultdict(set)
    for kind, text in typed.items():
        for name, digest in person_digests.digests_in(kind, text):
            digests[name].add(digest)
    to = filing.respondents[0]
    # Whoever has no account yet has no key either.
    known: dict[str, Any] = {"consumer_key": person}
    facts = _facts(
        Complaint(
            **known,
            pk=0,
            filed_at=filing.received_at,
            received_at=filing.received_at,
            picked_enterprise_id=to.enterprise_id,
            respondent_named=to.named,
            problem_category=filing.problem_category,
            object_category=filing.object_category,
            item_name=filing.item_name,
            on_behalf_kind=filing.on_behalf.kind,
            station_id=filing.station_id,
        )
    )
    here = replace(
        _with(facts, digests),
        statement=filing.statement,
        texts=frozenset(TEXTS),
        proofs=frozenset({EvidenceKind.RECEIPT.value} if filing.evidence_ids else ()),
        matters=frozenset({"report"} if filing.report else ()),
        has_place=bool(to.enterprise_id or to.address or to.phone or to.link),
    )
    wanted = sorted({*here.phones, *here.orders, *here.marks})
    asked = FirstStatement(
        _AFTER_TYPED, {0: here}, _TYPED(wanted, *_values([here], looked_back), regions=regions), looked_back
    )
    asked.answered()
    return asked.signals()[0]


def _values(here: Iterable[Facts], looked_back: timedelta) -> tuple[Any, ...]:
    """What the first statement asks beside the cases themselves."""
    facts = list(here)
    people = sorted({one.person for one in facts if one.person is not None})
    days = [one.day for one in facts if one.respondents] or [one.day for one in facts]
    keys = {key for one in facts for key in one.respondents}
    return (
        people,
        min(one.filed_at for one in facts) - looked_back,
        _midnight(min(days) - timedelta(days=signals.DAYS_BEFORE)),
        _midnight(max(days) + timedelta(days=1)),
        sorted({int(key[1:]) if key[0] == "e" else NAMED for key in keys}),
        sorted({one.problem for one in facts if one.respondents and one.problem and one.item}),
    )


def _near(rows: Mapping[str, list[Any]]) -> dict[int, Facts]:
    """Cases with the same phone, order or marks, and those of the same people."""
    cases = {case.pk: case for case in (*(row.complaint for row in rows["by_digest"]), *rows["by_person"])}
    return {pk: _facts(case) for pk, case in cases.items()}


def _facts(case: Complaint) -> Facts:
    keys = _keys(case)
    return Facts(
        pk=case.pk,
        number=case.number,
        person=case.consumer_key,
        filed_at=case.filed_at,
        day=case.received_at.astimezone(SHANGHAI).date(),
        respondent=keys[0] if keys else "",
        respondents=frozenset(keys),
        respondent_id=case.picked_enterprise_id or case.enterprise_id,
        problem=case.problem_category,
        item=bare(case.item_name),
        outcome=case.outcome,
        behalf=case.on_behalf_kind,
        at_station=case.station_id is not None,
    )


def _keys(case: Complaint) -> list[str]:
    """Whom it is against, in every form that another case may use; the first one is counted by."""
    results = [f"e{pk}" for pk in (case.picked_enterprise_id, case.enterprise_id) if pk is not None]
    return results or ([f"n{bare(case.respondent_named)}"] if bare(case.respondent_named) else [])


def _digests(rows: Iterable[Any], digests: Mapping[int, bytes]) -> defaultdict[int, Digests]:
    """Case → kind → digests."""
    result: defaultdict[int, Digests] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        # What was erased since has none.
        if (digest := digests.get(row.pk)) is not None:
            result[row.complaint_id][row.kind].add(bytes(digest))
    return result


def _kinds(rows: Iterable[Any]) -> defaultdict[int, frozenset[str]]:
    """Case → kinds of its rows."""
    result: defaultdict[int, frozenset[str]] = defaultdict(frozenset)
    for row in rows:
        result[row.complaint_id] |= {row.kind}
    return result


#: Kind of digest → field.
_FIELDS = {"phone": "phones", "name": "names", "order": "orders", person_digests.MARK: "marks"}


def _with(facts: Facts, digests: Mapping[str, Iterable[bytes]], texts: Mapping[str, str] | None = None) -> Facts:
    """With its digests, and what was said, where it was read; of an officer's transcript as of the consumer's own
    words."""
    values: dict[str, Any] = {field: frozenset(digests.get(kind, ())) for kind, field in _FIELDS.items()}
    if texts:
        given = texts.get("consumer_statement") or texts.get("consumer_transcript") or ""
        values |= {"statement": given, "texts": frozenset(texts)}
    return replace(facts, **values)


def _read(rows: list[PersonalText]) -> dict[int, dict[str, str]]:
    """Case → kind → newest text; their keys are held."""
    result: dict[int, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if text := row.text:
            result[row.complaint_id][row.kind] = text
    return result


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)
