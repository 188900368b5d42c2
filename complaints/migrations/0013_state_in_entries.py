"""Entries carry what they changed of the state of their case, sealed; those that were written before carry none."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0012_log")]

    operations = [
        migrations.AddField("handlingstep", "state", models.BinaryField(default=b"")),
        # Who writes an entry by hand need not name it.
        migrations.RunSQL("alter table complaints_handlingstep alter column state set default ''"),
    ]
