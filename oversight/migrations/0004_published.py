"""Open data and monthly reports: what was issued, approved or published is never changed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_FROZEN = "figures, texts, data_set_id, authority_id, month, version, what_changed, drafted_by_id, edited_by_id, decided_by_id, decided_at"
_OLD, _NEW = (", ".join(f"{row}.{name}" for name in _FROZEN.split(", ")) for row in ("old", "new"))
#: An approved report changes its state only, and a published one nothing at all.
_STAYS = [
    f"""
create function report_stays() returns trigger language plpgsql as $$
begin
    if old.state = 'published' or old.state = 'approved' and (
        new.state not in ('published', 'dropped') or row({_NEW}) is distinct from row({_OLD})) then
        raise exception 'a report that was approved is never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$""",
    "create trigger report_stays before update on oversight_monthlyreport for each row execute function report_stays()",
    "create trigger report_is_never_deleted before delete on oversight_monthlyreport for each row execute function refuse_change()",
    *(f"create trigger {name}_is_written_once before update or delete on oversight_{name} for each row execute function refuse_change()"
      for name in ("dataset", "datafile")),
]
_GOES = [
    *(f"drop trigger {name}_is_written_once on oversight_{name}" for name in ("dataset", "datafile")),
    "drop trigger report_is_never_deleted on oversight_monthlyreport", "drop trigger report_stays on oversight_monthlyreport",
    "drop function report_stays()",
]


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0002_officer_absence'),
        ('oversight', '0003_hot_spots'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DataSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('version', models.PositiveSmallIntegerField()),
                ('made_at', models.DateTimeField()),
                ('formulas', models.JSONField(default=dict)),
                ('changes', models.JSONField(default=list)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('month', 'version'), name='a_version_of_open_data_is_issued_once'), models.CheckConstraint(condition=models.Q(('month__day', 1)), name='open_data_is_of_a_month')],
            },
        ),
        migrations.CreateModel(
            name='DataFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('media_type', models.CharField(max_length=40)),
                ('content', models.BinaryField()),
                ('size', models.PositiveIntegerField()),
                ('rows', models.PositiveIntegerField(default=0)),
                ('sha256', models.CharField(max_length=64)),
                ('data_set', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='oversight.dataset')),
            ],
            options={
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('data_set', 'name'), name='a_file_of_open_data_is_there_once')],
            },
        ),
        migrations.CreateModel(
            name='MonthlyReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('version', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('draft', 'draft'), ('waiting', 'waiting'), ('approved', 'approved'), ('published', 'published'), ('dropped', 'dropped')], default='draft', max_length=9)),
                ('figures', models.JSONField(default=dict)),
                ('texts', models.JSONField(default=dict)),
                ('what_changed', models.CharField(blank=True, default='', max_length=500)),
                ('drafted_at', models.DateTimeField()),
                ('edited_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision', models.CharField(blank=True, default='', max_length=500)),
                ('published_at', models.DateTimeField(blank=True, null=True)),
                ('printed', models.BinaryField(null=True)),
                ('authority', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
                ('data_set', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='oversight.dataset')),
                ('decided_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('drafted_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('edited_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['state', '-published_at', '-id'], name='reports_as_published')],
                'constraints': [models.UniqueConstraint(fields=('authority', 'month', 'version'), name='a_version_of_a_report_is_drafted_once'), models.UniqueConstraint(condition=models.Q(('state__in', ['draft', 'waiting', 'approved'])), fields=('authority', 'month'), name='one_version_of_a_report_is_worked_on'), models.CheckConstraint(condition=models.Q(('month__day', 1)), name='a_report_is_of_a_month'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'published']), _negated=True), models.Q(('decided_by__isnull', False), models.Q(('decided_by', models.F('drafted_by')), _negated=True), models.Q(('decided_by', models.F('edited_by')), _negated=True)), _connector='OR'), name='a_report_is_approved_by_a_second_person'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('published_at__isnull', False), _connector='OR'), name='a_published_report_says_since_when')],
            },
        ),
        migrations.RunSQL(_STAYS, _GOES),
    ]
