"""Goals that enterprises set themselves, and what officers note about days: written by the steps. A goal is never
changed; of a note only that it was taken back, once.
"""

from django.conf import settings
from django.db import migrations, models

_GOAL, _NOTE = "oversight_owngoal", "oversight_daynote"
_NEVER = "authority_id, region_id, kind, first, last, text, written_by_id, written_at"
_OLD, _NEW = (", ".join(f"{row}.{name}" for name in _NEVER.split(", ")) for row in ("old", "new"))
GUARDS = [
    f"create trigger owngoal_is_written_once before update or delete on {_GOAL}"
    " for each row execute function refuse_change()",
    f"create trigger owngoal_is_never_emptied before truncate on {_GOAL}"
    " for each statement execute function refuse_change()",
    f"revoke update, delete, truncate on {_GOAL} from portal_app",
    f"create trigger only_steps_write after insert on {_GOAL} for each statement execute function only_steps_write()",
    f"""
create function note_stays() returns trigger language plpgsql as $$
begin
    if row({_NEW}) is distinct from row({_OLD}) or old.taken_back_at is not null then
        raise exception 'a note of a day is taken back, and never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$""",
    f"create trigger note_stays before update on {_NOTE} for each row execute function note_stays()",
    f"create trigger daynote_is_never_deleted before delete on {_NOTE} for each row execute function refuse_change()",
    f"create trigger daynote_is_never_emptied before truncate on {_NOTE}"
    " for each statement execute function refuse_change()",
    f"create trigger only_steps_write after insert or update or delete on {_NOTE}"
    " for each statement execute function only_steps_write()",
]


def _to(model: str, **more: bool) -> models.ForeignKey:
    return models.ForeignKey(model, models.PROTECT, related_name="+", **more)


class Migration(migrations.Migration):
    dependencies = [
        ("oversight", "0015_remedies"),
        ("enterprises", "0008_macros"),
        ("authorities", "0003_office_tags"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        # refuse_change() is of the record, only_steps_write() of complaints and oversight 0010.
        ("complaints", "0026_told_once"),
    ]

    operations = [
        migrations.CreateModel(
            "OwnGoal",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        max_length=8, choices=[("response", "首次响应（工作小时）"), ("closed", "送达到办结（工作日）")]
                    ),
                ),
                ("at_most", models.PositiveSmallIntegerField(null=True)),
                ("since", models.DateField()),
                ("set_at", models.DateTimeField()),
                ("enterprise", _to("enterprises.enterprise", db_index=False)),
                ("set_by", _to(settings.AUTH_USER_MODEL, db_index=False)),
            ],
            options={
                "indexes": [models.Index(fields=["enterprise", "kind", "-id"], name="goals_of_a_firm_newest_first")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(at_most__isnull=True) | models.Q(at_most__gt=0),
                        name="a_goal_leaves_some_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            "DayNote",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        max_length=6, choices=[("event", "事件"), ("outage", "故障"), ("portal", "平台本身")]
                    ),
                ),
                ("first", models.DateField()),
                ("last", models.DateField()),
                ("text", models.CharField(max_length=60)),
                ("written_at", models.DateTimeField()),
                ("taken_back_at", models.DateTimeField(null=True)),
                ("authority", _to("authorities.authority", db_index=False)),
                ("region", _to("authorities.region")),
                ("written_by", _to(settings.AUTH_USER_MODEL, db_index=False)),
            ],
            options={
                "ordering": ["-first", "-id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(last__gte=models.F("first")), name="a_note_is_about_days_in_order"
                    ),
                    models.CheckConstraint(condition=~models.Q(text=""), name="a_note_says_something"),
                ],
            },
        ),
        migrations.RunSQL(GUARDS),
    ]
