-- name: details
-- How many ended in time on their last day, and how many first responses came within which hours.
select
    region,
    enterprise,
    case
        when kind = 'ended' then 'last_day'
        else case $class_of_minutes else 'responded_later' end
    end,
    count(*)
from $tally
where day between %s and %s
    and (
        kind = 'ended' and in_time is not null and ended_last_day is not null
        or kind = 'responded' and response_minutes is not null
    )
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
