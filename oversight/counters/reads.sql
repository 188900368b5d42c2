-- name: position
-- After a restore the entries begin anew (complaints/record/events.py).
select
    coalesce(s.transaction * (s.era = e.last_value)::int, 0),
    coalesce(s.entry, 0),
    s.folded_at,
    s.rebuilt_through is null,
    s.past
from complaints_event_era e
left join oversight_rollupstate s on s.id = 1

-- name: begun
-- With the first entries behind it, each by its case.
with p (transaction, entry, folded_at, is_rebuilt) as materialized ($position)
select p.*, w.complaint_id
from p
left join lateral (
    select h.complaint_id
    from complaints_handlingstep h
    where (h.transaction, h.id) > (p.transaction, p.entry)
    order by h.transaction, h.id
    limit %(limit)s
) w on true

-- name: responses
select enterprise, response_minutes, count(*)
from $tally
where {ours} and response_minutes is not null and day between %(first)s and %(last)s
group by 1, 2

-- name: edges
-- Days of a period outside of its whole months.
(day >= %(first)s and day < %(edge)s or day >= greatest(%(to)s, %(first)s) and day <= %(last)s)
    and day between %(first)s and %(last)s

-- name: days_of_wide
select what, bucket::int, n
from $day_spread
where region = any(%(of)s::int[]) and what = any(%(whats)s) and $edges

-- name: days_of_cases
select
    s.what,
    case
        when s.v <= s.exact then s.v
        else s.exact + ceil(ln(s.v / s.exact::float8) / ln($ratio::float8))
    end::int,
    1
from $tally
cross join lateral (values {lengths}) s (what, v, exact)
where {ours} and ({has_one}) and s.v is not null and $edges

-- name: buckets
-- Whole months from their cells, and the days at the edges.
select what, bucket, sum(n)::int
from (
    select what, bucket::int, n
    from $month_spread
    where whose = %(whose)s and of = any(%(of)s::bigint[]) and what = any(%(whats)s)
        and month >= %(from)s and month < %(to)s
    union all
    {days}
) b
group by 1, 2
