"""A worker makes papers for a court and receipts beside dossiers, each once at a time."""

from django.db import migrations, models

_ONCE = "dossier_is_built_once_at_a_time"


class Migration(migrations.Migration):
    dependencies = [("complaints", "0017_case_keys")]

    operations = [
        migrations.AddField(
            "dossier",
            "kind",
            models.CharField(
                choices=[("dossier", "dossier"), ("court", "court"), ("receipt", "receipt")],
                default="dossier",
                max_length=8,
            ),
        ),
        migrations.RemoveConstraint("dossier", _ONCE),
        migrations.AddConstraint(
            "dossier",
            models.UniqueConstraint(
                fields=["complaint", "asked_by", "side", "kind"],
                name=_ONCE,
                condition=models.Q(state__in=["asked", "building"]),
            ),
        ),
    ]
