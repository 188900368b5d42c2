"""The log over the whole record: one Merkle tree (RFC 9162) whose leaves are the entries of all chains, in the order in
which they were admitted. Triggers refuse to change it; tiles and notes only grow."""

from __future__ import annotations

from django.db import models


class Leaf(models.Model):
    """Which entry lies at ``place`` (from 0): ``number|audience|sequence``, of the house chain ``house|house|n``. The
    last seal of the older form lies there as ``seal||number``, with its root as hash."""

    place = models.BigIntegerField(primary_key=True)
    entry = models.TextField()

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["entry"], name="entry_has_one_leaf")]


class Tile(models.Model):
    """At most 256 hashes of 32 bytes side by side: of ``level`` 0 those of leaves, above it the roots over the whole
    tiles of the level below (C2SP tlog-tiles). ``place`` counts the tiles of a level from 0."""

    level = models.SmallIntegerField()
    place = models.BigIntegerField()
    digests = models.BinaryField()

    class Meta:
        ordering = ["level", "place"]
        constraints = [models.UniqueConstraint(fields=["level", "place"], name="tile_has_one_place")]


class Checkpoint(models.Model):
    """The signed root over the first ``size`` leaves. ``note``: the signed text (complaints/record/notes.py), to which
    witnesses add lines. ``at``: the whole second that the note's own time line says. ``stamp``: a time stamp of RFC
    3161 over the note's body, or empty. ``number`` counts them without a gap.

    ``horizon``, ``ceiling``, ``era`` are the sealer's own: entries of transactions below the horizon had all been seen,
    transactions above the ceiling began later, in that life of the database. No proof hangs on them."""

    number = models.PositiveBigIntegerField(primary_key=True)
    size = models.BigIntegerField(db_index=True)
    root = models.BinaryField()
    at = models.DateTimeField()
    note = models.TextField()
    stamp = models.BinaryField(default=b"")
    horizon = models.BigIntegerField()
    ceiling = models.BigIntegerField()
    era = models.BigIntegerField()

    class Meta:
        ordering = ["number"]


class NotAdmitted(models.Model):
    """An entry that stands in the record and was refused a leaf. ``entry`` as in Leaf; ``code`` as in
    complaints/record/findings.py. It is tried again with each seal, and named until two persons set it aside."""

    entry = models.TextField()
    code = models.CharField(max_length=20)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["found_at", "entry"]
        constraints = [models.UniqueConstraint(fields=["entry"], name="entry_is_refused_once")]
