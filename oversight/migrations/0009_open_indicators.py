"""The indicators of the public page."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('oversight', '0008_saved_views'),
    ]

    operations = [
        migrations.CreateModel(
            name='OpenIndicators',
            fields=[
                ('region', models.IntegerField(primary_key=True, serialize=False)),
                ('level', models.CharField(max_length=10)),
                ('parent', models.IntegerField(null=True)),
                ('name', models.CharField(max_length=80)),
                ('name_en', models.CharField(blank=True, default='', max_length=80)),
                ('first', models.DateField()),
                ('last', models.DateField()),
                ('formula', models.PositiveSmallIntegerField()),
                ('made_at', models.DateTimeField()),
                ('data', models.JSONField()),
            ],
            options={
                'ordering': ['region'],
                'indexes': [models.Index(fields=['parent'], name='indicators_below')],
            },
        ),
    ]
