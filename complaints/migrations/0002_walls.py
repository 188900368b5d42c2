"""What the database refuses by itself: a past that changes, a child under a stranger's case.

Composite keys: rows of the enterprise's side carry (enterprise, engagement) together. The
record's tables take inserts only, by trigger for everybody and by grant for the portal.
"""

from django.db import migrations

CHILDREN = ("offer", "obligation", "contact", "internalnote", "matter")
APPEND_ONLY = ("handlingstep", "seal", "sealedhead", "reminder",
               "forwardingdecision")
#: Erasure empties a name or a text; the digest beside it never changes.
ERASABLE = {"personaltext": "text", "recordedname": "name"}

_REFUSE = """
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the record is append-only: % on % is refused', tg_op, tg_table_name;
end $$;
create function refuse_change_but_erasure() returns trigger language plpgsql as $$
declare
    before jsonb := to_jsonb(old) - tg_argv[0];
    after jsonb := to_jsonb(new) - tg_argv[0];
begin
    if before <> after or (to_jsonb(new) ->> tg_argv[0]) <> '' then
        raise exception 'a personal text can be emptied, not changed: % is refused',
            tg_table_name;
    end if;
    return new;
end $$;
"""


def statements() -> tuple[list[str], list[str]]:
    made, undone = [_REFUSE], []
    for name in CHILDREN:
        table = f"complaints_{name}"
        made.append(
            f"alter table {table} add constraint {name}_hangs_on_its_enterprises_engagement "
            f"foreign key (enterprise_id, engagement_id) "
            f"references complaints_engagement (enterprise_id, id)")
        undone.append(f"alter table {table} drop constraint "
                      f"{name}_hangs_on_its_enterprises_engagement")
    for name in APPEND_ONLY:
        table = f"complaints_{name}"
        made += [
            f"create trigger {name}_is_append_only before update or delete on {table} "
            f"for each row execute function refuse_change()",
            f"create trigger {name}_is_never_emptied before truncate on {table} "
            f"for each statement execute function refuse_change()",
            f"revoke update, delete, truncate on {table} from portal_app",
        ]
        undone += [f"drop trigger {name}_is_append_only on {table}",
                   f"drop trigger {name}_is_never_emptied on {table}"]
    for name, column in ERASABLE.items():
        table = f"complaints_{name}"
        made += [
            f"create trigger {name}_is_only_erased before update on {table} "
            f"for each row execute function refuse_change_but_erasure('{column}')",
            f"create trigger {name}_is_never_deleted before delete on {table} "
            f"for each row execute function refuse_change()",
            f"create trigger {name}_is_never_emptied before truncate on {table} "
            f"for each statement execute function refuse_change()",
            f"revoke delete, truncate on {table} from portal_app",
        ]
        undone += [f"drop trigger {name}_is_only_erased on {table}",
                   f"drop trigger {name}_is_never_deleted on {table}",
                   f"drop trigger {name}_is_never_emptied on {table}"]
    undone += ["drop function refuse_change()", "drop function refuse_change_but_erasure()"]
    return made, undone


MADE, UNDONE = statements()


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_initial")]

    operations = [migrations.RunSQL(MADE, UNDONE)]
