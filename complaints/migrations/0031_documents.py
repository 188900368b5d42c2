"""Official documents: numbers without gaps, versions that do not change, and who sees which.

A party sees what is addressed to it; an authority what lies in its region, and of its own numbers at least that they were
given, wherever the case lies now. Numbers, digests and what was issued when never change; what was frozen can be emptied
when a person is erased.
"""

import django.db.models.deletion
import accounts.keys.sealed_fields
import uuid
from django.conf import settings
from django.db import migrations, models

_DOCUMENT, _VERSION, _SERIES = (f"complaints_{name}" for name in ("officialdocument", "documentversion", "documentseries"))
_FIRST = "nullif(current_setting('app.first', true), '')::int"
_LAST = "nullif(current_setting('app.last', true), '')::int"
_REGIONS = "nullif(current_setting('app.regions', true), '')::int4multirange"


def _lies(region: str) -> str:
    return f"(({region} >= {_FIRST} and {region} <= {_LAST}) or {region} <@ {_REGIONS})"


_IN_SIGHT = (f"exists (select from complaints_complaint c where c.id = {_DOCUMENT}.complaint_id"
             f" and ({_DOCUMENT}.audience = 'parties' or {_lies('c.handling_region_id')}))")
_OWN_NUMBER = f"exists (select from authorities_authority a where a.id = {_DOCUMENT}.authority_id and {_lies('a.region_id')})"
_OWN = f"({_DOCUMENT}.to_consumer and is_own_case({_DOCUMENT}.complaint_id))"
#: Whoever reads the document reads its words, but an authority only while the case lies in its region.
_OF_DOCUMENT = f"exists (select from {_DOCUMENT} d where d.id = {_VERSION}.document_id)"
_OF_CASE = f"{_OF_DOCUMENT} and exists (select from complaints_complaint c where c.id = {_VERSION}.complaint_id)"
_WALLS = {
    _DOCUMENT: {
        "consumer": _OWN,
        "enterprise": f"({_DOCUMENT}.to_enterprise and is_our_engagement({_DOCUMENT}.engagement_id)) or {_OWN}",
        "authority": f"{_IN_SIGHT} or {_OWN_NUMBER}",
    },
    _VERSION: {"consumer": _OF_DOCUMENT, "enterprise": _OF_DOCUMENT, "authority": _OF_CASE},
}
_FIXED = {
    _DOCUMENT: "complaint_id authority_id year form number reference audience sequence issued_at to_consumer to_enterprise"
               " engagement_id",
    _VERSION: "document_id complaint_id number public_id sequence at digest",
    _SERIES: "authority_id year form",
}
_MADE = [
    f"alter table {_DOCUMENT} add constraint document_hangs_on_its_enterprises_engagement"
    " foreign key (enterprise_id, engagement_id) references complaints_engagement (enterprise_id, id)",
    """create function refuse_document_change() returns trigger language plpgsql as $$
declare
    before jsonb := to_jsonb(old);
    after jsonb := to_jsonb(new);
    fixed text;
begin
    foreach fixed in array string_to_array(tg_argv[0], ' ') loop
        if before -> fixed is distinct from after -> fixed then
            raise exception 'what was issued does not change: % of %', fixed, tg_table_name;
        end if;
    end loop;
    if (before ->> 'last')::int > (after ->> 'last')::int or (before ->> 'state' = 'void' and after ->> 'state' <> 'void')
       or (before ->> 'sha256' <> '' and before ->> 'sha256' <> after ->> 'sha256') then
        raise exception 'a number, a withdrawal and a print stand: %', tg_table_name;
    end if;
    return new;
end $$""",
]
_UNDONE = ["drop function refuse_document_change()",
           f"alter table {_DOCUMENT} drop constraint document_hangs_on_its_enterprises_engagement"]
for _table, _columns in _FIXED.items():
    _name = _table.removeprefix("complaints_")
    _MADE += [
        f"create trigger {_name}_stands before update on {_table} for each row"
        f" execute function refuse_document_change('{_columns}')",
        f"create trigger {_name}_is_never_deleted before delete on {_table} for each row execute function refuse_change()",
        f"create trigger {_name}_is_never_emptied before truncate on {_table} for each statement"
        " execute function refuse_change()",
        f"revoke delete, truncate on {_table} from portal_app",
    ]
    _UNDONE = [*(f"drop trigger {_name}_{what} on {_table}" for what in ("stands", "is_never_deleted", "is_never_emptied")),
               *_UNDONE]
for _table, _readers in _WALLS.items():
    _MADE += [f"alter table {_table} enable row level security", f"alter table {_table} force row level security",
              f"create policy steps on {_table} to portal_steps using (true) with check (true)",
              *(f"create policy {_side} on {_table} for select to portal_{_side} using ({_condition})"
                for _side, _condition in _readers.items())]
    _UNDONE = [*(f"drop policy {_side} on {_table}" for _side in ("steps", *_readers)),
               f"alter table {_table} no force row level security", f"alter table {_table} disable row level security", *_UNDONE]


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('complaints', '0030_desk_rows_by_enterprise'),
        ('enterprises', '0013_stays_out'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OfficialDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField()),
                ('form', models.PositiveSmallIntegerField(choices=[(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8), (9, 9), (10, 10)])),
                ('number', models.PositiveIntegerField()),
                ('reference', models.CharField(max_length=60)),
                ('audience', models.CharField(default='parties', max_length=12)),
                ('sequence', models.PositiveIntegerField()),
                ('to_consumer', models.BooleanField(default=False)),
                ('to_enterprise', models.BooleanField(default=False)),
                ('issued_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('issued', 'issued'), ('void', 'void')], default='issued', max_length=8)),
                ('served_consumer_at', models.DateTimeField(blank=True, null=True)),
                ('served_enterprise_at', models.DateTimeField(blank=True, null=True)),
                ('authority', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
                ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='complaints.complaint')),
                ('engagement', models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='documents', to='complaints.engagement')),
                ('enterprise', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise')),
                ('issued_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('second_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='DocumentVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(default=1)),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('sequence', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('content', accounts.keys.sealed_fields.SealedJSON(blank=True, free_text=False, place=['complaint_id', 'public_id'], whose='complaint.consumer_key')),
                ('digest', models.BinaryField()),
                ('sha256', models.CharField(blank=True, default='', max_length=64)),
                ('size', models.PositiveIntegerField(default=0)),
                ('path', models.CharField(blank=True, default='', max_length=120)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('complaint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='complaints.complaint')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='complaints.officialdocument')),
            ],
            options={
                'ordering': ['document_id', 'number'],
            },
        ),
        migrations.CreateModel(
            name='DocumentSeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField()),
                ('form', models.PositiveSmallIntegerField()),
                ('last', models.PositiveIntegerField()),
                ('authority', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('authority', 'year', 'form'), name='a_series_counts_once'), models.CheckConstraint(condition=models.Q(('last__gt', 0)), name='a_series_begins_with_one')],
            },
        ),
        migrations.AddIndex(
            model_name='officialdocument',
            index=models.Index(fields=['complaint', 'id'], name='documents_of_a_case'),
        ),
        migrations.AddIndex(
            model_name='officialdocument',
            index=models.Index(fields=['authority', '-issued_at', '-id'], name='documents_of_an_authority'),
        ),
        migrations.AddIndex(
            model_name='officialdocument',
            index=models.Index(fields=['-issued_at', '-id'], name='documents_by_day'),
        ),
        migrations.AddIndex(
            model_name='officialdocument',
            index=models.Index(fields=['reference'], name='documents_by_reference'),
        ),
        migrations.AddConstraint(
            model_name='officialdocument',
            constraint=models.UniqueConstraint(fields=('authority', 'year', 'form', 'number'), name='a_document_number_is_used_once'),
        ),
        migrations.AddConstraint(
            model_name='officialdocument',
            constraint=models.CheckConstraint(condition=models.Q(('number__gt', 0), models.Q(('reference', ''), _negated=True)), name='a_document_is_numbered'),
        ),
        migrations.AddConstraint(
            model_name='officialdocument',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('engagement__isnull', True), ('enterprise__isnull', True)), models.Q(('engagement__isnull', False), ('enterprise__isnull', False)), _connector='OR'), name='document_has_whole_engagement_or_none'),
        ),
        migrations.AddConstraint(
            model_name='officialdocument',
            constraint=models.CheckConstraint(condition=models.Q(('audience', 'parties'), models.Q(('to_consumer', False), ('to_enterprise', False)), _connector='OR'), name='a_confidential_document_is_addressed_to_nobody'),
        ),
        migrations.AddIndex(
            model_name='documentversion',
            index=models.Index(condition=models.Q(('sha256', '')), fields=['id'], name='documents_to_print'),
        ),
        migrations.AddConstraint(
            model_name='documentversion',
            constraint=models.UniqueConstraint(fields=('document', 'number'), name='a_version_is_numbered_once'),
        ),
        migrations.AddConstraint(
            model_name='documentversion',
            constraint=models.CheckConstraint(condition=models.Q(('digest', b''), _negated=True), name='a_version_is_digested'),
        ),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RunSQL(_MADE, _UNDONE),
    ]
