"""Asks enterprises, once a case, for what they granted in former days and nowhere promised."""

from datetime import datetime

from django.db import connection

from complaints import handling
from complaints.handling.steps import older_offers
from complaints.parties.actors import SYSTEM
from complaints.procedure.refusals import StepNotAllowed

#: Offers in force, or with the consumer, that grant more than the enterprise owes by them, or grant something for which
#: it owes nothing; the verb looks closer
#: (offer_terms.unpromised). Cases that were asked about are left out, so whoever is killed goes on from there.
_SHORT = """
select distinct c.id
from complaints_offer o
join complaints_complaint c on c.id = o.complaint_id
where o.state in ('open', 'accepted')
    and (c.status in ('awaiting_consumer', 'performing') or (c.status = 'closed' and c.outcome = 'settled'))
    and c.id > %s
    and not exists (select from complaints_matter m where m.complaint_id = c.id and m.kind = 'unpromised')
    and ((
        select sum(coalesce(a.amount, case when a.verdict = 'grant' then d.amount end))
        from complaints_offeranswer a
        join complaints_demand d on d.id = a.demand_id
        where a.offer_id = o.id and a.verdict <> 'refuse' and not d.is_given_up
    ) > (
        select coalesce(sum(b.amount), 0)
        from complaints_obligation b
        where b.offer_id = o.id and b.state <> 'dropped' and b.owed_by = 'enterprise'
            and b.kind in ('original_channel', 'transfer', 'bill_credit', 'voucher')
    ) or exists (
        select from complaints_offeranswer a
        join complaints_demand d on d.id = a.demand_id
        where a.offer_id = o.id and a.verdict <> 'refuse' and not d.is_given_up
            and coalesce(a.amount, case when a.verdict = 'grant' then d.amount end, 0) = 0
            and not exists (
                select from complaints_obligation b
                where b.offer_id = o.id and b.answers_demand_id = a.demand_id and b.owed_by = 'enterprise'
            )
    ))
order by c.id
limit %s"""
_BATCH = 100


def sweep_promises(*, now: datetime) -> int:
    """How many enterprises were asked; each hundred cases in a transaction of its own."""
    asked = last = 0
    while ids := _short(last):
        try:
            results = handling.take_each([(pk, older_offers.ask_for_promise(), SYSTEM) for pk in ids], now=now)
            asked += sum(result.is_done for result in results)
        except StepNotAllowed:
            # Only a single case raises: somebody was faster, or nothing is missing when looked at closer.
            pass
        last = ids[-1]
    return asked


def _short(after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_SHORT, [after, _BATCH])
        return [pk for (pk,) in cursor.fetchall()]
