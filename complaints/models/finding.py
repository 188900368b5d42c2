"""By what a case is found: digests of what nobody can read in the database (phone, name, order number, copied text),
and the words of what was bought.

Of a person only digests stand here (accounts/keys/blind.py). They go when the person is erased."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from accounts.keys.sealed_fields import BlindIndex
from complaints.models.complaint import Complaint


class PersonDigest(models.Model):
    """One text of the filing, as a digest. ``kind`` is phone, name, order or text, not the kind of the text."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="person_digests")
    kind = models.CharField(max_length=8)
    digest = BlindIndex()

    class Meta:
        indexes = [models.Index(fields=["digest", "complaint"], name="cases_by_what_was_typed")]


class CaseWords(models.Model):
    """What was bought, as it is looked for: without spaces, signs and large letters (``folded``), and cut into pairs of
    neighbours. Beside the pairs stand in ``marks`` where the case was ever held (``e:<enterprise>``, ``b:<branch>``)
    and is handled (``r:<region>`` of each level). Filled by the database itself (migration 0005), asked by its function
    ``cases_with_words`` alone."""

    complaint = models.OneToOneField(Complaint, primary_key=True, on_delete=models.PROTECT, related_name="+")
    folded = models.TextField()
    marks = ArrayField(models.TextField())

    class Meta:
        # What was added last is read through with each search until it is sorted in: not more than this (kB).
        indexes = [GinIndex(fields=["marks"], name="cases_by_words", gin_pending_list_limit=128)]
