-- name: received
c.status <> 'draft' and c.received_at >= %(start)s and c.received_at < %(end)s

-- name: lost
c.currency = 'CNY' and c.amount > 0

-- name: against
coalesce(c.enterprise_id, c.picked_enterprise_id) in (
    select id from enterprises_enterprise where enrolment in ('enrolled', 'suspended')
)

-- name: passed
exists (select from complaints_engagement e where e.complaint_id = c.id)

-- name: closed
c.status = 'closed' and c.closed_at >= %(start)s and c.closed_at < %(end)s

-- name: rated
c.facts #>> '{{rating,portal}}' is not null

-- name: money
-- By problem, of complaints received between two moments that name a loss in CNY: how many, their sum and median, and
-- what enterprises paid of it and consumers confirmed, vouchers left out.
with ours as materialized (
    select c.id, coalesce(c.problem_category, '') as problem, c.amount
    from complaints_complaint c
    where {ours} and $received and $lost
),
paid as (
    select o.complaint_id, sum(o.amount) as amount
    from complaints_obligation o
    join ours on ours.id = o.complaint_id
    where o.owed_by = 'enterprise' and o.state = 'confirmed' and o.kind = any(%(kinds)s)
    group by 1
)
select
    problem, count(*)::int, sum(ours.amount),
    percentile_cont(0.5) within group (order by ours.amount)::numeric(14, 2), coalesce(sum(paid.amount), 0)
from ours
left join paid on paid.complaint_id = ours.id
group by 1
order by 3 desc, 1

-- name: odr
-- By enrolled enterprise, of complaints received between two moments against it: how many, and how many it got.
select
    coalesce(c.enterprise_id, c.picked_enterprise_id) as firm, count(*)::int,
    count(*) filter (where $passed)::int
from complaints_complaint c
where {ours} and $received and $against
group by 1
order by 2 desc, 1

-- name: causes
-- By cause, of stages that ended between two moments: how many enterprises tagged how many so.
select r.cause, count(*)::int, count(distinct r.enterprise_id)::int
from complaints_rootcause r
join complaints_engagement e on e.id = r.engagement_id
join complaints_complaint c on c.id = r.complaint_id
where {ours} and e.until_at >= %(start)s and e.until_at < %(end)s and e.ended_by <> 'succession'
group by 1
having count(*) >= %(fewest)s and count(distinct r.enterprise_id) >= %(firms)s
order by 2 desc, 1

-- name: portal
-- By channel and by display, of complaints that closed between two moments: how many; how many said how the portal
-- was, the sum of their marks (1 to 5), and how many gave 4 or 5.
select
    c.channel, coalesce(c.facts ->> 'display', ''), count(*)::int,
    count(*) filter (where $rated)::int,
    coalesce(sum((c.facts #>> '{{rating,portal}}')::int) filter (where $rated), 0)::int,
    count(*) filter (where $rated and (c.facts #>> '{{rating,portal}}')::int >= 4)::int
from complaints_complaint c
where {ours} and $closed
group by 1, 2

-- name: listed
-- The cases themselves, the newest first, with how many there are in all.
select ({moment} at time zone 'Asia/Shanghai')::date, c.id, count(*) over ()
from complaints_complaint c
where {ours} and {which}
order by {moment} desc, c.id desc
limit %(limit)s offset %(offset)s
