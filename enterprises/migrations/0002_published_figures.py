"""What could be expected of an enterprise, one set a day."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0001_tables'),
    ]

    operations = [
        migrations.CreateModel(
            name='PublishedFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('category', models.CharField(blank=True, default='', max_length=60)),
                ('day', models.DateField()),
                ('formula', models.PositiveSmallIntegerField()),
                ('ended', models.PositiveIntegerField()),
                ('settled', models.PositiveIntegerField()),
                ('unconfirmed', models.PositiveIntegerField()),
                ('median_days', models.DecimalField(decimal_places=1, max_digits=6, null=True)),
                ('promised', models.PositiveIntegerField()),
                ('kept', models.PositiveIntegerField()),
                ('enterprise', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='published_figures', to='enterprises.enterprise')),
            ],
            options={
                'ordering': ['enterprise_id', 'category', 'day'],
                'constraints': [models.UniqueConstraint(fields=('enterprise', 'category', 'day'), name='a_figure_is_published_once_a_day'), models.CheckConstraint(condition=models.Q(('ended__gte', django.db.models.expressions.CombinedExpression(models.F('settled'), '+', models.F('unconfirmed')))), name='no_more_settled_than_ended'), models.CheckConstraint(condition=models.Q(('promised__gte', models.F('kept'))), name='no_more_kept_than_promised')],
            },
        ),
    ]
