-- name: ended
-- How an enterprise's time with a case ended, by the day it ended; a merger ends none.
select
    e.enterprise_id, coalesce(c.problem_category, ''), grouping(c.problem_category), count(*),
    count(*) filter (where e.odr_result = 'settled' and not e.accepted_refusal),
    count(*) filter (where e.odr_result = 'unconfirmed'),
    percentile_disc(array[0.5, 0.9]) within group (
        order by (e.until_at at time zone %(zone)s)::date - (e.from_at at time zone %(zone)s)::date
    )
from complaints_engagement e
join complaints_complaint c on c.id = e.complaint_id
where e.until_at >= %(start)s and e.until_at < %(end)s and e.ended_by <> 'succession'
    and e.odr_result in ('settled', 'unconfirmed', 'settled_elsewhere', 'failed')
group by grouping sets ((e.enterprise_id), (e.enterprise_id, c.problem_category))

-- name: promised
-- The enterprise's obligations by their last day; one that waits for the consumer has not come due.
select
    o.enterprise_id, coalesce(c.problem_category, ''), grouping(c.problem_category), count(*),
    count(*) filter (where o.state = 'confirmed' and not o.is_late)
from complaints_obligation o
join complaints_complaint c on c.id = o.complaint_id
cross join lateral (
    select d.last_day, d.state
    from complaints_deadline d
    where d.obligation_id = o.id and d.clock = 'performance'
    order by d.id desc
    limit 1
) clock
where o.enterprise_id is not null and o.owed_by = 'enterprise' and o.state not in ('proposed', 'dropped', 'waived')
    and clock.last_day >= %(first)s and clock.last_day < %(day)s and clock.state <> 'paused'
group by grouping sets ((o.enterprise_id), (o.enterprise_id, c.problem_category))

-- name: rated
-- Cases closed against an enterprise, and the marks that consumers gave afterwards.
select
    c.enterprise_id, coalesce(c.problem_category, ''), grouping(c.problem_category), count(*),
    count(c.facts #> '{rating,overall}'),
    coalesce(sum((c.facts #>> '{rating,overall}')::int), 0)
from complaints_complaint c
where c.enterprise_id is not null and c.status = 'closed' and c.closed_at >= %(start)s and c.closed_at < %(end)s
group by grouping sets ((c.enterprise_id), (c.enterprise_id, c.problem_category))
