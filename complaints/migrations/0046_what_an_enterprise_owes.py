"""What the lists of an enterprise asked clocks, entries and other times for, row by row, is kept on the case and on the time
with it: the next date of the enterprise itself, who spoke last, whether the time is over."""

from django.db import migrations, models

#: As the steps keep them from now on (complaints/handling/transition/writing.py); cases that were closed owe nothing.
_OWED = """
update complaints_complaint c set enterprise_due_at = d.due from (
    select complaint_id, min(due_at) as due from complaints_deadline
    where owed_by = 'enterprise' and ended_at is null and state in ('running', 'lapsed') group by complaint_id) d
where d.complaint_id = c.id and c.status <> 'closed'
"""
_SPOKEN = """
update complaints_complaint c set last_word = s.actor_role from (
    select distinct on (complaint_id) complaint_id, actor_role from complaints_handlingstep
    where audience = 'parties' and actor_role <> 'system' and step not in ('file', 'reveal_contact')
    order by complaint_id, sequence desc) s
where s.complaint_id = c.id and c.status <> 'closed'
"""
_PAST = """
update complaints_engagement e set is_past = true from complaints_complaint c
where c.id = e.complaint_id and e.until_at is not null
  and not (c.status not in ('draft', 'filed', 'triage', 'closed') and c.enterprise_id = e.enterprise_id
           and c.branch_id is not distinct from e.branch_id)
  and not exists (select from complaints_engagement later where later.complaint_id = e.complaint_id and later.id > e.id
                  and later.enterprise_id = e.enterprise_id and later.branch_id is not distinct from e.branch_id)
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0045_shown_cases")]

    operations = [
        migrations.AddField("complaint", "enterprise_due_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("complaint", "last_word", models.CharField(blank=True, db_default="", default="", max_length=20)),
        migrations.AddField("engagement", "is_past", models.BooleanField(db_default=False, default=False)),
        migrations.RunSQL(_OWED, migrations.RunSQL.noop),
        migrations.RunSQL(_SPOKEN, migrations.RunSQL.noop),
        migrations.RunSQL(_PAST, migrations.RunSQL.noop),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
    ]
