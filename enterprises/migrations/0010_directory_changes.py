"""The file of changes that an enterprise wishes of its own entry in the directory."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0009_house_rules'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectoryChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('what', models.JSONField()),
                ('on_day', models.DateField()),
                ('why', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('draft', '尚未提交'), ('waiting', '等待批准'), ('approved', '已批准'), ('refused', '未批准'), ('withdrawn', '已撤回'), ('recorded', '已生效并备案')], default='draft', max_length=9)),
                ('made_at', models.DateTimeField()),
                ('filed_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, default='', max_length=500)),
                ('preview', models.JSONField(null=True)),
                ('preview_wanted_at', models.DateTimeField(null=True)),
                ('preview_leased_until', models.DateTimeField(null=True)),
                ('preview_tries', models.PositiveSmallIntegerField(default=0)),
                ('branch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.branch')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('enterprise', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='enterprises.enterprise')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': '名录变更',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['enterprise', 'made_at', 'id'], name='changes_of_an_enterprise'), models.Index(condition=models.Q(('state', 'waiting')), fields=['filed_at', 'id'], name='changes_to_be_decided'), models.Index(condition=models.Q(('preview_wanted_at__isnull', False)), fields=['preview_wanted_at', 'id'], name='changes_to_be_counted')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'waiting', 'withdrawn']), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='a_decided_change_says_who_and_when'), models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'withdrawn']), ('filed_at__isnull', False), _connector='OR'), name='a_change_before_the_authority_was_filed'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_refused_change_says_why'), models.CheckConstraint(condition=models.Q(('why', ''), _negated=True), name='a_change_says_why')],
            },
        ),
    ]
