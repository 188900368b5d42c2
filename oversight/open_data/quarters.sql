-- name: details
-- How many first responses came within which hours.
select
    region,
    enterprise,
    case $class_of_minutes else 'responded_later' end,
    count(*)
from $tally
where day between %s and %s
    and kind = 'responded' and response_minutes is not null
group by 1, 2, 3

-- name: mended
-- How many misrouted cases left the intake again, and after how many hours; those that wait there are not counted.
select t.region, t.enterprise, case $class_of_mending else 'mended_later' end, count(*)
from $tally t
join complaints_engagement e on e.id = t.ref
cross join lateral (
    select min(s.happened_at) as at
    from complaints_handlingstep s
    where s.complaint_id = t.complaint_id and s.written_at > e.until_at
        and s.from_status in ('filed', 'triage') and s.to_status not in ('', 'filed', 'triage')
) m
where t.day between %s and %s and t.kind = 'ended' and t.misrouted is not null and m.at is not null
group by 1, 2, 3

-- name: sectors
select distinct on (enterprise_id) enterprise_id, object_category
from (
    select enterprise_id, object_category, count(*) as n
    from complaints_complaint
    where enterprise_id is not null and status <> 'draft' and object_category <> ''
        and received_at >= %s and received_at < %s
    group by 1, 2
) c
order by enterprise_id, n desc, object_category
