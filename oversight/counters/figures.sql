-- name: again
-- Of one result: times that the same case had it before within the period.
count(*) filter (
    where t.ended_again is not null and t.ended_{result} is not null
        and exists (
            select from $tally p
            where p.complaint_id = t.complaint_id and p.kind = 'ended' and p.ref <> t.ref
                and p.ended_{result} is not null{same}
                and p.day >= %(first)s and (p.day, p.ref) < (t.day, t.ref)
        )
) as again_{result}

-- name: looked_up
select {again},
    count(*) filter (
        where t.mended_waiting is not null
            and exists (
                select from complaints_deadline d
                join complaints_engagement e on e.id = t.ref
                where d.complaint_id = t.complaint_id and d.clock = 'forwarding'
                    and d.started_at = e.until_at and d.due_at <= %(now)s
            )
    ) as too_late
from $tally t
where (t.mended_waiting is not null or t.foreign_n is not null or t.ended_again is not null)
    and t.day between %(first)s and %(last)s and {ours}

-- name: money
select
    c.currency,
    sum(o.amount) filter (where o.state = 'confirmed' and o.kind <> 'voucher'),
    sum(o.amount) filter (where o.state = 'confirmed' and o.kind = 'voucher'),
    sum(o.amount) filter (where o.state = 'silent')
from $tally t
join complaints_obligation o on o.id = t.ref
join complaints_complaint c on c.id = t.complaint_id
where t.foreign_n is not null and t.day between %(first)s and %(last)s and {ours}
group by 1
