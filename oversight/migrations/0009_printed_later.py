"""A worker prints and signs a report after its publication: once, and nothing else of it changes."""

from django.db import migrations, models

_FROZEN = (
    "figures, texts, data_set_id, authority_id, month, version, what_changed, drafted_by_id, edited_by_id,"
    " decided_by_id, decided_at"
)
_OLD, _NEW = (", ".join(f"{row}.{name}" for name in _FROZEN.split(", ")) for row in ("old", "new"))
_STAYS = f"""
create or replace function report_stays() returns trigger language plpgsql as $$
begin
    if old.state = 'published' and old.printed is null and new.printed is not null
        and to_jsonb(new) - 'printed' = to_jsonb(old) - 'printed' then
        return new;
    end if;
    if old.state = 'published' or old.state = 'approved' and (
        new.state not in ('published', 'dropped') or row({_NEW}) is distinct from row({_OLD})) then
        raise exception 'a report that was approved is never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$"""


class Migration(migrations.Migration):
    dependencies = [("oversight", "0008_name_of_the_past")]

    operations = [
        migrations.RunSQL(_STAYS),
        migrations.AddIndex(
            "monthlyreport",
            models.Index(
                fields=["published_at"],
                name="reports_to_print",
                condition=models.Q(state="published", printed__isnull=True),
            ),
        ),
    ]
