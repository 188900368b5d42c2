-- name: ways
-- Stages that ended within the days, and those that had run out by their end and still were with their enterprise, by
-- enterprise, problem and how the complaint came: its channel, the display in which it was filed, whether the person
-- said to be elderly, whether somebody else wrote it down.
with stages as materialized (
    select
        complaint_id, enterprise, coalesce(problem, '') as problem, coalesce(channel, '') as channel,
        sum(in_time) filter (where kind = 'ended' and day >= %(first)s) as in_time,
        sum(ended_late) filter (where kind = 'ended' and day >= %(first)s) as late,
        sum(ended_settled) filter (where kind = 'ended' and day >= %(first)s) as settled,
        sum(num_nonnulls(ended_unconfirmed, ended_settled_elsewhere, ended_failed))
            filter (where kind = 'ended' and day >= %(first)s) as not_settled,
        sum(ended_withdrawn) filter (where kind = 'ended' and day >= %(first)s) as withdrawn,
        sum(ended_returned) filter (where kind = 'ended' and day >= %(first)s) as returned,
        coalesce(sum(ran_out) filter (where day < %(today)s), 0)
            + coalesce(sum(ran_out_taken), 0) - coalesce(sum(ran_out_ended), 0) as open_late,
        max(day) as day
    from $tally
    where {ours} and enterprise is not null and day <= %(last)s and day <= %(today)s
        and (kind = 'ended' and day >= %(first)s
            or (ran_out is not null or ran_out_taken is not null or ran_out_ended is not null))
    group by 1, 2, 3, 4
),
ways as (
    select
        s.complaint_id, s.enterprise, s.problem, s.day, s.channel, coalesce(c.facts ->> 'display', '') as display,
        coalesce(jsonb_exists(c.facts -> 'need_help', 'elder'), false) as is_elder,
        coalesce(c.station_id is not null or f.recorded_by_id is not null, false) as is_assisted,
        coalesce(in_time, 0)::int as in_time, (coalesce(late, 0) + coalesce(open_late, 0))::int as late,
        coalesce(settled, 0)::int as settled, coalesce(not_settled, 0)::int as not_settled,
        coalesce(returned, 0)::int as returned, coalesce(withdrawn, 0)::int as withdrawn
    from stages s
    join complaints_complaint c on c.id = s.complaint_id
    left join complaints_handlingstep f on f.complaint_id = c.id and f.audience = 'parties' and f.sequence = 1
)

-- name: stages
$ways
select
    enterprise, problem, channel, display, is_elder, is_assisted, sum(in_time)::int, sum(late)::int,
    sum(settled)::int, sum(not_settled)::int, sum(returned)::int, sum(withdrawn)::int
from ways
group by 1, 2, 3, 4, 5, 6

-- name: listed
-- The stages themselves, at these enterprises with these problems and of these ways; the newest first, with how many
-- there are in all.
$ways
select day, complaint_id, count(*) over ()
from ways
cross join lateral generate_series(1, {whole}) as nth
where (enterprise, problem) in (select * from unnest(%(firms)s::bigint[], %(problems)s::text[]))
    and (channel, display, is_elder, is_assisted) in (
        select * from unnest(%(channels)s::text[], %(displays)s::text[], %(elder)s::bool[], %(assisted)s::bool[])
    )
order by day desc, complaint_id desc, nth
limit %(limit)s offset %(offset)s
