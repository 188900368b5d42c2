-- name: open_overdue
-- The condition on a row t of the tally: its stage ran out and had not ended.
(
    t.ran_out is not null and t.day <= %(ran_out)s
    or t.ran_out_taken is not null and t.day <= %(ran_out_taken)s
)
and not exists (
    select from $tally e
    where e.complaint_id = t.complaint_id and e.kind = 'ended' and e.ref = t.ref
        and e.ran_out_ended is not null and e.day <= %(ran_out_ended)s
)

-- name: page
select t.day, t.complaint_id, t.kind, t.ref
from $tally t
where {ours} and {counted} and t.complaint_id <> all(%(without)s::bigint[])
order by t.day desc, t.complaint_id desc, t.kind desc, t.ref desc
limit %(limit)s
