"""What each case counts for, and the sums of that: rows that a worker derives from the record.

The tally names cases, so policies guard it: an authority sees its regions, an enterprise its own times with a case.
"""

from typing import Any

from django.db import migrations, models

COUNTS = (
    "received", "open", "closed", "closed_settled", "closed_unconfirmed", "closed_settled_elsewhere",
    "closed_negotiation_failed", "closed_mediated", "closed_not_kept", "closed_mediation_terminated", "closed_refused",
    "closed_redirected", "closed_withdrawn", "handled", "rated", "delivered", "again", "waiting",
    "ended_settled", "ended_unconfirmed", "ended_settled_elsewhere", "ended_failed", "ended_withdrawn", "ended_returned",
    "ended_again", "in_part", "in_time", "in_time_reported", "in_time_apart", "ended_late", "ran_out", "ran_out_taken", "ran_out_ended",
    "routed", "misrouted", "mended", "mended_late", "mended_waiting", "offered", "offered_last_day", "ended_last_day",
    "responded", "accepted", "review_met", "review_late", "promise_due", "promise_kept", "promise_late",
    "promise_silent", "promise_broken", "promise_waiting", "recovered_n", "foreign_n",
)
AMOUNTS = (
    "handled_wd", "handled_cd", "marks", "response_minutes", "response_wd", "accept_minutes",
    "recovered", "vouchers", "unconfirmed",
)


def counted() -> list[tuple[str, Any]]:
    return [*((name, models.IntegerField(null=True)) for name in COUNTS),
            *((name, models.BigIntegerField(null=True)) for name in AMOUNTS)]


TALLY = "oversight_tally"
_IN_REGION = ("(region >= nullif(current_setting('app.first', true), '')::int"
              " and region <= nullif(current_setting('app.last', true), '')::int"
              " or region <@ nullif(current_setting('app.regions', true), '')::int4multirange)")
_OURS = ("(enterprise = any(nullif(current_setting('app.enterprises', true), '')::bigint[])"
         " or branch = any(nullif(current_setting('app.branches', true), '')::bigint[]))")
MADE = [
    f"alter table {TALLY} enable row level security",
    f"alter table {TALLY} force row level security",
    f"create policy steps on {TALLY} to portal_steps using (true) with check (true)",
    f"create policy authority on {TALLY} for select to portal_authority using ({_IN_REGION})",
    f"create policy enterprise on {TALLY} for select to portal_enterprise using ({_OURS})",
]
UNDONE = [
    *(f"drop policy {side} on {TALLY}" for side in ("enterprise", "authority", "steps")),
    f"alter table {TALLY} no force row level security",
    f"alter table {TALLY} disable row level security",
]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('complaints', '0038_answer_links'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayFacet',
            fields=[
                *counted(),
                ('pk', models.CompositePrimaryKey('day', 'facet', blank=True, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('facet', models.CharField(max_length=62)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DayRegion',
            fields=[
                *counted(),
                ('pk', models.CompositePrimaryKey('region', 'day', blank=True, editable=False, primary_key=True, serialize=False)),
                ('region', models.IntegerField()),
                ('day', models.DateField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MonthEnterprise',
            fields=[
                *counted(),
                ('pk', models.CompositePrimaryKey('enterprise', 'branch', 'month', blank=True, editable=False, primary_key=True, serialize=False)),
                ('enterprise', models.BigIntegerField()),
                ('branch', models.BigIntegerField()),
                ('month', models.DateField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MonthFacet',
            fields=[
                *counted(),
                ('pk', models.CompositePrimaryKey('region', 'facet', 'month', blank=True, editable=False, primary_key=True, serialize=False)),
                ('region', models.IntegerField()),
                ('facet', models.CharField(max_length=62)),
                ('month', models.DateField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='MonthSpread',
            fields=[
                ('pk', models.CompositePrimaryKey('whose', 'of', 'what', 'month', 'bucket', blank=True, editable=False, primary_key=True, serialize=False)),
                ('whose', models.CharField(max_length=1)),
                ('of', models.BigIntegerField()),
                ('what', models.CharField(max_length=16)),
                ('month', models.DateField()),
                ('bucket', models.SmallIntegerField()),
                ('n', models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='RollupState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('era', models.BigIntegerField(default=0)),
                ('transaction', models.BigIntegerField(default=0)),
                ('entry', models.BigIntegerField(default=0)),
                ('folded_at', models.DateTimeField(null=True)),
                ('rebuilt_through', models.BigIntegerField(null=True)),
                ('compared_at', models.DateTimeField(null=True)),
                ('compared_through', models.BigIntegerField(null=True)),
                ('compared_tables', models.PositiveSmallIntegerField(default=0)),
                ('differences', models.JSONField(default=list)),
            ],
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                *counted(),
                ('pk', models.CompositePrimaryKey('complaint_id', 'kind', 'ref', blank=True, editable=False, primary_key=True, serialize=False)),
                ('complaint_id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=10)),
                ('ref', models.BigIntegerField(default=0)),
                ('day', models.DateField()),
                ('region', models.IntegerField()),
                ('enterprise', models.BigIntegerField(null=True)),
                ('branch', models.BigIntegerField(null=True)),
                ('problem', models.CharField(default='', max_length=60)),
                ('object', models.CharField(default='', max_length=60)),
                ('channel', models.CharField(default='', max_length=20)),
            ],
            options={
                'indexes': [models.Index(fields=['day', 'region'], name='tally_of_a_day'), models.Index(condition=models.Q(('enterprise__isnull', False)), fields=['enterprise', 'day'], name='tally_of_an_enterprise'), models.Index(condition=models.Q(('mended_waiting__isnull', False), ('foreign_n__isnull', False), ('ended_again__isnull', False), _connector='OR'), fields=['day'], name='tally_to_look_up')],
            },
        ),
        migrations.RunSQL(MADE, UNDONE),
    ]
