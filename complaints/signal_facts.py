"""Reads what signals compare: a fixed number of queries, for one case or a page of them.

The one rule: only what ``seen`` lets the asker see; phones, names and order numbers are compared by digest and never read,
texts of candidates are read to say how alike they are and leave this module as a number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from complaints import person_digests, signals
from complaints.alike import bare
from complaints.filing.request import FilingRequest
from complaints.models import Complaint, Evidence, Matter, PersonalText, PersonDigest
from complaints.models.evidence import EvidenceKind
from complaints.signals import Around, DayCount, Facts, Signal
from complaints.working_calendar import SHANGHAI
from odr_portal.accounts import keyring

#: Of cases that share a digest with the asked ones, or their person, at most so many, the newest.
MOST = 500
#: Texts of so many candidates are read for one question.
READ = 60
_SHARED = ("phone", "order", person_digests.MARK)
_KINDS = ("consumer_name", "consumer_phone", "consumer_address", "consumer_statement", "consumer_transcript",
          "consumer_representatives")
_COLUMNS = ("pk", "number", "consumer_key", "filed_at", "received_at", "picked_enterprise_id", "enterprise_id",
            "respondent_named", "problem_category", "object_category", "item_name", "status", "outcome", "on_behalf_kind",
            "station_id", "absent")

Digests = dict[str, set[bytes]]


def signals_of(cases: Sequence[Complaint], *, seen: QuerySet[Complaint]) -> dict[int, list[Signal]]:
    """The signals of each case, by id; twelve queries. ``seen``: the cases that the asker may see (``Desk.cases()``)."""
    if not cases:
        return {}
    ids = [case.pk for case in cases]
    digests: dict[int, Digests] = defaultdict(lambda: defaultdict(set))
    for pk, kind, digest in PersonDigest.objects.filter(complaint_id__in=ids).values_list("complaint_id", "kind", "digest"):
        digests[pk][kind].add(bytes(digest))
    proofs: dict[int, set[str]] = defaultdict(set)
    for pk, kind in Evidence.objects.filter(complaint_id__in=ids).values_list("complaint_id", "kind"):
        proofs[pk].add(kind)
    matters: dict[int, set[str]] = defaultdict(set)
    for pk, kind in Matter.objects.filter(Q(kind="report") | Q(kind="power", state="open"), complaint_id__in=ids).values_list(
            "complaint_id", "kind"):
        matters[pk].add(kind)
    own = {}
    for case in cases:
        facts = _facts({name: getattr(case, name) for name in _COLUMNS})
        own[case.pk] = replace(
            _with(facts, digests[case.pk]), proofs=frozenset(proofs[case.pk]), matters=frozenset(matters[case.pk]),
            has_place=bool(facts.respondent_id or any(case.respondent_details.values())),
            has_voice=bool(case.facts.get("voice")))
    return _judged(own, seen)


def signals_of_request(filing: FilingRequest, *, seen: QuerySet[Complaint], person: UUID | None = None) -> list[Signal]:
    """The same before anything is filed, for an officer who writes it down. ``person``: the key of the account that will
    have it, where there is one."""
    typed = {"consumer_name": filing.consumer_name, "consumer_phone": filing.consumer_phone,
             "consumer_order_no": filing.order_no, "consumer_service_number": filing.service_number,
             person_digests.COPIED: filing.statement}
    digests: Digests = defaultdict(set)
    for kind, text in typed.items():
        for name, digest in person_digests.digests_in(kind, text):
            digests[name].add(digest)
    to = filing.respondents[0]
    facts = _facts({
        "pk": 0, "number": "", "consumer_key": person, "filed_at": filing.received_at, "received_at": filing.received_at,
        "picked_enterprise_id": to.enterprise_id, "enterprise_id": None, "respondent_named": to.named,
        "problem_category": filing.problem_category, "object_category": filing.object_category, "item_name": filing.item_name,
        "status": "", "outcome": "", "on_behalf_kind": filing.on_behalf.kind, "station_id": filing.station_id, "absent": []})
    here = replace(
        _with(facts, digests), statement=filing.statement, texts=frozenset(_KINDS),
        proofs=frozenset({EvidenceKind.RECEIPT.value} if filing.evidence_ids else ()),
        matters=frozenset({"report"} if filing.report else ()),
        has_place=bool(to.enterprise_id or to.address or to.phone or to.link))
    return _judged({0: here}, seen)[0]


def _judged(own: dict[int, Facts], seen: QuerySet[Complaint]) -> dict[int, list[Signal]]:
    near = _near(own, seen)
    texts = _texts([pk for pk, facts in own.items() if not facts.statement], _to_read(own, near))
    here = {pk: _spoken(facts, texts.get(pk, {})) for pk, facts in own.items()}
    others = [_spoken(facts, texts.get(pk, {})) for pk, facts in near.items()]
    days, same_thing = _beside(here.values(), seen)
    around = Around(others=[*others, *here.values()], same_thing=same_thing, days=days)
    return {pk: signals.signals_for(facts, around) for pk, facts in here.items()}


def _facts(row: Mapping[str, Any]) -> Facts:
    keys = _keys(row["picked_enterprise_id"], row["enterprise_id"], row["respondent_named"])
    return Facts(
        pk=row["pk"], number=row["number"], person=row["consumer_key"], filed_at=row["filed_at"],
        day=row["received_at"].astimezone(SHANGHAI).date(), respondent=keys[0] if keys else "", respondents=frozenset(keys),
        respondent_id=row["picked_enterprise_id"] or row["enterprise_id"], problem=row["problem_category"],
        category=row["object_category"], item=bare(row["item_name"]), status=row["status"], outcome=row["outcome"],
        behalf=row["on_behalf_kind"], at_station=row["station_id"] is not None, absent=tuple(row["absent"]))


def _keys(picked: int | None, has_it: int | None, named: str) -> list[str]:
    """Whom it is against, in every form that another case may use; the first one is counted by."""
    found = [f"e{pk}" for pk in (picked, has_it) if pk is not None]
    return found or ([f"n{bare(named)}"] if bare(named) else [])


def _with(facts: Facts, digests: Mapping[str, Iterable[bytes]]) -> Facts:
    said = {kind: frozenset(found) for kind, found in digests.items()}
    none: frozenset[bytes] = frozenset()
    return replace(facts, phones=said.get("phone", none), names=said.get("name", none), orders=said.get("order", none),
                   marks=said.get(person_digests.MARK, none))


def _spoken(facts: Facts, texts: Mapping[str, str]) -> Facts:
    """With what was said, where it was read; of an officer's transcript as of the consumer's own words."""
    if not texts:
        return facts
    said = texts.get("consumer_statement") or texts.get("consumer_transcript") or ""
    return replace(facts, statement=said, texts=frozenset(texts))


def _near(own: Mapping[int, Facts], seen: QuerySet[Complaint]) -> dict[int, Facts]:
    """Cases with the same phone, order or marks, and those of the same people; four queries."""
    wanted = {digest for facts in own.values() for digest in (*facts.phones, *facts.orders, *facts.marks)}
    shared: dict[int, Digests] = defaultdict(lambda: defaultdict(set))
    if wanted:
        rows = PersonDigest.objects.filter(digest__in=wanted, kind__in=_SHARED).exclude(complaint_id__in=own)
        for pk, kind, digest in rows.order_by("-complaint_id").values_list("complaint_id", "kind", "digest")[:MOST]:
            shared[pk][kind].add(bytes(digest))
    first = min(facts.filed_at for facts in own.values()) - signals.LOOKED_BACK
    people = {facts.person for facts in own.values() if facts.person is not None}
    mine = seen.filter(consumer_key__in=people, filed_at__gte=first).exclude(pk__in=own)
    rows_found = {row["pk"]: row for rows in (seen.filter(pk__in=shared), mine) for row in rows.order_by("-pk").values(*_COLUMNS)[:MOST]}
    named: dict[int, set[bytes]] = defaultdict(set)
    for pk, digest in PersonDigest.objects.filter(
            complaint_id__in=[pk for pk, found in shared.items() if "phone" in found and pk in rows_found], kind="name").values_list(
            "complaint_id", "digest"):
        named[pk].add(bytes(digest))
    return {pk: _with(_facts(row), {**shared.get(pk, {}), "name": named[pk]}) for pk, row in rows_found.items()}


def _to_read(own: Mapping[int, Facts], near: Mapping[int, Facts]) -> list[int]:
    """Whose texts say something: those with a mark in common, and those of the same person."""
    people = {facts.person for facts in own.values() if facts.person is not None}
    wanted = [facts for facts in near.values() if facts.marks or facts.person in people]
    return [facts.pk for facts in sorted(wanted, key=lambda facts: facts.filed_at, reverse=True)[:READ]]


def _texts(own: Iterable[int], near: Iterable[int]) -> dict[int, dict[str, str]]:
    """kind → newest text; of the others their statements alone."""
    rows = list(PersonalText.objects.filter(
        Q(complaint_id__in=list(own), kind__in=_KINDS) | Q(complaint_id__in=list(near), kind="consumer_statement"),
        audience="parties").order_by("complaint_id", "sequence"))
    keyring.load_for(rows)
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if text := row.text:
            found[row.complaint_id][row.kind] = text
    return found


def _beside(here: Iterable[Facts], seen: QuerySet[Complaint]) -> tuple[list[DayCount], list[Facts]]:
    """How many a day against the same respondents in the week before, and who has the same thing; two queries."""
    facts = [one for one in here if one.respondents]
    if not facts:
        return [], []
    first = min(one.day for one in facts) - timedelta(days=signals.DAYS_BEFORE)
    last = max(one.day for one in facts) + timedelta(days=1)
    ids = {int(key[1:]) for one in facts for key in one.respondents if key[0] == "e"}
    names = {key[1:] for one in facts for key in one.respondents if key[0] == "n"}
    against = Q(picked_enterprise_id__in=ids) | Q(enterprise_id__in=ids)
    if names:
        against |= ~Q(respondent_named="") & Q(picked_enterprise_id=None)
    rows = seen.filter(against, received_at__gte=_midnight(first), received_at__lt=_midnight(last)).order_by()
    days = [DayCount(keys[0], row["day"], row["n"]) for row in rows.annotate(day=TruncDate("received_at", tzinfo=SHANGHAI)).values(
        "picked_enterprise_id", "enterprise_id", "respondent_named", "day").annotate(n=Count("pk"))
        if (keys := _keys(row["picked_enterprise_id"], row["enterprise_id"], row["respondent_named"]))]
    problems = {one.problem for one in facts if one.problem and one.item}
    alike = rows.filter(problem_category__in=problems).exclude(status="closed").order_by("-pk").values(*_COLUMNS)[:MOST]
    return days, [_facts(row) for row in alike]


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)
