"""The log over the record: leaves, tiles and checkpoints, and what was refused a leaf. A leaf stands; a tile and a note
only grow; a stamp is set once."""

from django.db import migrations, models

STATEMENTS = [
    """
create function refuse_change_but_growth() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - 'digests' <> to_jsonb(old) - 'digests'
       or substring(new.digests for length(old.digests)) <> old.digests then
        raise exception 'a tile only grows: % is refused', tg_table_name;
    end if;
    return new;
end $$""",
    """
create function refuse_checkpoint_change() returns trigger language plpgsql as $$
begin
    if to_jsonb(new) - array['note', 'stamp'] <> to_jsonb(old) - array['note', 'stamp']
       or not starts_with(new.note, old.note) or (old.stamp <> '' and new.stamp <> old.stamp) then
        raise exception 'a checkpoint only gets signatures and one stamp: % is refused', tg_table_name;
    end if;
    return new;
end $$""",
    "create trigger leaf_is_append_only before update or delete on complaints_leaf"
    " for each row execute function refuse_change()",
    "create trigger tile_only_grows before update on complaints_tile"
    " for each row execute function refuse_change_but_growth()",
    "create trigger checkpoint_stands before update on complaints_checkpoint"
    " for each row execute function refuse_checkpoint_change()",
    *(
        f"create trigger {name}_is_never_deleted before delete on complaints_{name}"
        " for each row execute function refuse_change()"
        for name in ("tile", "checkpoint")
    ),
    *(
        f"create trigger {name}_is_never_emptied before truncate on complaints_{name}"
        " for each statement execute function refuse_change()"
        for name in ("leaf", "tile", "checkpoint")
    ),
    "revoke update, delete, truncate on complaints_leaf, complaints_tile, complaints_checkpoint from portal_app",
    "grant update (digests) on complaints_tile to portal_steps",
    "grant update (note, stamp) on complaints_checkpoint to portal_steps",
    # Hashes do not get smaller, and would be tried.
    "alter table complaints_tile alter column digests set storage external",
    # Both name cases. The other two tables have digests, counts and signatures, for everybody.
    *(
        statement
        for name in ("leaf", "notadmitted")
        for statement in (
            f"alter table complaints_{name} enable row level security",
            f"alter table complaints_{name} force row level security",
            f"create policy steps on complaints_{name} to portal_steps using (true) with check (true)",
        )
    ),
]


class Migration(migrations.Migration):
    dependencies = [("complaints", "0011_tags_and_house")]

    operations = [
        migrations.CreateModel(
            "Leaf",
            [("place", models.BigIntegerField(primary_key=True, serialize=False)), ("entry", models.TextField())],
            options={
                "ordering": ["place"],
                "constraints": [models.UniqueConstraint(fields=["entry"], name="entry_has_one_leaf")],
            },
        ),
        migrations.CreateModel(
            "Tile",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("level", models.SmallIntegerField()),
                ("place", models.BigIntegerField()),
                ("digests", models.BinaryField()),
            ],
            options={
                "ordering": ["level", "place"],
                "constraints": [models.UniqueConstraint(fields=["level", "place"], name="tile_has_one_place")],
            },
        ),
        migrations.CreateModel(
            "Checkpoint",
            [
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("size", models.BigIntegerField(db_index=True)),
                ("root", models.BinaryField()),
                ("at", models.DateTimeField()),
                ("note", models.TextField()),
                ("stamp", models.BinaryField(default=b"")),
                ("horizon", models.BigIntegerField()),
                ("ceiling", models.BigIntegerField()),
                ("era", models.BigIntegerField()),
            ],
            options={"ordering": ["number"]},
        ),
        migrations.CreateModel(
            "NotAdmitted",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry", models.TextField()),
                ("code", models.CharField(max_length=20)),
                ("found_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["found_at", "entry"],
                "constraints": [models.UniqueConstraint(fields=["entry"], name="entry_is_refused_once")],
            },
        ),
        migrations.RunSQL(STATEMENTS),
    ]
