"""The body to which a mediation was handed reaches its one case by a link as well."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("complaints", "0038_answer_links"),
    ]

    operations = [
        migrations.AddField(
            model_name="answerlink", name="delegation",
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                                    related_name="+", to="complaints.matter")),
        migrations.RemoveConstraint(model_name="answerlink", name="one_link_answers_a_case"),
        migrations.AddConstraint(
            model_name="answerlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("delegation__isnull", True), ("revoked_at__isnull", True)), fields=("complaint",),
                name="one_link_answers_a_case")),
        migrations.AddConstraint(
            model_name="answerlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("delegation__isnull", False), ("revoked_at__isnull", True)), fields=("complaint",),
                name="one_link_mediates_a_case")),
    ]
