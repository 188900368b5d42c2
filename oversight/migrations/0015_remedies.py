"""Remedies: what an enterprise puts right for everybody whom one cause touched.

The steps alone write them. What was demanded never changes, nor a report, a sample that was drawn and what was found in
it, nor the answer to who asked; lines of a list go with the next list or after their days.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Q

from accounts.keys.sealed_fields import BlindIndex

_LONGEST = 1000
_USER = settings.AUTH_USER_MODEL
_ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def _stays(table: str, names: str, condition: str = "true") -> list[str]:
    """A trigger that refuses a change of these columns, from ``condition`` on, and that a row goes."""
    old, new = (", ".join(f"{row}.{name}" for name in names.split()) for row in ("old", "new"))
    return [
        f"""
create function {table}_stays() returns trigger language plpgsql as $$
begin
    if {condition} and row({new}) is distinct from row({old}) then
        raise exception 'what was said of a remedy is never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$""",
        f"create trigger {table}_stays before update on oversight_{table}"
        f" for each row execute function {table}_stays()",
        f"create trigger {table}_is_never_deleted before delete on oversight_{table}"
        " for each row execute function refuse_change()",
    ]


#: Whose role was told, as the steps ask it.
_TOLD = (
    "nullif(current_user = 'portal_owner'"
    " or current_user = split_part(current_setting('backtrace_functions'), ',', 1), false) is not null"
)
GUARDS = [
    *(
        f"alter table oversight_remedy add constraint oversight_remedy_{column}_is_listed foreign key ({column})"
        f" references {table} (code) deferrable initially deferred"
        for column, table in (("sector", "complaints_category"), ("problem", "complaints_problemkind"))
    ),
    # Whose number is on a list no caller reads or writes.
    "alter table oversight_remedylist enable row level security",
    "alter table oversight_remedylist force row level security",
    f"create policy steps on oversight_remedylist to portal_steps using ({_TOLD}) with check ({_TOLD})",
    *_stays(
        "remedy",
        "authority_id region_id enterprise_id hot_spot_id campaign_id case_number cause sector problem first last"
        " opened_by_id opened_at",
    ),
    *_stays("remedysample", "remedy_id listed_at whole lines drawn_by_id drawn_at"),
    """
create function remedysample_is_checked_once() returns trigger language plpgsql as $$
begin
    if old.checked_at is not null then
        raise exception 'what was found in a sample is never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$""",
    "create trigger remedysample_is_checked_once before update on oversight_remedysample"
    " for each row execute function remedysample_is_checked_once()",
    *(
        f"create trigger {name}_is_written_once before update or delete on oversight_{name}"
        " for each row execute function refuse_change()"
        for name in ("remedyreport", "remedycheck")
    ),
    *(
        f"create trigger only_steps_write after insert or update or delete on oversight_{name}"
        " for each statement execute function only_steps_write()"
        for name in ("remedy", "remedyreport", "remedysample", "remedycheck")
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("authorities", "0003_office_tags"),
        ("complaints", "0007_code_lists"),
        ("enterprises", "0008_macros"),
        ("oversight", "0014_perfunctory_replies"),
        migrations.swappable_dependency(_USER),
    ]

    operations = [
        migrations.CreateModel(
            "Remedy",
            [
                _ID,
                ("authority", models.ForeignKey("authorities.authority", models.PROTECT, related_name="+")),
                ("region", models.ForeignKey("authorities.region", models.PROTECT, related_name="+")),
                ("enterprise", models.ForeignKey("enterprises.enterprise", models.PROTECT, related_name="remedies")),
                (
                    "hot_spot",
                    models.ForeignKey("oversight.hotspot", models.PROTECT, null=True, related_name="remedies"),
                ),
                (
                    "campaign",
                    models.ForeignKey("oversight.campaign", models.PROTECT, null=True, related_name="remedies"),
                ),
                ("case_number", models.CharField(blank=True, default="", max_length=30)),
                ("cause", models.CharField(max_length=_LONGEST)),
                ("sector", models.CharField(blank=True, default="", max_length=60)),
                ("problem", models.CharField(blank=True, default="", max_length=60)),
                ("first", models.DateField()),
                ("last", models.DateField()),
                ("opened_by", models.ForeignKey(_USER, models.PROTECT, related_name="+")),
                ("opened_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "等企业提出办法"),
                            ("proposed", "企业已提出，等同意"),
                            ("agreed", "已同意，等企业补救"),
                            ("running", "正在补救"),
                            ("verified", "已核实"),
                        ],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("affected", models.CharField(blank=True, default="", max_length=_LONGEST)),
                ("how", models.CharField(blank=True, default="", max_length=_LONGEST)),
                ("due_on", models.DateField(null=True)),
                ("listed_at", models.DateTimeField(null=True)),
                ("listed", models.PositiveIntegerField(null=True)),
                ("listed_phones", models.PositiveIntegerField(null=True)),
                ("listed_remedied", models.PositiveIntegerField(null=True)),
                ("list_deleted_at", models.DateTimeField(null=True)),
                ("complaints", models.PositiveIntegerField(null=True)),
                ("complainants", models.PositiveIntegerField(null=True)),
                ("complainants_listed", models.PositiveIntegerField(null=True)),
                ("compared_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField(null=True)),
                ("reminded_at", models.DateTimeField(null=True)),
                (
                    "publicity",
                    models.CharField(
                        choices=[
                            ("none", "没有公开"),
                            ("proposed", "等待批准公开"),
                            ("published", "已公开"),
                            ("withdrawn", "已撤下"),
                        ],
                        default="none",
                        max_length=9,
                    ),
                ),
                ("proposed_by", models.ForeignKey(_USER, models.PROTECT, null=True, related_name="+")),
                ("decided_by", models.ForeignKey(_USER, models.PROTECT, null=True, related_name="+")),
                ("published_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(blank=True, default="", max_length=_LONGEST)),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.CheckConstraint(
                        name="a_remedy_ends_its_days_after_they_begin", condition=Q(last__gte=F("first"))
                    ),
                    models.CheckConstraint(
                        name="a_proposed_remedy_says_who_what_and_when",
                        condition=Q(state="asked") | ~Q(affected="") & ~Q(how="") & Q(due_on__isnull=False),
                    ),
                    models.CheckConstraint(
                        name="a_verified_remedy_says_when",
                        condition=~Q(state="verified") | Q(verified_at__isnull=False),
                    ),
                    models.CheckConstraint(
                        name="no_more_are_on_the_list_than_complained",
                        condition=Q(complainants_listed__isnull=True) | Q(complainants_listed__lte=F("complainants")),
                    ),
                    models.CheckConstraint(
                        name="a_remedy_is_published_by_a_second_person",
                        condition=Q(publicity__in=["none", "proposed"])
                        | Q(proposed_by__isnull=False, decided_by__isnull=False, published_at__isnull=False)
                        & ~Q(decided_by=F("proposed_by")),
                    ),
                    models.CheckConstraint(
                        name="a_remedy_is_published_once_agreed",
                        condition=Q(publicity="none") | Q(state__in=["agreed", "running", "verified"]),
                    ),
                    models.CheckConstraint(
                        name="a_withdrawn_remedy_says_why",
                        condition=~Q(publicity="withdrawn") | Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why=""),
                    ),
                ],
                "indexes": [
                    models.Index(fields=["state", "-opened_at", "-id"], name="remedies_by_state"),
                    models.Index(fields=["enterprise", "-opened_at", "-id"], name="remedies_of_an_enterprise"),
                    models.Index(
                        fields=["-published_at", "-id"],
                        name="remedies_in_public",
                        condition=Q(published_at__isnull=False),
                    ),
                    models.Index(
                        fields=["listed_at"],
                        name="remedies_with_a_list",
                        condition=Q(listed_at__isnull=False, list_deleted_at__isnull=True),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "RemedyReport",
            [
                _ID,
                ("remedy", models.ForeignKey("oversight.remedy", models.PROTECT, related_name="reports")),
                ("population", models.PositiveIntegerField()),
                ("remedied", models.PositiveIntegerField()),
                ("unreachable", models.PositiveIntegerField()),
                ("declined", models.PositiveIntegerField()),
                ("money", models.DecimalField(decimal_places=2, max_digits=14, null=True)),
                ("evidence", models.CharField(max_length=_LONGEST)),
                ("explained", models.CharField(blank=True, default="", max_length=_LONGEST)),
                ("why_moved", models.CharField(blank=True, default="", max_length=_LONGEST)),
                ("by", models.ForeignKey(_USER, models.PROTECT, related_name="+")),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        name="no_more_are_remedied_than_affected",
                        condition=Q(population__gte=F("remedied") + F("unreachable") + F("declined")),
                    ),
                    models.CheckConstraint(
                        name="who_was_not_remedied_is_explained",
                        condition=Q(unreachable=0, declined=0) | ~Q(explained=""),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "RemedyList",
            [
                _ID,
                ("remedy", models.ForeignKey("oversight.remedy", models.PROTECT, related_name="lines", db_index=False)),
                ("line", models.PositiveIntegerField()),
                ("digest", BlindIndex()),
                ("is_remedied", models.BooleanField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(name="a_number_stands_on_a_list_once", fields=["remedy", "digest"])
                ]
            },
        ),
        migrations.CreateModel(
            "RemedySample",
            [
                _ID,
                ("remedy", models.ForeignKey("oversight.remedy", models.PROTECT, related_name="samples")),
                ("listed_at", models.DateTimeField()),
                ("whole", models.PositiveIntegerField()),
                ("lines", ArrayField(models.IntegerField(), size=None)),
                ("drawn_by", models.ForeignKey(_USER, models.PROTECT, related_name="+")),
                ("drawn_at", models.DateTimeField()),
                ("bad", ArrayField(models.IntegerField(), default=list, size=None)),
                ("how", models.CharField(blank=True, default="", max_length=_LONGEST)),
                ("checked_by", models.ForeignKey(_USER, models.PROTECT, null=True, related_name="+")),
                ("checked_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(name="a_list_is_sampled_once", fields=["remedy", "listed_at"]),
                    models.CheckConstraint(name="what_is_bad_was_drawn", condition=Q(bad__contained_by=F("lines"))),
                    models.CheckConstraint(
                        name="a_checked_sample_says_how",
                        condition=Q(checked_at__isnull=True) | Q(checked_by__isnull=False) & ~Q(how=""),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "RemedyCheck",
            [
                _ID,
                ("remedy", models.ForeignKey("oversight.remedy", models.PROTECT, related_name="checks")),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("remedied", "在名单里，企业报告已补救"),
                            ("listed", "在名单里，还没有补救"),
                            ("not", "名单里没有"),
                        ],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            "hotspotaction",
            "remedy",
            models.ForeignKey("oversight.remedy", models.PROTECT, null=True, related_name="actions"),
        ),
        migrations.AddIndex(
            "hotspotaction",
            models.Index(fields=["remedy", "id"], name="deeds_of_a_remedy", condition=Q(remedy__isnull=False)),
        ),
        migrations.RemoveConstraint("hotspotaction", "a_deed_is_about_a_hot_spot_or_a_campaign"),
        migrations.AddConstraint(
            "hotspotaction",
            models.CheckConstraint(
                name="a_deed_is_about_a_hot_spot_a_campaign_or_a_remedy",
                condition=Q(hot_spot__isnull=False) | Q(campaign__isnull=False) | Q(remedy__isnull=False),
            ),
        ),
        migrations.RunSQL(GUARDS),
    ]
