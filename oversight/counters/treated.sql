-- name: stages
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
            + coalesce(sum(ran_out_taken), 0) - coalesce(sum(ran_out_ended), 0) as open_late
    from $tally
    where {ours} and enterprise is not null and day <= %(last)s and day <= %(today)s
        and (kind = 'ended' and day >= %(first)s
            or (ran_out is not null or ran_out_taken is not null or ran_out_ended is not null))
    group by 1, 2, 3, 4
)
select
    s.enterprise, s.problem, s.channel, coalesce(c.facts ->> 'display', '') as display,
    coalesce(jsonb_exists(c.facts -> 'need_help', 'elder'), false) as is_elder,
    coalesce(c.station_id is not null or f.recorded_by_id is not null, false) as is_assisted,
    coalesce(sum(in_time), 0)::int, coalesce(sum(late), 0)::int + coalesce(sum(open_late), 0)::int,
    coalesce(sum(settled), 0)::int, coalesce(sum(not_settled), 0)::int,
    coalesce(sum(returned), 0)::int, coalesce(sum(withdrawn), 0)::int
from stages s
join complaints_complaint c on c.id = s.complaint_id
left join complaints_handlingstep f on f.complaint_id = c.id and f.audience = 'parties' and f.sequence = 1
group by 1, 2, 3, 4, 5, 6
