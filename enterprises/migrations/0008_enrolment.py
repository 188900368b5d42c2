"""Applications, what is filed later, customer counts, and the history of enrolments, which nobody changes."""

import django.db.models.deletion
import accounts.keys.sealed_fields
import uuid
from django.conf import settings
from django.db import migrations, models


_APPEND_ONLY = [
    """
create function refuse_change_of_enrolment() returns trigger language plpgsql as $$
begin
    raise exception 'the history of enrolments is append-only: % is refused', tg_op;
end $$
""",
    "create trigger enrolmententry_is_append_only before update or delete on enterprises_enrolmententry "
    "for each row execute function refuse_change_of_enrolment()",
    "create trigger enrolmententry_is_never_emptied before truncate on enterprises_enrolmententry "
    "for each statement execute function refuse_change_of_enrolment()",
    "revoke update, delete, truncate on enterprises_enrolmententry from portal_app",
]
_CHANGEABLE = [
    "drop trigger enrolmententry_is_append_only on enterprises_enrolmententry",
    "drop trigger enrolmententry_is_never_emptied on enterprises_enrolmententry",
    "drop function refuse_change_of_enrolment()",
]


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('enterprises', '0007_stations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counted_on', models.DateField()),
                ('number', models.PositiveBigIntegerField()),
                ('source', models.CharField(max_length=200)),
                ('noted_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['enterprise_id', 'counted_on', 'id'],
            },
        ),
        migrations.CreateModel(
            name='EnrolmentApplication',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('email', accounts.keys.sealed_fields.SealedText(free_text=False, place=['id'], whose='')),
                ('email_index', accounts.keys.sealed_fields.BlindIndex(kind='email', of='email')),
                ('language', models.CharField(max_length=10)),
                ('data', accounts.keys.sealed_fields.SealedJSON(blank=True, free_text=False, place=['id'], whose='')),
                ('state', models.CharField(choices=[('draft', '正在填写'), ('submitted', '等待审核'), ('asked_back', '需要补正'), ('granted', '已经入驻'), ('refused', '不予入驻')], default='draft', max_length=12)),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='名称')),
                ('uscc', models.CharField(blank=True, max_length=18, verbose_name='统一社会信用代码')),
                ('created_at', models.DateTimeField()),
                ('saved_at', models.DateTimeField()),
                ('submitted_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='EnrolmentEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('submitted', '提交入驻申请'), ('recommended', '经办人提出意见'), ('asked_back', '要求补正'), ('refused', '不予入驻'), ('enrolled', '入驻'), ('suspended', '暂停接收新投诉'), ('resumed', '恢复接收新投诉'), ('exit_set', '决定退出'), ('exit_dropped', '撤销退出决定'), ('exited', '退出'), ('filed', '提交了备案'), ('noted', '备案'), ('filing_back', '备案退回补正'), ('invited', '邀请了管理员')], max_length=12)),
                ('at', models.DateTimeField()),
                ('on_day', models.DateField()),
                ('ground', models.CharField(blank=True, max_length=12)),
                ('text', models.TextField(blank=True)),
                ('digest', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'ordering': ['at', 'id'],
            },
        ),
        migrations.CreateModel(
            name='EnrolmentFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', accounts.keys.sealed_fields.SealedText(free_text=False, place=['path'], whose='')),
                ('size', models.PositiveBigIntegerField()),
                ('media_type', models.CharField(max_length=80)),
                ('sha256', models.CharField(max_length=64)),
                ('path', models.CharField(max_length=200)),
                ('copy_type', models.CharField(blank=True, default='', max_length=80)),
                ('copy_size', models.PositiveBigIntegerField(default=0)),
                ('copy_sha256', models.CharField(blank=True, default='', max_length=64)),
                ('copy_path', models.CharField(blank=True, default='', max_length=200)),
                ('thumbnail_sha256', models.CharField(blank=True, default='', max_length=64)),
                ('thumbnail_path', models.CharField(blank=True, default='', max_length=200)),
                ('is_clean', models.BooleanField(default=False)),
                ('uploaded_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='EnrolmentFiling',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('contact', '联系人和人员变更'), ('licence', '营业执照变更'), ('customers', '用户数量'), ('exit', '申请退出')], max_length=10)),
                ('data', accounts.keys.sealed_fields.SealedJSON(free_text=False, place=['id'], whose='')),
                ('state', models.CharField(choices=[('filed', '等待备案'), ('noted', '已备案'), ('asked_back', '退回补正')], default='filed', max_length=10)),
                ('filed_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(blank=True)),
            ],
            options={
                'ordering': ['-filed_at'],
            },
        ),
        migrations.AddField(
            model_name='enterprise',
            name='finishes_cases',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='enterprise',
            name='leaves_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='enterprise',
            index=models.Index(condition=models.Q(('leaves_on__isnull', False)), fields=['leaves_on'], name='enterprises_that_leave'),
        ),
        migrations.AddField(
            model_name='customercount',
            name='enterprise',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='customer_counts', to='enterprises.enterprise'),
        ),
        migrations.AddField(
            model_name='enrolmentapplication',
            name='authority',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority'),
        ),
        migrations.AddField(
            model_name='enrolmentapplication',
            name='domicile',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.region'),
        ),
        migrations.AddField(
            model_name='enrolmentapplication',
            name='enterprise',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise'),
        ),
        migrations.AddField(
            model_name='enrolmententry',
            name='application',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='enterprises.enrolmentapplication'),
        ),
        migrations.AddField(
            model_name='enrolmententry',
            name='authority',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority'),
        ),
        migrations.AddField(
            model_name='enrolmententry',
            name='by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='enrolmententry',
            name='enterprise',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='enterprises.enterprise'),
        ),
        migrations.AddField(
            model_name='enrolmentfile',
            name='application',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='licence', to='enterprises.enrolmentapplication'),
        ),
        migrations.AddField(
            model_name='enrolmentfiling',
            name='enterprise',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='filings', to='enterprises.enterprise'),
        ),
        migrations.AddField(
            model_name='enrolmentfiling',
            name='filed_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='customercount',
            index=models.Index(fields=['enterprise', '-counted_on', '-id'], name='customers_of_an_enterprise'),
        ),
        migrations.AddConstraint(
            model_name='customercount',
            constraint=models.CheckConstraint(condition=models.Q(('source', ''), _negated=True), name='a_customer_count_names_its_source'),
        ),
        migrations.AddConstraint(
            model_name='customercount',
            constraint=models.CheckConstraint(condition=models.Q(('number__gt', 0)), name='a_customer_count_counts_somebody'),
        ),
        migrations.AddIndex(
            model_name='enrolmentapplication',
            index=models.Index(fields=['email_index', '-created_at'], name='applications_of_an_address'),
        ),
        migrations.AddIndex(
            model_name='enrolmentapplication',
            index=models.Index(fields=['authority', 'state', 'submitted_at', 'id'], name='applications_at_an_authority'),
        ),
        migrations.AddIndex(
            model_name='enrolmentapplication',
            index=models.Index(condition=models.Q(('state', 'draft')), fields=['saved_at'], name='applications_to_throw_away'),
        ),
        migrations.AddConstraint(
            model_name='enrolmentapplication',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('authority__isnull', False), ('submitted_at__isnull', False), models.Q(('uscc', ''), _negated=True)), _connector='OR'), name='a_submitted_application_lies_with_an_authority'),
        ),
        migrations.AddConstraint(
            model_name='enrolmentapplication',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['submitted', 'asked_back'])), fields=('uscc',), name='a_credit_code_is_applied_for_once_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='enrolmentapplication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'granted'), _negated=True), ('enterprise__isnull', False), _connector='OR'), name='a_granted_application_made_an_enterprise'),
        ),
        migrations.AddIndex(
            model_name='enrolmententry',
            index=models.Index(fields=['enterprise', 'at'], name='entries_of_an_enterprise'),
        ),
        migrations.AddConstraint(
            model_name='enrolmententry',
            constraint=models.CheckConstraint(condition=models.Q(('application__isnull', False), ('enterprise__isnull', False), _connector='OR'), name='an_enrolment_entry_is_about_somebody'),
        ),
        migrations.AddIndex(
            model_name='enrolmentfiling',
            index=models.Index(fields=['enterprise', '-filed_at'], name='filings_of_an_enterprise'),
        ),
        migrations.AddConstraint(
            model_name='enrolmentfiling',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'filed')), fields=('enterprise', 'kind'), name='one_filing_of_a_kind_waits'),
        ),
        migrations.AddConstraint(
            model_name='enrolmentfiling',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'filed'), ('answered_at__isnull', False), _connector='OR'), name='an_answered_filing_says_when'),
        ),
        migrations.RunSQL(_APPEND_ONLY, _CHANGEABLE),
    ]
