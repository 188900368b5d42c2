"""Campaigns: several enterprises called together, what was frozen for the comparison, and what was found.

The steps alone write what decides something; what chose a campaign never changes, nor what was said of its meeting; a
control group and an effect are inserted only.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

#: Set once, and from then on as they are.
_ONCE = (
    "called_on",
    "history",
    "controls_of",
    "met_on",
    "attended",
    "minutes",
    "printed",
    "judged_at",
    "verdict",
    "judgement",
)
_NEVER = (
    "authority_id, region_id, hot_spot_id, title, why, sector, problem, chose_first, chose_last, figures, opened_by_id"
)
_SET = {
    "controls_of": "old.state <> 'draft'",
    "attended": "old.met_on is not null",
    "minutes": "old.met_on is not null",
}
_SET |= dict.fromkeys(("verdict", "judgement"), "old.state = 'judged'")
_CHANGED = " or ".join(
    f"{_SET.get(name, f'old.{name} is not null')} and new.{name} is distinct from old.{name}" for name in _ONCE
)
_OLD, _NEW = (", ".join(f"{row}.{name}" for name in _NEVER.split(", ")) for row in ("old", "new"))
GUARDS = [
    *(
        f"alter table oversight_campaign add constraint oversight_campaign_{column}_is_listed foreign key ({column})"
        f" references {table} (code) deferrable initially deferred"
        for column, table in (("sector", "complaints_category"), ("problem", "complaints_problemkind"))
    ),
    f"""
create function campaign_stays() returns trigger language plpgsql as $$
begin
    if row({_NEW}) is distinct from row({_OLD})
        or {_CHANGED}
    then
        raise exception 'what chose a campaign, its meeting and its end are never changed'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$""",
    "create trigger campaign_stays before update on oversight_campaign for each row execute function campaign_stays()",
    "create trigger campaign_is_never_deleted before delete on oversight_campaign "
    "for each row execute function refuse_change()",
    *(
        f"create trigger {name}_is_written_once before update or delete on oversight_{name} "
        "for each row execute function refuse_change()"
        for name in ("campaigncontrol", "campaigneffect")
    ),
    *(
        f"create trigger only_steps_write after insert or update or delete on oversight_{name}"
        " for each statement execute function only_steps_write()"
        for name in ("campaign", "campaigncontrol", "campaigneffect")
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("authorities", "0003_office_tags"),
        ("complaints", "0007_code_lists"),
        ("enterprises", "0008_macros"),
        ("oversight", "0012_let_rest"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=80)),
                ("why", models.CharField(max_length=1000)),
                ("sector", models.CharField(blank=True, default="", max_length=60)),
                ("problem", models.CharField(blank=True, default="", max_length=60)),
                ("chose_first", models.DateField()),
                ("chose_last", models.DateField()),
                ("figures", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "还没有召集"),
                            ("called", "已召集，等开会"),
                            ("running", "整改中"),
                            ("judged", "行动已结束"),
                        ],
                        default="draft",
                        max_length=7,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("called_on", models.DateField(null=True)),
                ("meets_on", models.DateField(null=True)),
                ("where", models.CharField(blank=True, default="", max_length=200)),
                ("met_on", models.DateField(null=True)),
                ("attended", models.CharField(blank=True, default="", max_length=1000)),
                ("minutes", models.TextField(blank=True, default="")),
                ("printed", models.BinaryField(null=True)),
                ("history", models.PositiveSmallIntegerField(null=True)),
                ("controls_of", models.CharField(blank=True, default="", max_length=7)),
                ("judged_at", models.DateTimeField(null=True)),
                (
                    "verdict",
                    models.CharField(
                        blank=True,
                        choices=[("effective", "起了作用"), ("not", "没有起作用"), ("unclear", "看不出来")],
                        default="",
                        max_length=9,
                    ),
                ),
                ("judgement", models.CharField(blank=True, default="", max_length=1000)),
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
                ("published_at", models.DateTimeField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_why", models.CharField(blank=True, default="", max_length=1000)),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="CampaignControl",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
            ],
            options={"ordering": ["id"]},
        ),
        migrations.CreateModel(
            name="CampaignEffect",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("weeks", models.PositiveSmallIntegerField()),
                (
                    "figure",
                    models.CharField(
                        choices=[("received", "收到的投诉"), ("in_time", "按时办结率"), ("settled", "和解成功率")],
                        max_length=8,
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("better", "比没有行动时好"),
                            ("worse", "比没有行动时差"),
                            ("unclear", "说不清"),
                            ("few", "对照不足，只看进展"),
                            ("short", "历史不足52周，只看进展"),
                        ],
                        max_length=7,
                    ),
                ),
                ("ratio", models.FloatField(null=True)),
                ("low", models.FloatField(null=True)),
                ("high", models.FloatField(null=True)),
                ("controls", models.PositiveSmallIntegerField()),
                ("counts", models.JSONField(default=dict)),
                ("method", models.PositiveSmallIntegerField()),
                ("made_at", models.DateTimeField()),
            ],
            options={"ordering": ["campaign_id", "weeks", "id"]},
        ),
        migrations.CreateModel(
            name="CampaignFirm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("attended", models.BooleanField(null=True)),
                ("reply", models.CharField(blank=True, default="", max_length=2000)),
                ("replied_at", models.DateTimeField(null=True)),
                ("reply_shown_at", models.DateTimeField(null=True)),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.RemoveConstraint(model_name="guidance", name="a_closed_guidance_has_a_judgement"),
        migrations.AddField(model_name="guidancemeasure", name="baseline", field=models.FloatField(null=True)),
        migrations.AddField(model_name="guidancemeasure", name="baseline_n", field=models.IntegerField(null=True)),
        migrations.AddField(model_name="guidancemeasure", name="counted", field=models.FloatField(null=True)),
        migrations.AddField(model_name="guidancemeasure", name="counted_n", field=models.IntegerField(null=True)),
        migrations.AddField(model_name="guidancemeasure", name="counted_to", field=models.DateField(null=True)),
        migrations.AddField(
            model_name="guidancemeasure",
            name="evidence",
            field=models.CharField(blank=True, default="", max_length=300),
        ),
        migrations.AddField(
            model_name="guidancemeasure", name="figure", field=models.CharField(blank=True, default="", max_length=8)
        ),
        migrations.AddField(model_name="guidancemeasure", name="target", field=models.FloatField(null=True)),
        migrations.AddField(
            model_name="guidancemeasure", name="told", field=models.PositiveSmallIntegerField(null=True)
        ),
        migrations.AddField(model_name="guidancemeasure", name="told_to", field=models.DateField(null=True)),
        migrations.AlterField(
            model_name="guidance",
            name="hot_spot",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="guidances", to="oversight.hotspot"
            ),
        ),
        migrations.AlterField(
            model_name="hotspotaction",
            name="hot_spot",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="actions", to="oversight.hotspot"
            ),
        ),
        migrations.AddConstraint(
            model_name="guidancemeasure",
            constraint=models.CheckConstraint(
                condition=models.Q(("figure", ""), ("target__isnull", False), _connector="OR"),
                name="a_counted_measure_has_a_target",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="authority",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="authorities.authority"
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="decided_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="hot_spot",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="campaigns", to="oversight.hotspot"
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="opened_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="proposed_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="region",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="authorities.region"
            ),
        ),
        migrations.AddField(
            model_name="guidance",
            name="campaign",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="guidances",
                to="oversight.campaign",
            ),
        ),
        migrations.AddField(
            model_name="hotspotaction",
            name="campaign",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="actions", to="oversight.campaign"
            ),
        ),
        migrations.AddIndex(
            model_name="hotspotaction",
            index=models.Index(
                condition=models.Q(("campaign__isnull", False)), fields=["campaign", "id"], name="deeds_of_a_campaign"
            ),
        ),
        migrations.AddConstraint(
            model_name="guidance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "closed"), _negated=True),
                    models.Q(
                        ("closed_at__isnull", False),
                        models.Q(
                            models.Q(("verdict", ""), _negated=True), ("campaign__isnull", False), _connector="OR"
                        ),
                    ),
                    _connector="OR",
                ),
                name="a_closed_guidance_has_a_judgement",
            ),
        ),
        migrations.AddConstraint(
            model_name="guidance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("campaign__isnull", True), ("hot_spot__isnull", False)),
                    models.Q(("campaign__isnull", False), ("hot_spot__isnull", True)),
                    _connector="OR",
                ),
                name="a_guidance_is_of_a_hot_spot_or_a_campaign",
            ),
        ),
        migrations.AddConstraint(
            model_name="guidance",
            constraint=models.UniqueConstraint(
                fields=("campaign", "enterprise"), name="a_campaign_guides_an_enterprise_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="hotspotaction",
            constraint=models.CheckConstraint(
                condition=models.Q(("hot_spot__isnull", False), ("campaign__isnull", False), _connector="OR"),
                name="a_deed_is_about_a_hot_spot_or_a_campaign",
            ),
        ),
        migrations.AddField(
            model_name="campaigncontrol",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="controls", to="oversight.campaign"
            ),
        ),
        migrations.AddField(
            model_name="campaigncontrol",
            name="enterprise",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="enterprises.enterprise"
            ),
        ),
        migrations.AddField(
            model_name="campaigneffect",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="effects", to="oversight.campaign"
            ),
        ),
        migrations.AddField(
            model_name="campaignfirm",
            name="campaign",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="firms", to="oversight.campaign"
            ),
        ),
        migrations.AddField(
            model_name="campaignfirm",
            name="enterprise",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="campaigns", to="enterprises.enterprise"
            ),
        ),
        migrations.AddIndex(
            model_name="campaign", index=models.Index(fields=["state", "-opened_at", "-id"], name="campaigns_by_state")
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(
                condition=models.Q(("published_at__isnull", False)),
                fields=["-published_at", "-id"],
                name="campaigns_in_public",
            ),
        ),
        migrations.AddIndex(
            model_name="campaign",
            index=models.Index(
                condition=models.Q(("met_on__isnull", False), ("printed", None)), fields=["id"], name="minutes_to_print"
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("chose_last__gte", models.F("chose_first"))),
                name="a_campaign_ends_its_choice_after_it_begins",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "draft"), ("called_on__isnull", False), _connector="OR"),
                name="a_called_campaign_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "called"]),
                    models.Q(("met_on__isnull", False), models.Q(("minutes", ""), _negated=True)),
                    _connector="OR",
                ),
                name="a_running_campaign_has_met",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "judged"), _negated=True),
                    models.Q(("judged_at__isnull", False), models.Q(("verdict", ""), _negated=True)),
                    _connector="OR",
                ),
                name="a_judged_campaign_has_a_judgement",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("publicity__in", ["none", "proposed"]),
                    models.Q(
                        ("decided_by__isnull", False),
                        ("proposed_by__isnull", False),
                        ("published_at__isnull", False),
                        models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="a_campaign_is_published_by_a_second_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(("publicity", "none"), ("state__in", ["running", "judged"]), _connector="OR"),
                name="a_campaign_is_published_after_its_meeting",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("publicity", "withdrawn"), _negated=True),
                    models.Q(("withdrawn_at__isnull", False), models.Q(("withdrawn_why", ""), _negated=True)),
                    _connector="OR",
                ),
                name="a_withdrawn_campaign_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaigncontrol",
            constraint=models.UniqueConstraint(fields=("campaign", "enterprise"), name="a_campaign_has_a_control_once"),
        ),
        migrations.AddConstraint(
            model_name="campaigneffect",
            constraint=models.UniqueConstraint(fields=("campaign", "weeks", "figure"), name="an_effect_is_found_once"),
        ),
        migrations.AddConstraint(
            model_name="campaigneffect",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verdict__in", ["unclear", "few", "short"]),
                    models.Q(("high__isnull", False), ("low__isnull", False), ("ratio__isnull", False)),
                    _connector="OR",
                ),
                name="a_verdict_of_an_effect_has_its_interval",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaignfirm",
            constraint=models.UniqueConstraint(fields=("campaign", "enterprise"), name="a_campaign_calls_a_firm_once"),
        ),
        migrations.AddConstraint(
            model_name="campaignfirm",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reply_shown_at__isnull", True),
                    models.Q(("replied_at__isnull", False), models.Q(("reply", ""), _negated=True)),
                    _connector="OR",
                ),
                name="a_reply_is_there_before_it_is_shown",
            ),
        ),
        migrations.RunSQL(GUARDS),
    ]
