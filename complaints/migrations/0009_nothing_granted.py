"""Offers that grant nothing, and cases that were closed as settled because such an offer was "accepted".

What the record says of those cases stays as it was written; they are shown and counted as refused in full and not
pursued. An offer of which only refused parts were accepted, while the rest was given up, granted nothing either.
"""

from django.db import migrations, models

OFFERS = """
update complaints_offer o set grants_nothing = true
where exists (select from complaints_offeranswer a where a.offer_id = o.id)
    and not exists (select from complaints_offeranswer a where a.offer_id = o.id and a.verdict <> 'refuse')
    and not exists (select from complaints_obligation b where b.offer_id = o.id and b.owed_by = 'enterprise')"""
STAGES = """
update complaints_engagement set accepted_refusal = true
where id in (
    select e.id
    from complaints_engagement e
    join complaints_offer o on o.engagement_id = e.id and o.state = 'accepted'
    join complaints_offeranswer a on a.offer_id = o.id
    join complaints_demand d on d.id = a.demand_id
    where e.odr_result = 'settled' and e.ended_by = 'accepted'
    group by e.id
    having bool_and(a.verdict = 'refuse' or d.is_given_up)
)"""
#: Those that are still closed by it: nothing came after that stage.
CASES = """
update complaints_complaint c set accepted_refusal = true
where c.outcome = 'settled' and c.reason = 'nothing_to_perform'
    and exists (
        select from complaints_engagement e
        where e.complaint_id = c.id and e.accepted_refusal and e.until_at = c.closed_at
    )"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0008_cases_without_an_owner")]

    operations = [
        migrations.AddField("offer", "grants_nothing", models.BooleanField(default=False)),
        *(
            migrations.AddField(
                model, "accepted_refusal", models.BooleanField(default=False, db_default=False, editable=False)
            )
            for model in ("engagement", "complaint")
        ),
        migrations.RunSQL([OFFERS, STAGES, CASES]),
    ]
