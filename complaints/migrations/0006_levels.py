"""Each case knows the province, city and county that it is handled in; indexes for lists by dates.

The database fills the three columns itself, so that whoever writes handling_region (a step, an
import, a statement by hand) cannot forget them. Indexes that no list asks for any more go.
"""

import complaints.procedure.workflow
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_LEVELS = """
with recursive up (of, at, parent, level) as (
    select id, id, parent_id, level from authorities_region where {which}
    union all
    select up.of, r.id, r.parent_id, r.level from up join authorities_region r on r.id = up.parent
)
select of, max(at) filter (where level = 'province') as province,
       max(at) filter (where level = 'city') as city,
       max(at) filter (where level = 'county') as county
from up group by of
"""
MADE = [
    """
create function place_case() returns trigger language plpgsql as $$
begin
    select l.province, l.city, l.county
      into new.handling_province, new.handling_city, new.handling_county
      from (""" + _LEVELS.format(which="id = new.handling_region_id") + """) l;
    return new;
end $$""",
    """
create trigger case_is_placed_when_new before insert on complaints_complaint
for each row execute function place_case()""",
    """
create trigger case_is_placed_when_moved
before update of handling_region_id, handling_province, handling_city, handling_county
on complaints_complaint for each row
when ((old.handling_region_id, old.handling_province, old.handling_city, old.handling_county)
      is distinct from
      (new.handling_region_id, new.handling_province, new.handling_city, new.handling_county))
execute function place_case()""",
    "update complaints_complaint c set handling_province = l.province, handling_city = l.city, "
    "handling_county = l.county from ("
    + _LEVELS.format(which="id in (select handling_region_id from complaints_complaint)")
    + ") l where c.handling_region_id = l.of",
]
UNDONE = [
    "drop trigger case_is_placed_when_new on complaints_complaint",
    "drop trigger case_is_placed_when_moved on complaints_complaint",
    "drop function place_case()",
]


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('complaints', '0005_told_in_time'),
        ('enterprises', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='complaint',
            name='queue_of_an_enterprise',
        ),
        migrations.RemoveIndex(
            model_name='complaint',
            name='open_cases_of_a_region',
        ),
        migrations.RemoveIndex(
            model_name='complaint',
            name='cases_of_a_region',
        ),
        migrations.AddField(
            model_name='complaint',
            name='handling_city',
            field=models.IntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='complaint',
            name='handling_county',
            field=models.IntegerField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='complaint',
            name='handling_province',
            field=models.IntegerField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(MADE, UNDONE),
        migrations.AlterField(
            model_name='complaint',
            name='branch',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='complaints', to='enterprises.branch'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='consumer',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='complaints', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='enterprise',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='complaints', to='enterprises.enterprise'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='handler',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='enterprises.staff'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='handling_authority',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='authorities.authority'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='handling_region',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.region'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='officer',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='authorities.officer'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='picked_branch',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.branch'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='picked_brand',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.brand'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='picked_enterprise',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise'),
        ),
        migrations.AlterField(
            model_name='complaint',
            name='service_region',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.region'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(fields=['consumer_key', 'filed_at'], name='cases_of_a_person'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(fields=['enterprise', 'received_at', 'id'], name='cases_of_an_enterprise'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(fields=['handling_county', 'received_at', 'id'], name='cases_of_a_county'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(fields=['received_at', 'id', 'handling_city', 'handling_province'], name='cases_by_receipt'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(models.Q(('status', complaints.procedure.workflow.Status['CLOSED']), _negated=True), ('officer__isnull', False)), fields=['officer', 'next_due_at', 'id'], name='open_cases_of_an_officer'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(models.Q(('status', complaints.procedure.workflow.Status['CLOSED']), _negated=True), ('handler__isnull', False)), fields=['handler', 'next_due_at', 'id'], name='open_cases_of_a_handler'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('status', complaints.procedure.workflow.Status['CLOSED']), _negated=True), fields=['enterprise', 'next_due_at', 'id', 'status'], name='open_cases_of_an_enterprise'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('status', complaints.procedure.workflow.Status['CLOSED']), _negated=True), fields=['next_due_at', 'id', 'status'], name='open_cases'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('status', complaints.procedure.workflow.Status['CLOSED']), _negated=True), fields=['handling_province', 'next_due_at', 'id', 'status'], name='open_cases_of_a_province'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('status', complaints.procedure.workflow.Status['CLOSED']), _negated=True), fields=['handling_city', 'next_due_at', 'id', 'status'], name='open_cases_of_a_city'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('status', complaints.procedure.workflow.Status['CLOSED']), _negated=True), fields=['handling_county', 'next_due_at', 'id', 'status'], name='open_cases_of_a_county'),
        ),
        migrations.AddIndex(
            model_name='engagement',
            index=models.Index(condition=models.Q(('until_at__isnull', False)), fields=['enterprise', '-until_at', '-id'], name='ended_engagements_of_a_firm'),
        ),
        migrations.AddIndex(
            model_name='engagement',
            index=models.Index(condition=models.Q(('until_at__isnull', False)), fields=['until_at'], name='ended_engagements'),
        ),
    ]
