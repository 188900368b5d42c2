"""Up to when somebody at a station was told what became of what the station filed."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0018_what_is_expected'),
    ]

    operations = [
        migrations.AddField(
            model_name='stationstaff',
            name='told_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
