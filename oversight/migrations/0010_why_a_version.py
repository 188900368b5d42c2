"""Why a version of open data was made, where the one before it told too much."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('oversight', '0009_open_indicators'),
    ]

    operations = [
        migrations.AddField(
            model_name='dataset',
            name='reason',
            field=models.CharField(blank=True, default='', max_length=500),
        ),
    ]
