"""What was found when the portal was last gone through, and which conditions were told by mail on which day."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('oversight', '0006_tally_of_places'),
    ]

    operations = [
        migrations.CreateModel(
            name='SystemCheck',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('is_sound', models.BooleanField()),
                ('counted', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='AlarmSent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('condition', models.CharField(max_length=60)),
                ('day', models.DateField()),
                ('at', models.DateTimeField()),
                ('told', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('condition', 'day'), name='an_alarm_is_told_once_a_day')],
            },
        ),
    ]
