"""What one process at a time does stands in a row with an end, not in a lock of a session: behind a pooler a session
is another process's a moment later, and a lock stays with it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0031_public_counts")]

    operations = [
        migrations.CreateModel(
            name="Lease",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("holder", models.UUIDField()),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(
            "create trigger only_steps_write after insert or update or delete on complaints_lease"
            " for each statement execute function only_steps_write()",
            "drop trigger only_steps_write on complaints_lease",
        ),
    ]
