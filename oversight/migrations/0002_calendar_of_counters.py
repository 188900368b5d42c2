"""By which calendar all cases were counted, so that a new one is no difference."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('oversight', '0001_rollups'),
    ]

    operations = [
        migrations.AddField(
            model_name='rollupstate',
            name='calendar',
            field=models.CharField(default='', max_length=200),
        ),
        migrations.AddField(
            model_name='rollupstate',
            name='compared_calendar',
            field=models.CharField(default='', max_length=200),
        ),
    ]
