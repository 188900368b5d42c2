"""What people said to what was heard in their words: no text, no person, no case."""

from django.db import models


class HeardAnswer(models.Model):
    """One answer to one finding; counted by field, so that a later edition of the patterns can learn."""

    class Answer(models.TextChoices):
        CONFIRMED = "confirmed"
        CHANGED = "changed"
        DENIED = "denied"

    field = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    answer = models.CharField(max_length=10, choices=Answer)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["field", "-id"], name="heard_answers_of_a_field")]
