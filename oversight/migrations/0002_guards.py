"""Who reads the tally, and what is never changed: what was done about a hot spot, open data that was issued, a report
that was approved.

The tally names cases, so policies guard it: an authority sees its regions, an enterprise its own times with a case.
"""

from django.db import migrations

TALLY = "oversight_tally"
_IN_REGION = (
    "(region >= nullif(current_setting('app.first', true), '')::int"
    " and region <= nullif(current_setting('app.last', true), '')::int"
    " or region <@ nullif(current_setting('app.regions', true), '')::int4multirange)"
)
_OURS = (
    "(enterprise = any(nullif(current_setting('app.enterprises', true), '')::bigint[])"
    " or branch = any(nullif(current_setting('app.branches', true), '')::bigint[]))"
)
READERS = [
    f"alter table {TALLY} enable row level security",
    f"alter table {TALLY} force row level security",
    f"create policy steps on {TALLY} to portal_steps using (true) with check (true)",
    f"create policy authority on {TALLY} for select to portal_authority using ({_IN_REGION})",
    f"create policy enterprise on {TALLY} for select to portal_enterprise using ({_OURS})",
]
DEEDS = [
    """
create function refuse_change_of_deeds() returns trigger language plpgsql as $$
begin
    raise exception 'what was done about a hot spot is append-only: % is refused', tg_op;
end $$
""",
    "create trigger deed_is_append_only before update or delete on oversight_deed "
    "for each row execute function refuse_change_of_deeds()",
    "create trigger deed_is_never_emptied before truncate on oversight_deed "
    "for each statement execute function refuse_change_of_deeds()",
    "revoke update, delete, truncate on oversight_deed from portal_app",
]
_FROZEN = (
    "figures, texts, data_set_id, authority_id, month, version, what_changed, drafted_by_id, edited_by_id,"
    " decided_by_id, decided_at"
)
_OLD, _NEW = (", ".join(f"{row}.{name}" for name in _FROZEN.split(", ")) for row in ("old", "new"))
#: An approved report changes its state only, and a published one nothing at all.
REPORTS = [
    f"""
create function report_stays() returns trigger language plpgsql as $$
begin
    if old.state = 'published' or old.state = 'approved' and (
        new.state not in ('published', 'dropped') or row({_NEW}) is distinct from row({_OLD})) then
        raise exception 'a report that was approved is never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$""",
    "create trigger report_stays before update on oversight_monthlyreport for each row execute function report_stays()",
    "create trigger report_is_never_deleted before delete on oversight_monthlyreport "
    "for each row execute function refuse_change()",
    *(
        f"create trigger {name}_is_written_once before update or delete on oversight_{name} "
        "for each row execute function refuse_change()"
        for name in ("dataset", "datafile")
    ),
]


class Migration(migrations.Migration):
    # refuse_change() is of the record.
    dependencies = [("oversight", "0001_models"), ("complaints", "0003_append_only")]

    operations = [migrations.RunSQL(READERS), migrations.RunSQL(DEEDS), migrations.RunSQL(REPORTS)]
