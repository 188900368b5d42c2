"""What stood out, what is done about it, and who did what, which nobody changes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


_APPEND_ONLY = [
    """
create function refuse_change_of_deeds() returns trigger language plpgsql as $$
begin
    raise exception 'what was done about a hot spot is append-only: % is refused', tg_op;
end $$
""",
    "create trigger deed_is_append_only before update or delete on oversight_deed "
    "for each row execute function refuse_change_of_deeds()",
    "create trigger deed_is_never_emptied before truncate on oversight_deed "
    "for each statement execute function refuse_change_of_deeds()",
    "revoke update, delete, truncate on oversight_deed from portal_app",
]
_CHANGEABLE = [
    "drop trigger deed_is_append_only on oversight_deed",
    "drop trigger deed_is_never_emptied on oversight_deed",
    "drop function refuse_change_of_deeds()",
]


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0002_officer_absence'),
        ('enterprises', '0014_mediation_bodies'),
        ('oversight', '0002_calendar_of_counters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsumerWarning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=80)),
                ('text', models.TextField()),
                ('state', models.CharField(choices=[('draft', '起草中'), ('proposed', '等待批准'), ('published', '已发布'), ('withdrawn', '已撤回')], default='draft', max_length=9)),
                ('drafted_at', models.DateTimeField()),
                ('published_at', models.DateTimeField(null=True)),
                ('withdrawn_at', models.DateTimeField(null=True)),
                ('withdrawn_why', models.CharField(blank=True, default='', max_length=1000)),
                ('authority', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('drafted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='HotSpot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('week', '一周'), ('day', '当天')], max_length=4)),
                ('facet', models.CharField(blank=True, default='', max_length=62)),
                ('place', models.IntegerField(null=True)),
                ('first', models.DateField()),
                ('last', models.DateField()),
                ('observed', models.IntegerField()),
                ('expected', models.FloatField()),
                ('usual', models.JSONField()),
                ('around', models.JSONField(default=list)),
                ('chance', models.FloatField()),
                ('restless', models.FloatField()),
                ('detectable', models.FloatField()),
                ('rate', models.FloatField()),
                ('method', models.PositiveSmallIntegerField()),
                ('found_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', '待判断'), ('guided', '已发起指导'), ('dismissed', '无需处理')], default='open', max_length=9)),
                ('enterprise', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='hot_spots', to='enterprises.enterprise')),
                ('region', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='hot_spots', to='authorities.region')),
            ],
            options={
                'ordering': ['-found_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Guidance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('causes', models.TextField()),
                ('state', models.CharField(choices=[('draft', '起草中'), ('sent', '整改中'), ('closed', '指导已结束')], default='draft', max_length=6)),
                ('verdict', models.CharField(blank=True, choices=[('effective', '起了作用'), ('not', '没有起作用'), ('unclear', '看不出来')], default='', max_length=9)),
                ('opened_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('effect', models.JSONField(null=True)),
                ('counted_at', models.DateTimeField(null=True)),
                ('authority', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
                ('enterprise', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='guidances', to='enterprises.enterprise')),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('hot_spot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='guidances', to='oversight.hotspot')),
            ],
            options={
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='Deed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('measure', models.PositiveSmallIntegerField(null=True)),
                ('kind', models.CharField(choices=[('dismissed', '判断为无需处理'), ('reopened', '重新列为待判断'), ('opened', '发起行政指导'), ('added', '提出措施'), ('dropped', '删去措施'), ('sent', '送达企业'), ('reported', '企业报告进展'), ('reminded', '措施到期未完成，已提醒'), ('closed', '作出判断并结束'), ('drafted', '起草消费预警'), ('edited', '修改消费预警'), ('proposed', '提请批准消费预警'), ('sent_back', '退回修改'), ('published', '批准并发布消费预警'), ('withdrawn', '撤回消费预警')], max_length=9)),
                ('at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('said', models.CharField(blank=True, default='', max_length=300)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('warning', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deeds', to='oversight.consumerwarning')),
                ('guidance', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='deeds', to='oversight.guidance')),
                ('hot_spot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deeds', to='oversight.hotspot')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddField(
            model_name='consumerwarning',
            name='hot_spot',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='warnings', to='oversight.hotspot'),
        ),
        migrations.CreateModel(
            name='GuidanceMeasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('what', models.CharField(max_length=300)),
                ('responsible', models.CharField(max_length=80)),
                ('due_on', models.DateField()),
                ('state', models.CharField(choices=[('open', '还没有开始'), ('under_way', '正在做'), ('done', '已经完成')], default='open', max_length=9)),
                ('done_on', models.DateField(null=True)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('guidance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='measures', to='oversight.guidance')),
            ],
            options={
                'ordering': ['guidance_id', 'number'],
                'indexes': [models.Index(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('reminded_at__isnull', True)), fields=['due_on'], name='measures_to_remind_of')],
                'constraints': [models.UniqueConstraint(fields=('guidance', 'number'), name='measures_of_a_guidance_are_numbered'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), ('done_on__isnull', False), _connector='OR'), name='a_done_measure_says_when'), models.CheckConstraint(condition=models.Q(models.Q(('what', ''), _negated=True), models.Q(('responsible', ''), _negated=True)), name='a_measure_says_what_and_who')],
            },
        ),
        migrations.AddIndex(
            model_name='hotspot',
            index=models.Index(fields=['state', '-found_at', '-id'], name='hot_spots_by_state'),
        ),
        migrations.AddIndex(
            model_name='hotspot',
            index=models.Index(fields=['kind', 'last'], name='hot_spots_of_a_day'),
        ),
        migrations.AddConstraint(
            model_name='hotspot',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('enterprise__isnull', False), ('region__isnull', True)), models.Q(('enterprise__isnull', True), ('region__isnull', False)), _connector='OR'), name='a_hot_spot_is_of_an_enterprise_or_a_region'),
        ),
        migrations.AddConstraint(
            model_name='hotspot',
            constraint=models.CheckConstraint(condition=models.Q(('last__gte', models.F('first'))), name='a_hot_spot_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='hotspot',
            constraint=models.UniqueConstraint(fields=('kind', 'last', 'enterprise', 'region', 'facet'), name='a_cell_is_found_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='guidance',
            index=models.Index(fields=['enterprise', '-opened_at', '-id'], name='guidances_of_an_enterprise'),
        ),
        migrations.AddIndex(
            model_name='guidance',
            index=models.Index(fields=['authority', '-opened_at', '-id'], name='guidances_of_an_authority'),
        ),
        migrations.AddIndex(
            model_name='guidance',
            index=models.Index(condition=models.Q(('state', 'sent')), fields=['id'], name='guidances_under_way'),
        ),
        migrations.AddConstraint(
            model_name='guidance',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), ('sent_at__isnull', False), _connector='OR'), name='a_guidance_that_was_sent_says_when'),
        ),
        migrations.AddConstraint(
            model_name='guidance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), models.Q(('closed_at__isnull', False), models.Q(('verdict', ''), _negated=True)), _connector='OR'), name='a_closed_guidance_has_a_judgement'),
        ),
        migrations.AddConstraint(
            model_name='guidance',
            constraint=models.UniqueConstraint(fields=('hot_spot', 'enterprise'), name='a_hot_spot_guides_an_enterprise_once'),
        ),
        migrations.AddIndex(
            model_name='deed',
            index=models.Index(fields=['hot_spot', 'id'], name='deeds_about_a_hot_spot'),
        ),
        migrations.AddIndex(
            model_name='deed',
            index=models.Index(condition=models.Q(('guidance__isnull', False)), fields=['guidance', 'id'], name='deeds_of_a_guidance'),
        ),
        migrations.AddIndex(
            model_name='deed',
            index=models.Index(condition=models.Q(('warning__isnull', False)), fields=['warning', 'id'], name='deeds_of_a_warning'),
        ),
        migrations.AddIndex(
            model_name='consumerwarning',
            index=models.Index(condition=models.Q(('published_at__isnull', False)), fields=['-published_at', '-id'], name='warnings_in_public'),
        ),
        migrations.AddConstraint(
            model_name='consumerwarning',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'proposed']), models.Q(('decided_by__isnull', False), ('proposed_by__isnull', False), ('published_at__isnull', False), models.Q(('decided_by', models.F('proposed_by')), _negated=True)), _connector='OR'), name='a_warning_is_published_by_a_second_person'),
        ),
        migrations.AddConstraint(
            model_name='consumerwarning',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'withdrawn'), _negated=True), models.Q(('withdrawn_at__isnull', False), models.Q(('withdrawn_why', ''), _negated=True)), _connector='OR'), name='a_withdrawn_warning_says_why'),
        ),
        migrations.AddConstraint(
            model_name='consumerwarning',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'withdrawn'), _negated=True), fields=('hot_spot', 'authority'), name='a_hot_spot_warns_once'),
        ),
        migrations.RunSQL(_APPEND_ONLY, _CHANGEABLE),
    ]
