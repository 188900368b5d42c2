"""Promises and ratings on a line of the league."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0017_appraisals'),
    ]

    operations = [
        migrations.AddField(model_name='leagueline', name=name, field=models.PositiveIntegerField(null=True))
        for name in ('promised', 'kept', 'rated', 'marks')
    ]
