"""Cases whose record lies in the archive (complaints/record/moved/)."""

from django.db import models


class ArchivedCase(models.Model):
    """One case that was moved, as the entry ``archived`` of the house chain names it.

    ``entry``: the sequence of that entry, whose root is over the rows that it named. ``entries``: how many entries of
    the case were moved; ``heads``: the SHA-256 over the last entry of each of its chains. ``returned``: the sequence of
    the entry ``returned``, once the case was brought back. A row is never deleted."""

    complaint_id = models.BigIntegerField()
    entry = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    heads = models.BinaryField()
    returned = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["complaint_id"], condition=models.Q(returned=None), name="a_case_is_archived_once"
            ),
            models.UniqueConstraint(fields=["entry", "complaint_id"], name="an_entry_names_a_case_once"),
        ]
