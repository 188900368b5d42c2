"""Counters: what each case counts for, and the sums of that by day, month, place, enterprise and category.

These rows are derived; the record and the tables of the cases say what is true, and
``manage.py rebuild_rollups`` makes all of them anew. A count that is zero is null, so a row costs what it says.
"""

from __future__ import annotations

from uuid import uuid4

from django.db import models

#: How often something happened. One column each, in every table of counters.
COUNTS = (
    *("received", "open", "open_inside", "open_twice", "owing"),
    *("closed", "closed_settled", "closed_unconfirmed", "closed_settled_elsewhere", "closed_negotiation_failed"),
    *("closed_mediated", "closed_not_kept", "closed_mediation_terminated", "closed_refused", "closed_redirected"),
    *("closed_withdrawn", "closed_let_rest", "handled", "rated", "delivered", "again", "waiting"),
    *("ended_settled", "ended_unconfirmed", "ended_settled_elsewhere", "ended_failed", "ended_let_rest"),
    *(
        "ended_withdrawn",
        "ended_returned",
        "ended_again",
        "in_part",
        "in_time",
        "in_time_reported",
        "in_time_apart",
        "ended_late",
    ),
    *("ran_out", "ran_out_taken", "ran_out_ended", "routed", "misrouted", "mended", "mended_late"),
    *("mended_waiting", "offered", "offered_last_day", "answered", "ended_last_day"),
    *("responded", "accepted", "review_met", "review_late"),
    *("promise_due", "promise_kept", "promise_late", "promise_silent", "promise_broken", "promise_waiting"),
    *("recovered_n", "foreign_n"),
)
#: What is added up: working minutes, working and calendar days, marks, money in cents.
AMOUNTS = (
    *("handled_wd", "handled_cd", "marks", "response_minutes", "response_wd", "accept_minutes"),
    *("recovered", "vouchers", "unconfirmed"),
)
MEASURES = COUNTS + AMOUNTS
#: Amounts of which the spread is kept as well.
SPREAD = ("response_minutes", "response_wd", "accept_minutes", "handled_wd", "handled_cd")
#: Levels of regions of which it is kept by day too, as they are so wide that the cases of a few days are many.
WIDE = ("country", "province")


class Counted(models.Model):
    """The columns that all counters have."""

    class Meta:
        abstract = True


for _name in COUNTS:
    models.IntegerField(null=True).contribute_to_class(Counted, _name)
for _name in AMOUNTS:
    models.BigIntegerField(null=True).contribute_to_class(Counted, _name)


class Tally(Counted):
    """What one case counts for: a row for each thing that happened to it, as it was last folded.

    ``kind`` and ``ref`` (the engagement, clock or promise; 0 = the case itself) name the row within its case.
    """

    pk = models.CompositePrimaryKey("complaint_id", "kind", "ref")
    complaint_id = models.BigIntegerField()
    kind = models.CharField(max_length=10)
    ref = models.BigIntegerField(default=0)
    day = models.DateField()
    region = models.IntegerField()
    enterprise = models.BigIntegerField(null=True)
    branch = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=60, default="")
    object = models.CharField(max_length=60, default="")
    channel = models.CharField(max_length=20, default="")

    class Meta:
        indexes = [
            models.Index(fields=["day", "region"], name="tally_of_a_day"),
            models.Index(
                fields=["enterprise", "day"],
                name="tally_of_an_enterprise",
                condition=models.Q(enterprise__isnull=False),
            ),
            # What counts for days far from its own: open cases, stages that ran out (rollup_statements.LASTING).
            models.Index(
                fields=["region", "day", "enterprise"],
                name="tally_that_lasts",
                condition=(
                    models.Q(open__isnull=False)
                    | models.Q(open_inside__isnull=False)
                    | models.Q(open_twice__isnull=False)
                    | models.Q(owing__isnull=False)
                    | models.Q(waiting__isnull=False)
                    | models.Q(ran_out__isnull=False)
                    | models.Q(ran_out_taken__isnull=False)
                    | models.Q(ran_out_ended__isnull=False)
                ),
            ),
            models.Index(
                fields=["day", "region"],
                name="tally_of_first_responses",
                include=["response_minutes"],
                condition=models.Q(response_minutes__isnull=False),
            ),
            models.Index(
                fields=["day"],
                name="tally_to_look_up",
                condition=(
                    models.Q(mended_waiting__isnull=False)
                    | models.Q(foreign_n__isnull=False)
                    | models.Q(ended_again__isnull=False)
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} {self.kind} {self.day}"


class DayRegion(Counted):
    """A day of a region, with all that lies in it: each level of the tree has rows of its own."""

    pk = models.CompositePrimaryKey("region", "day")
    region = models.IntegerField()
    day = models.DateField()

    def __str__(self) -> str:
        return f"{self.region} {self.day}"


class DayFacet(Counted):
    """A day of the whole country. ``facet`` is p:problem, o:object or c:channel."""

    pk = models.CompositePrimaryKey("day", "facet")
    day = models.DateField()
    facet = models.CharField(max_length=62)

    def __str__(self) -> str:
        return f"{self.day} {self.facet}"


class MonthFacet(Counted):
    """A month of a region of any level; the empty facet is all of it."""

    pk = models.CompositePrimaryKey("region", "facet", "month")
    region = models.IntegerField()
    facet = models.CharField(max_length=62)
    month = models.DateField()

    def __str__(self) -> str:
        return f"{self.region} {self.facet} {self.month}"


class MonthEnterprise(Counted):
    """A month of an enterprise (branch 0), or of one of its branches without those below it."""

    pk = models.CompositePrimaryKey("enterprise", "branch", "month")
    enterprise = models.BigIntegerField()
    branch = models.BigIntegerField()
    month = models.DateField()

    def __str__(self) -> str:
        return f"{self.enterprise} {self.branch} {self.month}"


class MonthSpread(models.Model):
    """How many took how long, in buckets. ``whose``: r = a region of any level, e = an enterprise."""

    pk = models.CompositePrimaryKey("whose", "of", "what", "month", "bucket")
    whose = models.CharField(max_length=1)
    of = models.BigIntegerField()
    what = models.CharField(max_length=16)
    month = models.DateField()
    bucket = models.SmallIntegerField()
    n = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.whose}{self.of} {self.what} {self.month} {self.bucket}"


class DaySpread(models.Model):
    """The same by day, of provinces and the country."""

    pk = models.CompositePrimaryKey("region", "what", "day", "bucket")
    region = models.IntegerField()
    what = models.CharField(max_length=16)
    day = models.DateField()
    bucket = models.SmallIntegerField()
    n = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.region} {self.what} {self.day} {self.bucket}"


class RollupState(models.Model):
    """How far was folded: behind this entry of the record, in the order of commits. One row.

    ``rebuilt_through`` is the last case of a rebuild that is under way, ``compared_through`` of a comparison, which
    goes on with ``compared_tables``; ``differences`` names cases and cells that it found to be wrong, and mended.
    ``calendar`` is the one by which all cases were counted: under another one they are counted anew without an alarm.
    ``past`` names what happened in each place on days that are over: it is another one with the first fold of a day,
    and whenever the sums of such a day change.
    """

    era = models.BigIntegerField(default=0)
    transaction = models.BigIntegerField(default=0)
    entry = models.BigIntegerField(default=0)
    folded_at = models.DateTimeField(null=True)
    rebuilt_through = models.BigIntegerField(null=True)
    compared_at = models.DateTimeField(null=True)
    compared_through = models.BigIntegerField(null=True)
    compared_tables = models.PositiveSmallIntegerField(default=0)
    calendar = models.CharField(max_length=200, default="")
    past = models.UUIDField(default=uuid4)
    compared_calendar = models.CharField(max_length=200, default="")
    differences: models.JSONField[list[str], list[str]] = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.transaction}.{self.entry}"


class CountedAhead(models.Model):
    """What a page of a province or the country says, counted by the worker (oversight/presenting/ahead.py): ``what``
    names the page, ``at`` is the moment of its numbers.
    """

    pk = models.CompositePrimaryKey("region", "what")
    region = models.IntegerField()
    what = models.CharField(max_length=12)
    at = models.DateTimeField()
    data = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.what} {self.region} {self.at}"
