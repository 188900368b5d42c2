"""A person by all keys under which his words lie, with the account and the cases in which he takes part."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.models import PersonKey, User
from complaints import models
from complaints.procedure.refusals import StepNotAllowed


@dataclass(frozen=True, slots=True)
class Found:
    """A person by all keys under which his words lie, with the account and the cases in which he takes part.

    ``user`` is empty for who filed without an account; ``cases``: ids, closed and open."""

    keys: list[UUID]
    user: User | None
    cases: list[int]

    @property
    def open_cases(self) -> QuerySet[models.Complaint]:
        return models.Complaint.objects.filter(pk__in=self.cases).open()


def find(person: UUID) -> Found:
    """Raises StepNotAllowed for a key that is nobody's, or whose person was erased."""
    user = User.objects.filter(person_key=person).first()
    keys = [person]
    mine = Q(consumer_key=person) | Q(consumer__person_key=person)
    if user is not None:
        # Cases that were filed without this account and found it by their number: their words lie under own keys.
        keys += sorted(set(models.Complaint.objects.filter(consumer=user).values_list("consumer_key", flat=True)))
        mine |= Q(participants__person=user)
    cases = sorted(
        set(models.Complaint.objects.filter(mine | Q(participants__person_key=person)).values_list("pk", flat=True))
    )
    known = user is not None or cases or any(rows.exists() for rows in _beside_cases(person))
    if not known or PersonKey.objects.filter(person=person, destroyed_at__isnull=False).exists():
        raise StepNotAllowed("unknown_person", "nobody has this key: look it up in the record or the security log")
    return Found(list(dict.fromkeys(keys)), user, cases)


def _beside_cases(person: UUID) -> tuple[QuerySet[Any], ...]:
    return tuple(
        model._default_manager.filter(person_key=person)
        for model in (models.RecordedName, models.AnswerLink, models.StationEntry)
    )


def last_cases(found: Found, *, restricts: bool = False) -> list[models.Complaint]:
    """Those of his cases that have no other consumer who stands: what others wrote in them ends too. ``restricts``: a
    restricted one does not stand; else only who was erased does not."""
    cases = models.Complaint.objects.filter(pk__in=found.cases).order_by("pk")
    people: dict[int, set[UUID]] = {case.pk: {case.consumer_key} for case in cases}
    joined = models.Participant.objects.filter(complaint__in=found.cases, state=models.Participant.JOINED)
    for case, key in joined.values_list("complaint_id", "person_key"):
        people[case].add(key)
    everybody = set().union(*people.values()) if people else set()
    kept = PersonKey.objects.filter(person__in=everybody, destroyed_at=None)
    if restricts:
        kept = kept.filter(restricted_at=None)
    still = set(kept.values_list("person", flat=True)) - set(found.keys)
    return [case for case in cases if not people[case.pk] & still]
