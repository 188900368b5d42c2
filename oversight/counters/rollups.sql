-- name: waiting
select complaint_id, transaction, id, written_at
from complaints_handlingstep
where (transaction, id) > (%(transaction)s, %(entry)s) {decided}
order by transaction, id
limit %(limit)s

-- name: changes
-- What changed for some cases: diff takes back what was counted and gives what is to be counted.
fresh as materialized ($facts_of_ids),
old as materialized (
    select $columns
    from $tally
    where complaint_id in (select unnest(%(ids)s::bigint[]))
),
changed as materialized (
    select $any_key
    from old o
    full join fresh f on $same_key
    where ($was) is distinct from ($is_now)
),
diff as materialized (
    select -1 as sign, $old_key, $taken_back
    from old o
    join changed using ($key)
    union all
    select 1, $fresh_key, $given
    from fresh f
    join changed using ($key)
)

-- name: tallying
-- A row of the same name may only come when the old one has gone.
$changes,
gone as (
    delete from $tally t
    using changed g
    where $key_of_gone
    returning 1
),
came as (
    insert into $tally ($columns)
    select $fresh_columns
    from fresh f
    join changed using ($key)
    where (select count(*) from gone) >= 0
)

-- name: differing
with fresh as materialized ($facts_of_piece),
old as materialized (select $columns from $tally where $piece)
select distinct complaint_id
from (
    (select * from fresh except all select * from old)
    union all
    (select * from old except all select * from fresh)
) d
order by 1
