-- name: measured
with
span (who, a, b) as materialized ({spans}),
placed as materialized (
    select who, {number_a} as day_a, {number_b} as day_b, at_a, at_b
    from (select who, a at time zone %(zone)s as at_a, b at time zone %(zone)s as at_b from span) as local
),
counted as materialized (
    select *, {upto_a} as upto_a, {upto_b} as upto_b, {done_a} as done_a, {done_b} as done_b
    from placed
),
measured as materialized (
    select who, day_b - day_a as cd, upto_b - upto_a as wd, ({minute_b}) - ({minute_a}) as minutes
    from counted
)
select {head}, count(*),
    avg(cd)::float, array[
        percentile_cont(0.5) within group (order by cd),
        percentile_disc(0.9) within group (order by cd)
    ],
    avg(wd)::float, array[
        percentile_cont(0.5) within group (order by wd),
        percentile_disc(0.9) within group (order by wd)
    ],
    avg(minutes)::float, array[
        percentile_cont(0.5) within group (order by minutes),
        percentile_disc(0.9) within group (order by minutes)
    ]
from measured
group by grouping sets {groups}

-- name: lengths
-- What one step needs of the one before is worked out once: without the fences (offset 0) each place that names it
-- would work it out again.
(
    select r.*, day_b - day_a as cd, upto_b - upto_a as wd, ({minute_b}) - ({minute_a}) as minutes
    from (
        select r.*, {upto_a} as upto_a, {upto_b} as upto_b, {done_a} as done_a, {done_b} as done_b
        from (
            select r.*, {number_a} as day_a, {number_b} as day_b
            from ({rows}) r
            offset 0
        ) r
        offset 0
    ) r
) {name}
