"""Sets of offers that a second person approves as a whole: who proposed one, who decided, and which proposals are its."""

import django.db.models.deletion
from django.db import migrations, models

import accounts.keys.sealed_fields


class Migration(migrations.Migration):

    dependencies = [
        ("complaints", "0041_no_count_deltas"),
        ("enterprises", "0007_stations"),
    ]

    operations = [
        *(migrations.AddField(
            model_name="measure", name=name,
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                                    related_name="+", to="enterprises.staff"))
          for name in ("proposed_by", "decided_by")),
        *(migrations.AddField(model_name="measure", name=name, field=models.DateTimeField(blank=True, null=True))
          for name in ("proposed_at", "decided_at")),
        migrations.AddField(
            model_name="measure", name="returned",
            field=accounts.keys.sealed_fields.SealedText(blank=True, free_text=True, place=["public_id"], whose="")),
        migrations.AddField(model_name="matter", name="measure_id", field=models.UUIDField(blank=True, null=True)),
        migrations.AddIndex(
            model_name="matter",
            index=models.Index(condition=models.Q(("measure_id__isnull", False)), fields=["measure_id", "complaint"],
                               name="proposals_of_a_measure")),
    ]
