"""Cases in which silence was the answer to an offer that granted nothing, and a late yes made them settled: they are
marked as 0009 marks those that were accepted in time. What the record says of them stays.

And an index of the few live clocks that only authorities know of, or that run on when the case is closed."""

from django.db import migrations, models

#: Stages that a late yes settled though the offer granted nothing (or nothing that was still wanted) and promised none.
STAGES = """
update complaints_engagement set accepted_refusal = true
where id in (
    select e.id
    from complaints_engagement e
    join complaints_offer o on o.engagement_id = e.id and o.state = 'accepted'
    join complaints_offeranswer a on a.offer_id = o.id
    join complaints_demand d on d.id = a.demand_id
    where e.odr_result = 'settled' and e.ended_by = 'answered_late'
        and not exists (
            select from complaints_obligation b
            where b.engagement_id = e.id and b.owed_by = 'enterprise' and b.state not in ('proposed', 'dropped')
        )
    group by e.id
    having bool_and(a.verdict = 'refuse' or d.is_given_up)
)"""
#: Those that are still closed by it: no other stage came later.
CASES = """
update complaints_complaint c set accepted_refusal = true
where c.outcome = 'settled' and c.reason = 'answered_late'
    and (
        select e.accepted_refusal from complaints_engagement e
        where e.complaint_id = c.id order by e.from_at desc, e.id desc limit 1
    )"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0009_nothing_granted")]

    operations = [
        migrations.RunSQL([STAGES, CASES]),
        migrations.AddIndex(
            "deadline",
            models.Index(
                name="clocks_of_authorities",
                fields=["due_at", "complaint"],
                condition=models.Q(
                    clock__in=["lead", "jurisdiction", "instruction", "notice", "objection"], ended_at=None
                ),
            ),
        ),
    ]
