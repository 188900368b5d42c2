-- name: crossed
-- Each day by itself, so that an index by day and region finds a place.
select problem, object, sum(received)::int
from $tally
where {ours} and received is not null and day = any(%(days)s::date[])
group by 1, 2

-- name: weeks
select problem, (%(last)s::date - day) / 7, sum(received)::int
from $tally
where {ours} and received is not null and day = any(%(days)s::date[])
group by 1, 2

-- name: atoms
-- By place, enterprise and problem.
select region, coalesce(enterprise, 0), coalesce(problem, ''), sum(received)::int
from $tally
where {ours} and received is not null and day = any(%(days)s::date[])
group by 1, 2, 3
