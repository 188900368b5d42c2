-- The parts of which facts.py makes rows. All is joined and grouped, never looked up row by row: five cases and five
-- millions take the same statement. What facts.py puts in: of_case, of_clock, of_stage and of_obligation are
-- conditions on the id of a complaint; passed_on, own_report and own_claim are ends of a stage, of_enterprise are roles.

-- The cases.
c as materialized (
    select
        c.id as complaint_id, c.handling_region_id as region, c.enterprise_id, c.branch_id,
        c.problem_category as problem, c.object_category as object, c.channel,
        c.status, c.is_not_kept, c.is_in_part,
        case when c.accepted_refusal or c.reason = 'refusal_let_rest' then 'let_rest' else c.outcome end as outcome,
        c.received_at, c.closed_at, c.next_due_at,
        c.currency, c.consumer_id, c.linked_group,
        (c.facts #>> '{rating,overall}')::int as mark
    from complaints_complaint c
    where $of_case and c.status <> 'draft'
),

-- The first that is due of what only authorities know of: complaints/desks/authority_lists.py says which clocks.
inside as materialized (
    select d.complaint_id, min(d.due_at) as due_at
    from complaints_deadline d
    join c on c.complaint_id = d.complaint_id
    left join complaints_matter m on m.id = d.matter_id
    where $of_authorities and d.state in ('running', 'lapsed') and $of_clock
        and (
            d.clock in $hidden
            or d.clock = 'instruction' and d.owed_by = 'authority' and m.audience = 'authority'
        )
    group by d.complaint_id
),

-- Their clocks.
d as materialized (
    select
        d.id, d.complaint_id, d.clock, d.state,
        d.started_at, d.ended_at, d.due_at, d.lapsed_at, d.last_day, d.obligation_id,
        d.lapsed_at is not null
            or d.ended_at is null and (d.state = 'running' or d.state = 'paused' and d.chase_at is not null)
            as is_over,
        case when d.clock = 'negotiation' then coalesce(d.derivation -> 'pauses', '[]') end as pauses
    from complaints_deadline d
    join c on c.complaint_id = d.complaint_id
    where d.clock in ('negotiation', 'forwarding', 'review', 'performance') and $of_clock
),

-- Their stages: each time with an enterprise.
t as materialized (
    select
        e.id, e.complaint_id, e.enterprise_id, e.branch_id, e.from_at, e.until_at,
        case when e.accepted_refusal then 'failed' else e.odr_result end as odr_result, e.ended_by, e.is_overdue,
        e.accepted_refusal or e.ended_by = 'let_rest' as is_let_rest, e.accepted_at, e.first_contact_at,
        c.region, c.problem, c.object, c.channel, c.status, c.is_in_part, c.consumer_id, c.linked_group
    from complaints_engagement e
    join c on c.complaint_id = e.complaint_id
    where $of_stage
),

-- When somebody was first asked about a case.
begun as materialized (
    select t.complaint_id, min(t.from_at) as from_at
    from t
    group by t.complaint_id
),

-- What the clocks of its case did to a stage: negotiation while it was there, forwarding after it was given back.
clocked as materialized (
    select
        t.id,
        min(d.due_at) filter (
            where d.clock = 'negotiation' and d.is_over and d.due_at >= t.from_at
                and (t.until_at is null or d.due_at <= t.until_at)
        ) as ran_out_at,
        bool_or(d.clock = 'negotiation' and d.lapsed_at is not null and d.due_at < t.from_at) as had_lapsed,
        -- Of clocks that began in that moment the newest is the return's. 1: ended in time, 2: lapsed, 3: neither yet.
        mod(
            max(4 * d.id + case when d.lapsed_at is not null then 2 when d.ended_at is not null then 1 else 3 end)
                filter (where d.clock = 'forwarding' and d.started_at = t.until_at),
            4
        ) as mending
    from t
    join d on d.complaint_id = t.complaint_id
    where d.clock in ('negotiation', 'forwarding')
    group by t.id
),

-- Negotiation clocks that began and were over within one stage: its own.
own as materialized (
    select t.id, d.started_at, d.ended_at, d.state, d.last_day, d.pauses
    from t
    join d on d.complaint_id = t.complaint_id
    where d.clock = 'negotiation' and d.started_at >= t.from_at and d.ended_at <= t.until_at
),

-- Stages whose own clock the enterprise met by an act of its own. Who confirmed a claim stands in the record.
answered as materialized (
    select t.id, bool_or((own.ended_at at time zone 'Asia/Shanghai')::date = own.last_day) as on_last_day
    from t
    join own on own.id = t.id
    where own.state = 'met'
        and (
            t.ended_by = '$own_report'
            or t.ended_by = '$own_claim' and exists (
                select from complaints_handlingstep s
                where s.complaint_id = t.complaint_id and s.audience = 'parties'
                    and s.step = 'confirm_settled_elsewhere' and s.happened_at = own.ended_at
                    and s.actor_role in $of_enterprise
            )
        )
    group by t.id
),

-- Stages whose first offer was made within their own clock. An offer pauses it, which keeps the days that were left;
-- one that may not pause any more runs on to the day that stands.
offered as materialized (
    select
        f.id,
        bool_or(
            own.pauses @> jsonb_build_array(jsonb_build_object('from', f.day, 'remaining', 0))
            or own.last_day = f.day and not own.pauses @> jsonb_build_array(jsonb_build_object('from', f.day))
        ) as on_last_day
    from (
        select o.engagement_id as id, min(o.made_at) as at, (min(o.made_at) at time zone 'Asia/Shanghai')::date as day
        from t
        join complaints_offer o on o.engagement_id = t.id
        group by 1
    ) f
    join own on own.id = f.id and f.at between own.started_at and own.ended_at
    group by f.id
),

-- Other stages of the case: the one that passed it on, and an earlier one that ended in the same way.
beside as materialized (
    select
        t.id,
        bool_or(p.until_at = t.from_at and p.ended_by = '$passed_on') as is_passed_on,
        bool_or(
            p.odr_result = t.odr_result and p.ended_by <> '$passed_on' and (p.until_at, p.id) < (t.until_at, t.id)
        ) as is_same_end
    from t
    join t p on p.complaint_id = t.complaint_id
    where p.until_at = t.from_at or p.id <> t.id
    group by t.id
),

-- 重复投诉: the same person against the same enterprise within 60 days before; linked cases are ignored.
repeated as materialized (
    select distinct t.id
    from t
    join complaints_complaint o on o.consumer_id = t.consumer_id and o.id <> t.complaint_id
    join complaints_engagement p on p.complaint_id = o.id and p.enterprise_id = t.enterprise_id
    where p.from_at < t.from_at and p.from_at >= t.from_at - interval '60 days'
        and (o.linked_group is null or t.linked_group is null or o.linked_group <> t.linked_group)
),

-- The stages with all that is known of them.
e as materialized (
    select
        t.*, (t.from_at at time zone 'Asia/Shanghai') as from_here,
        w.ran_out_at, w.mending,
        coalesce(t.is_overdue and t.accepted_at < t.from_at and w.had_lapsed, false) as is_taken_late,
        o.id is not null as has_offered, o.on_last_day as has_offered_last,
        a.id is not null as is_answered, a.on_last_day as is_answered_last,
        coalesce(b.is_passed_on, false) as is_passed_on, b.is_same_end,
        r.id is not null as is_repeated
    from t
    left join clocked w on w.id = t.id
    left join offered o on o.id = t.id
    left join answered a on a.id = t.id
    left join beside b on b.id = t.id
    left join repeated r on r.id = t.id
),

-- The last clock of each obligation.
promised as materialized (
    select distinct on (d.obligation_id) d.obligation_id, d.complaint_id, d.last_day, d.state
    from d
    where d.clock = 'performance' and d.obligation_id is not null
    order by d.obligation_id, d.id desc
),

-- What enterprises owe.
o as materialized (
    select
        o.id, o.complaint_id, o.enterprise_id, o.owed_by, o.kind, o.amount,
        o.state, o.is_late, o.confirmed_at, o.reported_at,
        e.branch_id, c.region, c.problem, c.object, c.channel, c.currency
    from complaints_obligation o
    join c on c.complaint_id = o.complaint_id
    left join t e on e.id = o.engagement_id
    where o.owed_by = 'enterprise' and $of_obligation
)
