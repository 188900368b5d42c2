"""Notices that no longer wait get a tag over what became of them; those of before have none, and nobody asks for it."""

from django.db import migrations

from accounts.keys.row_tags import RowTag


class Migration(migrations.Migration):
    dependencies = [("complaints", "0019_keys_of_drafts")]

    operations = [
        migrations.AddField(
            "notice",
            "tag",
            RowTag(over=["complaint_id", "audience", "sequence", "addressee", "channel", "user_id", "state"]),
        )
    ]
