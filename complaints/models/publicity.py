"""How often posters were opened, the quiz was tried and the question about knowing the way was answered."""

from django.db import models


class PublicCount(models.Model):
    """So many on a day. Nothing says who it was, and nothing leads to a case.

    ``code``: of a poster as it stands in its address (opened), of an enterprise (quiz), or where somebody heard of the
    portal (the question).
    """

    class What(models.TextChoices):
        OPENED = "opened"
        TRIED = "tried"
        PASSED = "passed"
        USED = "used"
        HEARD_OF = "heard_of"
        UNKNOWN = "unknown"

    what = models.CharField(max_length=10, choices=What.choices)
    code = models.CharField(max_length=80, blank=True, default="")
    day = models.DateField()
    n = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["what", "code", "day"], name="counted_once_a_day")]

    def __str__(self) -> str:
        return f"{self.what} {self.code} {self.day} {self.n}"
