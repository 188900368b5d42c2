"""A second number of an account, by which its person signs in as by the first. Nobody has one yet; the tags stay."""

from django.db import migrations

from accounts.keys.row_tags import RowTag
from accounts.keys.sealed_fields import BlindIndex, SealedText

USER = ("pk", "person_key", "password", "email_index", "phone_index", "is_demo")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_persons")]

    operations = [
        migrations.AddField(
            "user",
            "second_phone",
            SealedText(verbose_name="第二个手机", null=True, blank=True, whose="person_key", place=["person_key"]),
        ),
        migrations.AddField(
            "user", "second_phone_index", BlindIndex(null=True, unique=True, of="second_phone", kind="phone")
        ),
        migrations.AlterField("user", "tag", RowTag(over=USER, later=["own_phone_index", "second_phone_index"])),
    ]
