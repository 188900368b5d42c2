"""People at work are persons: a phone that a code proved, one account a phone and house, and who took which part in a
decision of two. Nobody's phone is proved yet; the tags of accounts stay as they are."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from accounts.keys.row_tags import RowTag
from accounts.keys.sealed_fields import BlindIndex, SealedText

USER = ("pk", "person_key", "password", "email_index", "phone_index", "is_demo")
PART = ("matter", "user_id", "part", "session", "device", "same_device", "at")


def _id() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _user(name: str) -> models.ForeignKey:
    return models.ForeignKey(settings.AUTH_USER_MODEL, django.db.models.deletion.CASCADE, related_name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_demo_under_the_tag")]

    operations = [
        migrations.AddField(
            "user",
            "own_phone",
            SealedText(verbose_name="本人手机", null=True, blank=True, whose="person_key", place=["person_key"]),
        ),
        migrations.AddField("user", "own_phone_index", BlindIndex(null=True, of="own_phone", kind="phone")),
        migrations.AlterField("user", "tag", RowTag(over=USER, later=["own_phone_index"])),
        migrations.CreateModel(
            name="HousePhone",
            fields=[
                ("id", _id()),
                ("house", models.CharField(max_length=40)),
                ("user", _user("house_phones")),
                ("phone_index", BlindIndex()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("house", "phone_index"), name="a_phone_is_one_person_in_a_house"),
                    models.UniqueConstraint(fields=("user", "house"), name="a_person_has_one_phone_in_a_house"),
                ]
            },
        ),
        migrations.CreateModel(
            name="DecisionPart",
            fields=[
                ("id", _id()),
                ("matter", models.CharField(max_length=120)),
                ("user", _user("decision_parts")),
                ("part", models.CharField(max_length=10, choices=[("asked", "asked"), ("decided", "decided")])),
                ("session", models.CharField(max_length=32, blank=True)),
                ("device", models.CharField(max_length=32, blank=True)),
                ("same_device", models.BooleanField(default=False)),
                ("at", models.DateTimeField()),
                ("tag", RowTag(over=PART)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("matter", "user", "part"), name="one_part_of_a_person_in_a_decision"
                    )
                ],
                "indexes": [
                    models.Index(fields=("device", "-id"), name="asked_on_a_device", condition=models.Q(part="asked"))
                ],
            },
        ),
    ]
