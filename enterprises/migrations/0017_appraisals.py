"""Yearly grades."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0016_public_replies'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Appraisal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField()),
                ('formula', models.PositiveSmallIntegerField()),
                ('figures', models.JSONField()),
                ('points', models.JSONField()),
                ('computed', models.CharField(choices=[('A', 'A级'), ('B', 'B级'), ('C', 'C级')], max_length=1)),
                ('grade', models.CharField(choices=[('A', 'A级'), ('B', 'B级'), ('C', 'C级')], max_length=1, verbose_name='等级')),
                ('reason', models.CharField(blank=True, default='', max_length=300, verbose_name='理由')),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('enterprise', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appraisals', to='enterprises.enterprise')),
                ('proposed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-year', 'enterprise_id'],
                'constraints': [models.UniqueConstraint(fields=('enterprise', 'year'), name='an_enterprise_is_appraised_once_a_year'), models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='an_appraisal_is_decided_by_another_officer'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True)), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='a_decision_has_its_day'), models.CheckConstraint(condition=models.Q(('grade', models.F('computed')), models.Q(('reason', ''), _negated=True), _connector='OR'), name='another_grade_has_a_reason')],
            },
        ),
    ]
