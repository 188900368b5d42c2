"""Who takes part beside the filer, the term of a representative, the station that wrote it down; and who sees it.

Somebody who joined sees the whole case; who was only asked sees the own row, by the link. A representative sees nothing
after the last day of the term, neither by account nor by the token of the receipt. A station sees of what it filed the
row of the case and nothing that hangs on it.
"""

import django.db.models.deletion
import accounts.keys.sealed_fields
import uuid
from django.conf import settings
from django.db import migrations, models

_USER = "nullif(current_setting('app.user', true), '')::bigint"
_ENTERPRISES = "nullif(current_setting('app.enterprises', true), '')::bigint[]"
_BRANCHES = "nullif(current_setting('app.branches', true), '')::bigint[]"
_SHOWN = "nullif(current_setting('app.shown', true), '')::text[]"
_FIRST = "nullif(current_setting('app.first', true), '')::int"
_LAST = "nullif(current_setting('app.last', true), '')::int"
_REGIONS = "nullif(current_setting('app.regions', true), '')::int4multirange"
_DAY = "nullif(current_setting('app.day', true), '')::date"
#: An array, so that it is asked once a statement and an index can answer it.
_PARTS = "array(select p.complaint_id from own_part p)"
_STATIONS = "nullif(current_setting('app.stations', true), '')::bigint[]"

_OWN_BEFORE = f"(c.consumer_id = {_USER} or c.tracking_digest = any({_SHOWN}))"
_OWN = f"({_OWN_BEFORE} and coalesce(c.represented_until >= {_DAY}, true) or c.id = any({_PARTS}))"
_IN_REGION = (f"((c.handling_region_id >= {_FIRST} and c.handling_region_id <= {_LAST})"
              f" or c.handling_region_id <@ {_REGIONS})")
_ENGAGED = " or exists (select from own_engagement e where e.complaint_id = c.id)"


def _case_policies(own: str, more: str) -> list[str]:
    found = {
        "consumer": own + more,
        "enterprise": f"c.enterprise_id = any({_ENTERPRISES}) or c.branch_id = any({_BRANCHES}) or {own}{_ENGAGED}",
        "authority": f"{_IN_REGION} or {own}",
    }
    # A policy cannot give its own table a short name.
    return [f"create or replace view own_case as select c.id from complaints_complaint c where {own}"] + [
        f"alter policy {name} on complaints_complaint using ({condition.replace('c.', 'complaints_complaint.')})"
        for name, condition in found.items()
    ]


_TABLE = "complaints_participant"
_OWN_CASE = f"exists (select from own_case c where c.id = {_TABLE}.complaint_id)"
_OUR_CASE = f"exists (select from own_engagement e where e.complaint_id = {_TABLE}.complaint_id)"
_IN_SIGHT = f"exists (select from complaints_complaint c where c.id = {_TABLE}.complaint_id)"
_ASKED = f"{_TABLE}.token_digest = any({_SHOWN})"
_MADE = [
    # With the owner's rights, as the other views own_…: nothing but rows of the context.
    f"create view own_part as select p.complaint_id from complaints_participant p "
    f"where p.person_id = {_USER} and p.state = 'joined'",
    "revoke all on own_part from portal_app",
    "grant select on own_part to portal_consumer, portal_enterprise, portal_authority",
    *_case_policies(_OWN, f" or (c.station_sees and c.station_id = any({_STATIONS}))"),
    f"alter table {_TABLE} enable row level security",
    f"alter table {_TABLE} force row level security",
    f"create policy steps on {_TABLE} to portal_steps using (true) with check (true)",
    f"create policy consumer on {_TABLE} for select to portal_consumer using ({_OWN_CASE} or {_ASKED})",
    f"create policy enterprise on {_TABLE} for select to portal_enterprise using ({_OUR_CASE} or {_OWN_CASE} or {_ASKED})",
    f"create policy authority on {_TABLE} for select to portal_authority using ({_IN_SIGHT} or {_ASKED})",
]
_UNDONE = [
    *(f"drop policy {name} on {_TABLE}" for name in ("steps", "consumer", "enterprise", "authority")),
    f"alter table {_TABLE} no force row level security",
    f"alter table {_TABLE} disable row level security",
    *_case_policies(_OWN_BEFORE, ""),
    "drop view own_part",
]


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('complaints', '0019_dossiers'),
        ('enterprises', '0007_stations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Participant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordinal', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(choices=[('joint', 'joint'), ('principal', 'principal')], max_length=10)),
                ('person_key', models.UUIDField(default=uuid.uuid4)),
                ('name', accounts.keys.sealed_fields.SealedText(blank=True, free_text=False, place=['complaint_id', 'ordinal'], whose='person_key')),
                ('phone', accounts.keys.sealed_fields.SealedText(blank=True, free_text=False, place=['complaint_id', 'ordinal'], whose='person_key')),
                ('is_representative', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('asked', 'asked'), ('joined', 'joined'), ('declined', 'declined'), ('left', 'left')], default='asked', max_length=10)),
                ('consents', models.JSONField(default=dict)),
                ('agreed_offer', models.PositiveSmallIntegerField(null=True)),
                ('refused_offer', models.PositiveSmallIntegerField(null=True)),
                ('token_digest', models.CharField(blank=True, default='', max_length=64)),
                ('expires_at', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
            ],
            options={
                'ordering': ['complaint_id', 'ordinal'],
            },
        ),
        migrations.CreateModel(
            name='StationEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('category', models.CharField(max_length=60)),
                ('how', models.CharField(choices=[('refund', 'refund'), ('replace', 'replace'), ('repair', 'repair'), ('apology', 'apology'), ('explained', 'explained'), ('other', 'other')], max_length=20)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ('person_key', models.UUIDField(default=uuid.uuid4)),
                ('problem', accounts.keys.sealed_fields.SealedText(free_text=True, place=['station_id', 'at', 'person_key'], whose='person_key')),
                ('phone', accounts.keys.sealed_fields.SealedText(blank=True, free_text=False, place=['station_id', 'at', 'person_key'], whose='person_key')),
                ('state', models.CharField(choices=[('unconfirmed', 'unconfirmed'), ('confirmed', 'confirmed'), ('denied', 'denied')], default='unconfirmed', max_length=12)),
                ('sheet', models.CharField(blank=True, default='', max_length=40)),
                ('token_digest', models.CharField(blank=True, default='', max_length=64)),
                ('expires_at', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='complaint',
            name='represented_until',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='complaint',
            name='station',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.station'),
        ),
        migrations.AddField(
            model_name='complaint',
            name='station_sees',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='demand',
            name='party',
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('station__isnull', False)), fields=['station', '-filed_at'], name='cases_of_a_station'),
        ),
        migrations.AddField(
            model_name='participant',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='participants', to='complaints.complaint'),
        ),
        migrations.AddField(
            model_name='participant',
            name='person',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='participations', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='stationentry',
            name='by',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='stationentry',
            name='station',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='enterprises.station'),
        ),
        migrations.AddIndex(
            model_name='participant',
            index=models.Index(condition=models.Q(('person__isnull', False)), fields=['person', 'complaint'], name='cases_of_a_participant'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(fields=('complaint', 'ordinal'), name='participant_is_numbered_once'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(condition=models.Q(('person__isnull', False)), fields=('complaint', 'person'), name='person_takes_part_once'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.UniqueConstraint(condition=models.Q(('token_digest', ''), _negated=True), fields=('token_digest',), name='link_leads_to_one'),
        ),
        migrations.AddConstraint(
            model_name='participant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'joined'), _negated=True), ('person__isnull', False), _connector='OR'), name='who_joined_is_somebody'),
        ),
        migrations.AddIndex(
            model_name='stationentry',
            index=models.Index(fields=['station', '-at'], name='entries_of_a_station'),
        ),
        migrations.AddConstraint(
            model_name='stationentry',
            constraint=models.UniqueConstraint(condition=models.Q(('token_digest', ''), _negated=True), fields=('token_digest',), name='entry_has_its_own_link'),
        ),
        migrations.AddConstraint(
            model_name='stationentry',
            constraint=models.CheckConstraint(condition=models.Q(('amount__isnull', True), ('amount__gte', 0), _connector='OR'), name='station_amount_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='stationentry',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'unconfirmed'), ('answered_at__isnull', False), _connector='OR'), name='an_answer_has_its_moment'),
        ),
        migrations.RunSQL(_MADE, _UNDONE),
    ]
