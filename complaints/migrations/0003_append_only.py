"""What the database refuses by itself: a past that changes, a number given twice, a child under a stranger's case.

Composite keys: rows of the enterprise's side carry (enterprise, engagement) together. The record's tables take inserts
only, by trigger for everybody and by grant for the portal; what is personal can be emptied. Documents stand.
"""

from django.db import migrations

#: Table → what its key onto the engagement is called before "…_hangs_on_its_enterprises_engagement".
CHILDREN = {
    "offer": "offer",
    "obligation": "obligation",
    "contact": "contact",
    "internalnote": "internalnote",
    "matter": "matter",
    "rootcause": "rootcause",
    "reading": "reading",
    "offerdraft": "offer_draft",
    "officialdocument": "document",
}
APPEND_ONLY = ("handlingstep", "seal", "sealedhead", "reminder", "consentrecord")
#: Erasure empties a name or a text; the digest beside it never changes.
ERASABLE = {"personaltext": "sealed", "recordedname": "sealed", "forwardingdecision": "note"}
#: Of a document, its versions and the series of its numbers: what never changes.
FIXED = {
    "officialdocument": "complaint_id authority_id year form number reference audience sequence issued_at to_consumer"
    " to_enterprise engagement_id",
    "documentversion": "document_id complaint_id number public_id sequence at digest",
    "documentseries": "authority_id year form",
}

# Bytes that were emptied read \\x in json, texts nothing.
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
    if before <> after or (to_jsonb(new) ->> tg_argv[0]) not in ('', '\\x') then
        raise exception 'a personal text can be emptied, not changed: % is refused', tg_table_name;
    end if;
    return new;
end $$;
create function refuse_document_change() returns trigger language plpgsql as $$
declare
    before jsonb := to_jsonb(old);
    after jsonb := to_jsonb(new);
    fixed text;
begin
    foreach fixed in array string_to_array(tg_argv[0], ' ') loop
        if before -> fixed is distinct from after -> fixed then
            raise exception 'what was issued does not change: % of %', fixed, tg_table_name;
        end if;
    end loop;
    if (before ->> 'last')::int > (after ->> 'last')::int or (before ->> 'state' = 'void' and after ->> 'state' <> 'void')
       or (before ->> 'sha256' <> '' and before ->> 'sha256' <> after ->> 'sha256') then
        raise exception 'a number, a withdrawal and a print stand: %', tg_table_name;
    end if;
    return new;
end $$;
"""  # noqa: E501


def _never(name: str, what: str, when: str) -> str:
    each = "statement" if when == "truncate" else "row"
    return (
        f"create trigger {name}_is_{what} before {when} on complaints_{name} "
        f"for each {each} execute function refuse_change()"
    )


def statements() -> list[str]:
    made = [_REFUSE]
    for name, key in CHILDREN.items():
        made.append(
            f"alter table complaints_{name} add constraint {key}_hangs_on_its_enterprises_engagement "
            f"foreign key (enterprise_id, engagement_id) references complaints_engagement (enterprise_id, id)"
        )
    for name in APPEND_ONLY:
        made.append(_never(name, "append_only", "update or delete"))
    for name, column in ERASABLE.items():
        made += [
            f"create trigger {name}_is_only_erased before update on complaints_{name} "
            f"for each row execute function refuse_change_but_erasure('{column}')",
            _never(name, "never_deleted", "delete"),
        ]
    for name, columns in FIXED.items():
        made += [
            f"create trigger {name}_stands before update on complaints_{name} "
            f"for each row execute function refuse_document_change('{columns}')",
            _never(name, "never_deleted", "delete"),
        ]
    made += [_never(name, "never_emptied", "truncate") for name in (*APPEND_ONLY, *ERASABLE, *FIXED)]
    unchanged = ", ".join(f"complaints_{name}" for name in (*APPEND_ONLY, "forwardingdecision"))
    kept = ", ".join(f"complaints_{name}" for name in (*ERASABLE, *FIXED))
    return [
        *made,
        f"revoke update, delete, truncate on {unchanged} from portal_app",
        f"revoke delete, truncate on {kept} from portal_app",
        "grant update (note) on complaints_forwardingdecision to portal_steps",
    ]


class Migration(migrations.Migration):
    dependencies = [("complaints", "0002_work_on_cases")]

    operations = [
        migrations.RunSQL(statements()),
        # Names the life of this database for programs that read entries by their transaction: a restore gives it
        # another value (odr_portal/backup).
        migrations.RunSQL("create sequence complaints_event_era"),
    ]
