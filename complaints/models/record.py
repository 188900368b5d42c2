"""The record: what happened, when, by whom; consents; what routing decided and why. Triggers and grants refuse to
change it. The hashed text stands in ``body``; the columns beside it only serve reading."""

from __future__ import annotations

import json
from typing import Any

from django.db import models
from django.db.models import BigIntegerField, Func, Q

from accounts.keys.sealed_fields import SealedText
from complaints.models.complaint import Complaint
from complaints.procedure.categories import QUESTIONS
from enterprises.models import Enterprise

SALT_BYTES = 16
#: What people say in their own words.
FREE_KINDS = frozenset(
    {
        *("consumer_statement", "consumer_demand_note", "consumer_transcript", "message", "question", "reason"),
        *("counter_demand", "contact", "proof", "decision", "minutes", "report", "correction", "lead", "rating"),
        *("note", "concern", "agreement", "public_reply", "suggestion"),
    }
) | {question.text_kind for question in QUESTIONS if question.kind == "long_text"}


def with_salt(salt: bytes, text: str) -> str:
    """Salt and text as they are sealed together: 32 hexadecimal digits, then the text."""
    return f"{salt.hex()}{text}"


def salted_text(opened: str) -> tuple[bytes, str]:
    """(salt, text) of what was sealed together; both empty once it was erased."""
    return bytes.fromhex(opened[: 2 * SALT_BYTES]), opened[2 * SALT_BYTES :]


class RecordedName(models.Model):
    """A name as it was, under its person's key. Erasure empties ``sealed``, never the digest. ``mark`` is the same for
    the same name of one person, and says nothing without that person's key."""

    person_key = models.UUIDField()
    sealed = SealedText(whose="person_key", place=["person_key", "digest"])
    mark = models.BinaryField()
    digest = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_key", "mark"], name="name_is_kept_once")]

    @property
    def name(self) -> str:
        return salted_text(self.sealed)[1]

    def __str__(self) -> str:
        return self.name


#: The transaction that writes the row, filled by the database.
_TRANSACTION = Func(
    function="pg_current_xact_id", template="(%(function)s()::text::bigint)", output_field=BigIntegerField()
)


class HandlingStep(models.Model):
    """One entry. ``happened_at`` is when it counts, ``written_at`` when it was written.

    ``tag`` is over ``hash`` (accounts/keys/tags.py); entries from before there were tags have none, and their ``body``
    has no ``form``. ``state`` is what the flush changed of the case's state, sealed (complaints/record/state.py); its
    digest stands in ``body``.

    ``transaction`` is filled by the database: by it events are told in the order in which they became visible
    (complaints/record/events.py). It is no part of what is hashed."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="steps")
    audience = models.CharField(max_length=12, default="parties")
    sequence = models.PositiveIntegerField()
    step = models.CharField(max_length=40)
    happened_at = models.DateTimeField()
    written_at = models.DateTimeField()
    actor_role = models.CharField(max_length=16)
    organisation = models.CharField(max_length=200, blank=True, default="")
    name = models.ForeignKey(RecordedName, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.ForeignKey(RecordedName, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    from_status = models.CharField(max_length=24)
    to_status = models.CharField(max_length=24)
    outcome = models.CharField(max_length=24, blank=True, default="")
    reason = models.CharField(max_length=60, blank=True, default="")
    data: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    body = models.TextField()
    state = models.BinaryField(default=b"")
    previous_hash = models.BinaryField()
    hash = models.BinaryField()
    tag = models.BinaryField(default=b"")
    transaction = models.BigIntegerField(editable=False, db_default=_TRANSACTION)

    class Meta:
        ordering = ["complaint_id", "audience", "sequence"]
        constraints = [
            models.UniqueConstraint(fields=["complaint", "audience", "sequence"], name="entry_has_its_own_number"),
            models.CheckConstraint(name="entry_is_hashed", condition=~Q(hash=b"")),
        ]
        indexes = [models.Index(fields=["transaction", "id"], name="entries_as_they_were_committed")]


class HouseEntry(models.Model):
    """One entry of the house chain: what happened to the record itself and to no case alone (keys, erasures, holds,
    restores). Written by complaints/record/house.py; nothing personal stands in it."""

    sequence = models.PositiveIntegerField(unique=True)
    step = models.CharField(max_length=40)
    at = models.DateTimeField()
    body = models.TextField()
    previous_hash = models.BinaryField()
    hash = models.BinaryField()
    tag = models.BinaryField()
    transaction = models.BigIntegerField(editable=False, db_default=_TRANSACTION)

    class Meta:
        ordering = ["sequence"]
        constraints = [
            models.CheckConstraint(name="house_entry_is_hashed_and_tagged", condition=~Q(hash=b"") & ~Q(tag=b""))
        ]

    @property
    def data(self) -> dict[str, Any]:
        """What the hashed text says."""
        return dict(json.loads(self.body)["data"])

    @property
    def by(self) -> str:
        """Who wrote it: a person's key, or a code."""
        return str(json.loads(self.body)["by"])


class PersonalText(models.Model):
    """What a person said or is called: name, phone, address, statement, message, reason.

    ``key_id`` is that person's key; destroying the key destroys the text. The entry ``sequence`` of chain ``audience``
    carries the salted digest. The salt is sealed with the text: whoever had it could try all phone numbers against the
    digest."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="texts")
    key_id = models.UUIDField()
    audience = models.CharField(max_length=12, default="parties")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    sealed = SealedText(
        whose="key_id", place=["complaint_id", "audience", "sequence", "kind", "digest"], free_text="is_free"
    )
    digest = models.BinaryField()

    class Meta:
        ordering = ["complaint_id", "sequence", "id"]
        indexes = [
            models.Index(fields=["complaint", "audience", "sequence"], name="texts_of_a_case"),
            models.Index(fields=["key_id"], name="texts_of_a_person"),
        ]

    @property
    def is_free(self) -> bool:
        """Sealed by setting; every other kind is a name, a number or an address and is always sealed."""
        return self.kind in FREE_KINDS

    @property
    def text(self) -> str:
        return salted_text(self.sealed)[1]

    @property
    def salt(self) -> bytes:
        return salted_text(self.sealed)[0]


class Seal(models.Model):
    """Of the older form, none is made any more: a signed head over all chains that grew since the seal before it.
    ``heads_root`` is the root of a tree over their last entries (empty in seals from before there were trees)."""

    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    through_id = models.BigIntegerField()
    size = models.BigIntegerField()
    previous_root = models.BinaryField()
    heads_root = models.BinaryField(default=b"")
    root = models.BinaryField()
    signature = models.BinaryField()
    public_key = models.BinaryField()

    class Meta:
        ordering = ["number"]


class SealedHead(models.Model):
    """The last entry of one chain at the time of the seal."""

    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="heads")
    complaint_id = models.BigIntegerField()
    audience = models.CharField(max_length=12)
    sequence = models.PositiveIntegerField()
    hash = models.BinaryField()

    class Meta:
        ordering = ["seal_id", "complaint_id", "audience"]
        constraints = [
            models.UniqueConstraint(fields=["seal", "complaint_id", "audience"], name="chain_is_sealed_once_a_seal")
        ]
        indexes = [models.Index(fields=["complaint_id", "seal"], name="sealed_heads_of_a_case")]


class ConsentRecord(models.Model):
    """One answer. ``enterprise`` where the consent names a legal entity (PIPL art. 23)."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, db_index=False, related_name="consent_records")
    person_key = models.UUIDField()
    purpose = models.CharField(max_length=40)
    is_given = models.BooleanField()
    enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    text_version = models.CharField(max_length=20)
    at = models.DateTimeField()
    channel = models.CharField(max_length=20)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(name="consent_names_its_text", condition=~models.Q(text_version=""))]
        indexes = [
            models.Index(fields=["complaint", "id"], name="consents_of_a_case"),
            models.Index(fields=["person_key", "id"], name="consents_of_a_person"),
        ]


class ForwardingDecision(models.Model):
    """``explanation``: candidates, confidence, why; each why is a code with parameters. ``note``: what an officer wrote
    to it, for the authority alone."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="decisions")
    at = models.DateTimeField()
    verdict = models.CharField(max_length=20)
    rule = models.CharField(max_length=60, blank=True, default="")
    rule_version = models.PositiveIntegerField(null=True, blank=True)
    confidence = models.CharField(max_length=12, blank=True, default="")
    explanation: models.JSONField[Any, dict[str, Any]] = models.JSONField(default=dict)
    note = SealedText(blank=True, whose="complaint.case_key", place=["complaint_id", "at", "verdict"], free_text=True)

    class Meta:
        ordering = ["complaint_id", "id"]
        # How a rule fares; most decisions are made by the directory alone and name none.
        indexes = [models.Index(fields=["rule", "at", "id"], name="decisions_by_rule", condition=~models.Q(rule=""))]
