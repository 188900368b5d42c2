"""A template says a verdict and what it promises beside its text, for a team and a problem, and is tried before it is
used. Those that were only a text stay that, and stay in use."""

from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    dependencies = [("enterprises", "0007_let_rest")]

    operations = [
        migrations.AddField(
            "answertemplate",
            "branch",
            models.ForeignKey(
                "enterprises.Branch", null=True, blank=True, on_delete=models.PROTECT, db_index=False, related_name="+"
            ),
        ),
        migrations.AddField("answertemplate", "problem", models.CharField(max_length=60, blank=True, default="")),
        migrations.AddField("templateversion", "verdict", models.CharField(max_length=8, blank=True, default="")),
        migrations.AddField("templateversion", "way", models.CharField(max_length=20, blank=True, default="")),
        migrations.AddField("templateversion", "days", models.PositiveSmallIntegerField(default=5)),
        migrations.AddField("templateversion", "tried_at", models.DateTimeField(null=True, blank=True)),
        migrations.RunPython(
            lambda apps, editor: apps.get_model("enterprises", "TemplateVersion").objects.update(tried_at=F("made_at")),
            migrations.RunPython.noop,
        ),
    ]
