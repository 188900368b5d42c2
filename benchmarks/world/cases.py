"""Many synthetic cases in a few statements, for lists and figures that have to stay fast.

`python -m odr_portal.processes.local try -- python -m benchmarks.world.cases 1000000` fills a throw-away database and
says how long it took (`--counted`: only what counters read); `fill(count)` does it for another benchmark.
Rows are shaped like those that the verbs write (one engagement, one live clock, name, first and last entry), but no
chain is hashed: never verify such a database.

One enterprise has half of all cases, another about a twentieth, 2,998 others share the rest unevenly; counties are
uneven too; a share of the cases is open, with dates around `now`, and a few of these have none.
"""

import os
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.world.sealing import add_names

ENTERPRISES, YEARS, OPEN = 3000, 3, 0.03
#: One case of so many is about glazed ware (琉璃), a word that few have; as many came by post, as many are of a trade
#: that few are of.
RARE = 2999

PEOPLE = """
insert into enterprises_enterprise (name, name_en, enrolment, enrolled_by_id, finishes_cases, stays_out)
select '试验企业' || n, 'Trial firm ' || n, 'enrolled', (select min(id) from authorities_authority), false, false
    from generate_series(1, {enterprises}) n
"""
#: Case n of {count}: when, where, against whom and how far; everything else follows from these.
DRAWN = """
create temporary table drawn as
select n + {first} as id, n, n > {count} * (1 - {open}) as is_open,
       now() - ({count} - n) * ({days} * interval '1 day' / {count}) as at,
       (select min(id) from enterprises_enterprise where name = '试验企业1')
           + case when random() < 0.5 then 0 when random() < 0.09 then 1 else (power(random(),
               3) * {enterprises})::int % {enterprises} end as firm,
       (power(random(), 1.5) * (select count(*) from place))::int % (select count(*) from place) as place,
       (power(random(), 2) * 30)::int as category, random() as chance, random() as second
from generate_series(1, {count}) n
"""
PLACES = """
create temporary table place as
select row_number() over (order by md5(c.code)) - 1 as i, c.id as county, a.id as authority,
       case when g.level = 'city' then g.id end as city, coalesce(p.id, g.id) as province
from authorities_region c join authorities_region g on g.id = c.parent_id
left join authorities_region p on p.id = g.parent_id and p.level = 'province'
cross join (select id from authorities_authority order by id limit 1) a
where c.level = 'county' and c.country = 'CN' and (g.level = 'province' or p.id is not null)
"""
CASES = """
insert into complaints_complaint (
    id, number, status, outcome, reason, is_in_part, is_not_kept, is_late, is_overdue, status_since, consumer_key,
    contact_verified, language, enterprise_id, respondent_named, respondent_details, handling_region_id,
    handling_province, handling_city, handling_county, handling_authority_id, authority_received_at, returns,
    object_kind, object_category, problem_category, item_name, brand_named, amount, currency,
    disputed_on_is_approximate, facts, consents, consent_version, on_behalf_kind, publication_consent,
    platform_number, platform_state, channel, source, external_source, external_id, absent, tracking_digest,
        received_at, filed_at,
    delivered_at, closed_at, next_due_at, enterprise_due_at, last_word, last_event_at, last_sequence, last_hash,
        handler_id,
    station_sees)
select id, to_char(at, 'YYYYMMDD') || '-' || upper(substr(md5(id::text), 1, 12)) || '-0', status,
       case when is_open then '' when chance < 0.6 then 'settled' when chance < 0.75 then 'unconfirmed'
            when chance < 0.9 then 'mediation_terminated' else 'withdrawn' end,
       '', false, false, false, coalesce(due <= now(), false), at, gen_random_uuid(), true, 'zh-hans',
       case when status = 'triage' then null else firm end,
       '', '', county, province, city, county, authority,
       case when status in ('triage', 'review', 'mediating') then at end, 0, 'service',
       case when n % {rare} = 2 then 'service.beauty' else 'service.telecom' end,
       (select array_agg(code order by position) from complaints_problemkind where is_active)[1 + category],
       '试验商品' || category || case when n % {rare} = 0 then '琉璃' else '' end, '',
           (second * 2000)::numeric(14, 2), 'CNY', false, '{{}}',
       '{{"share_with_enterprise": true}}', '2026-11', 'self', false, '', '',
       case when n % {rare} = 1 then 'post' else 'web' end, '', '', '', '[]', '', at, at, at,
       case when is_open then null else at + chance * interval '25 days' end, due,
       case when status in ('with_enterprise', 'performing') then due end, case
           when chance < 0.3 then 'consumer' else 'handler' end,
       at, 2, '\\x00', null, false
from (select d.*, p.county, p.city, p.province, p.authority,
             case when not is_open then 'closed' when chance < 0.2 then 'with_enterprise'
                 when chance < 0.3 then 'triage'
                  when chance < 0.4 then 'review' when chance < 0.5 then 'mediating'
                  when chance < 0.51 then 'awaiting_material' when chance < 0.7 then 'awaiting_consumer'
                  else 'performing' end as status,
             case when is_open and second < 0.95
                  then date_trunc('day', now()) + interval '16 hours' + (second * 40 - 3)::int * interval '1 day'
             end as due
      from drawn d join place p on p.i = d.place) shaped
"""
ENGAGEMENTS = """
insert into complaints_engagement (
    complaint_id, enterprise_id, from_at, until_at, is_supervised, is_overdue, accepted_at, first_contact_at,
    odr_result, ended_by, external_ref, is_past)
select c.id, c.enterprise_id, c.filed_at,
       case when c.status in ('with_enterprise', 'awaiting_consumer') then null
            else least(c.filed_at + d.chance * interval '20 days', now()) end,
       false, d.second < 0.05, c.filed_at + interval '1 day', c.filed_at + d.second * interval '3 days',
       case when c.status in ('with_enterprise', 'awaiting_consumer') then ''
            when c.status = 'performing' or d.chance < 0.6 then 'settled' when d.chance < 0.75 then 'unconfirmed'
            when d.chance < 0.9 then 'failed' else 'withdrawn' end,
       '', '', c.status = 'closed'
from complaints_complaint c join drawn d on d.id = c.id where c.enterprise_id is not null
"""
CLOCKS = """
insert into complaints_deadline (
    complaint_id, clock, owed_by, state, started_at, length, unit, policy_version, due_at, last_day, allowance_used,
    is_provisional, derivation, lapsed_at, lapse_written_at, escalations)
select id, clock, owed_by, case when next_due_at <= now() then 'lapsed' else 'running' end,
       least(filed_at, next_due_at - interval '10 days'), 10, 'WD', '', next_due_at,
       (next_due_at at time zone 'Asia/Shanghai' - interval '1 second')::date, 0, false, '{{}}',
       case when next_due_at <= now() then next_due_at end, case when next_due_at <= now() then next_due_at end, 0
from (select c.*, case status when 'with_enterprise' then 'acceptance' when 'triage' then 'forwarding'
                              when 'review' then 'review' when 'mediating' then 'mediation' when 'awaiting_material'
                              then 'material' when 'performing' then 'performance' else 'confirmation' end as clock,
             case when status in ('triage', 'review', 'mediating') then 'authority'
                  when status in ('awaiting_consumer', 'awaiting_material') then 'consumer'
                  else 'enterprise' end as owed_by
      from complaints_complaint c where id > {first} and next_due_at is not null) live
"""
ENTRIES = """
insert into complaints_handlingstep (
    complaint_id, audience, sequence, step, happened_at, written_at, actor_role, organisation, from_status, to_status,
    outcome, reason, data, body, previous_hash, hash, tag)
select d.id, 'parties', s, case s when 1 then 'file' else 'forward' end, d.at, d.at,
       case when s = 1 or d.chance < 0.3 then 'consumer' else 'handler' end, '', 'draft', 'filed', '', '', '{{}}', '',
       '\\x00', '\\x01', ''
from drawn d cross join generate_series(1, 2) s
"""
#: As the triggers write them, which do not fire here; each name and each place is cut up once.
WORDS = """
insert into complaints_casewords (complaint_id, folded, marks)
select c.id, n.folded, n.pairs || r.marks || coalesce('e:' || c.enterprise_id, '')
from complaints_complaint c
join (select name, folded_words(name) as folded, pairs_of(folded_words(name)) as pairs
      from (select distinct item_name as name from complaints_complaint
          where id > {first}) one) n on n.name = c.item_name
join (select p.county, array['r:' || p.county, 'r:' || p.province, 'r:' || above.parent_id]
             || coalesce('r:' || p.city, '') as marks
    from place p join authorities_region above on above.id = p.province) r
     on r.county = c.handling_county
where c.id > {first}
"""
LAST = """
select setval('complaints_complaint_id_seq', (select max(id) from complaints_complaint))
"""
TABLES = ("complaint", "engagement", "deadline", "personaltext", "handlingstep", "casewords")
#: From so many on, indexes are taken away first and made at the end, and rows that only pages of single cases read are
#: left out:
#: ten million whole cases take about 2 kB each and, kept in thirty indexes row by row, most of an hour.
MANY = 1_000_000


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the database now. ``busiest`` is the enterprise with half of the cases, ``large`` that with a
    twentieth.
    """

    count: int
    first: int
    busiest: int
    large: int
    seconds: float


def fill(count: int, *, is_open: float = OPEN, is_whole: bool = True, years: float = YEARS) -> Filled:
    """Add ``count`` cases of the last ``years`` to the database of this process; the directory is loaded where it is
    missing.

    Without ``is_whole`` they have no names and no entries of the record: what counters and lists of regions never read.
    """
    import psycopg2
    from django.core.management import call_command

    from authorities.models import Authority

    if not Authority.objects.exists():
        call_command("load_directory", verbosity=0, stdout=StringIO())
    begun = perf_counter()
    with psycopg2.connect(os.environ["DATABASE_OWNER_URL"]) as owner, owner.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute("set synchronous_commit = off")
        cursor.execute("select coalesce(max(id), 0) from complaints_complaint")
        first = _one(cursor)
        labels = {
            "count": count,
            "first": first,
            "enterprises": ENTERPRISES,
            "days": 365.25 * years,
            "open": is_open,
            "rare": RARE,
        }
        cursor.execute("select count(*) from enterprises_enterprise where name = '试验企业1'")
        if not _one(cursor):
            cursor.execute(PEOPLE.format(**labels))
        indexes = _without_indexes(cursor) if count >= MANY else []
        for statement in (
            PLACES,
            DRAWN,
            "analyze drawn",
            CASES,
            ENGAGEMENTS,
            CLOCKS,
            *([ENTRIES, WORDS] if is_whole else []),
            LAST,
        ):
            cursor.execute(statement.format(**labels))
        if is_whole:
            add_names(cursor, first=first, count=count)
        cursor.execute("drop table drawn, place")
        for index in indexes:
            cursor.execute(index)
        cursor.execute("select min(id) from enterprises_enterprise where name = '试验企业1'")
        busiest = _one(cursor)
    owner.autocommit = True
    with owner.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"vacuum (analyze) complaints_{table}")
    owner.close()
    return Filled(count=count, first=first, busiest=busiest, large=busiest + 1, seconds=perf_counter() - begun)


def _without_indexes(cursor: Any) -> list[str]:
    """Indexes that keep nothing apart go; how they are made again."""
    cursor.execute("set maintenance_work_mem = '512MB'; set work_mem = '128MB'")
    cursor.execute(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index where not indisunique and"
        " indrelid = any(%s::regclass[])",
        ["{" + ",".join(f"complaints_{table}" for table in TABLES) + "}"],
    )
    result = cursor.fetchall()
    for name, _ in result:
        cursor.execute(f"drop index {name}")
    return [given for _, given in result]


def _one(cursor: object) -> int:
    row = cursor.fetchone()  # type: ignore[attr-defined]
    return int(row[0])


if __name__ == "__main__":
    import django

    sys.path.insert(0, str(Path(__file__).parents[2]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")
    django.setup()
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    sys.stdout.write(f"{fill(size, is_whole='--counted' not in sys.argv)}\n")
