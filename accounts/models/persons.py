"""Who is one person among people at work, and from where somebody took part in a decision of two."""

from django.db import models

from accounts.keys.row_tags import RowTag
from accounts.keys.sealed_fields import BlindIndex


class HousePhone(models.Model):
    """In one house (an enterprise, an authority, a station, the portal) a proved phone belongs to one account.

    ``house``: "enterprise 12", "authority 3", "station 4" or "platform". ``phone_index``: as the account has it. The
    constraint is what counts: it holds also where two prove the same phone at once."""

    house = models.CharField(max_length=40)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="house_phones")
    phone_index = BlindIndex()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("house", "phone_index"), name="a_phone_is_one_person_in_a_house"),
            models.UniqueConstraint(fields=("user", "house"), name="a_person_has_one_phone_in_a_house"),
        )

    def __str__(self) -> str:
        return f"{self.house} {self.user_id}"


class DecisionPart(models.Model):
    """One person's part in a decision of two persons (accounts/sign_in/persons.py).

    ``matter``: what is decided, such as "complaints.export 12"; ``part``: asked or decided. ``session`` and ``device``:
    keyed digests, empty where there was none. ``same_device``: of a decision, whether one who asked used this device.
    """

    PARTS = ("asked", "decided")

    matter = models.CharField(max_length=120)
    user = models.ForeignKey("accounts.User", on_delete=models.CASCADE, related_name="decision_parts")
    part = models.CharField(max_length=10, choices=[(one, one) for one in PARTS])
    session = models.CharField(max_length=32, blank=True)
    device = models.CharField(max_length=32, blank=True)
    same_device = models.BooleanField(default=False)
    at = models.DateTimeField()
    tag = RowTag(over=("matter", "user_id", "part", "session", "device", "same_device", "at"))

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("matter", "user", "part"), name="one_part_of_a_person_in_a_decision"),
        )
        indexes = (models.Index(fields=("device", "-id"), name="asked_on_a_device", condition=models.Q(part="asked")),)

    def __str__(self) -> str:
        return f"{self.matter} {self.part} {self.at:%Y-%m-%d %H:%M}"
