"""A message may be withheld: written for nobody, so that asking for a code takes the same work for everybody."""

from django.db import migrations, models

STATES = ("queued", "leased", "sent", "given_up", "withheld")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_opened_links")]

    operations = [
        migrations.AlterField(
            "outgoingmessage",
            "state",
            models.CharField(max_length=10, default="queued", choices=[(state, state) for state in STATES]),
        )
    ]
