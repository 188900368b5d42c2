"""Wrong tries at following a case, counted where they outlive the cache."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0002_walls'),
    ]

    operations = [
        migrations.CreateModel(
            name='TrackingTry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('browser_digest', models.CharField(max_length=64)),
                ('address_digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['browser_digest', '-at'], name='wrong_tries_of_a_browser'), models.Index(fields=['address_digest', '-at'], name='wrong_tries_of_an_address'), models.Index(fields=['at'], name='oldest_wrong_tries_first')],
            },
        ),
    ]
