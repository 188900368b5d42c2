-- name: shown
-- The first of both kinds, in their order: those who hold, and officers. Names are looked up for these: joined to each
-- case they cost more than the cases.
with
counted (firm, office, who, late, "all", since, soon) as ({counted}),
added as (
    select
        firm, office, who::bigint as who, sum(late)::bigint as late, sum("all")::bigint as "all", min(since) as since,
        sum(soon)::bigint as soon
    from counted
    group by 1, 2, 3
),
placed as (
    select
        *,
        count(*) filter (where late > 0) over (partition by who is null) as late_holders,
        sum(late) over (partition by who is null)::bigint as late_of_all,
        row_number() over (
            partition by who is null
            order by late desc, "all" desc, coalesce(firm, 0), coalesce(office, 0), coalesce(who, 0)
        ) as place
    from added
)
select
    p.firm, p.office, p.who, p.late, p."all", p.since, p.soon, p.late_holders, p.late_of_all,
    coalesce(e.name, a.name, ''), coalesce(e.name_en, a.name_en, '')
from placed p
left join enterprises_enterprise e on e.id = p.firm
left join authorities_authority a on a.id = p.office
where p.place <= case when p.who is null then $holders else $hands end
order by p.who is null desc, p.place
