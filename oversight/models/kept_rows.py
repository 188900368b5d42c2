"""What the pages of oversight keep: looks at the portal, alarms that were sent, pages under a name, letters.

Nothing of a case; these rows need no policies, and whoever asks says for which authority.
"""

from django.conf import settings
from django.db import models


class SystemCheck(models.Model):
    """The last time that something of the portal was gone through as a whole, and what was found; a row each."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
    is_sound = models.BooleanField()
    counted = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M}"


class AlarmSent(models.Model):
    """A condition of the portal that was told by mail: once a day, to how many."""

    condition = models.CharField(max_length=60)
    day = models.DateField()
    at = models.DateTimeField()
    told = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["condition", "day"], name="an_alarm_is_told_once_a_day")]

    def __str__(self) -> str:
        return f"{self.condition} {self.day}"


class OversightView(models.Model):
    """A page with its conditions, under a name for all of one authority; ``query`` tells nothing of a person."""

    key = models.UUIDField(unique=True)
    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    made_at = models.DateTimeField()
    name = models.CharField(max_length=40)
    page = models.CharField(max_length=20)
    query = models.CharField(max_length=600, blank=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["authority", "name"], name="a_view_has_one_name_at_an_authority")
        ]

    def __str__(self) -> str:
        return f"{self.page} {self.key}"


class DirectorLetter(models.Model):
    """Whoever wants the first figures of the own offices by mail, and how often. No row: not at all."""

    EVERY = ("week", "month")

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", primary_key=True)
    every = models.CharField(max_length=5, choices=[(e, e) for e in EVERY])
    chosen_at = models.DateTimeField()
    #: The first day of the week or month in which the last letter was written.
    sent_for = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user_id} {self.every}"
