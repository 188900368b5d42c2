"""Files with which an enterprise shows what it did of a measure. None goes; a scan alone changes a row."""

from django.conf import settings
from django.db import migrations, models

from accounts.keys.sealed_fields import SealedText

_USER = settings.AUTH_USER_MODEL
_STAYS = "measure_id, name, size, media_type, sha256, path, copy_sha256, copy_path, uploaded_by_id, uploaded_at"
_OLD, _NEW = (", ".join(f"{row}.{name}" for name in _STAYS.split(", ")) for row in ("old", "new"))
GUARDS = [
    f"""
create function measurefile_stays() returns trigger language plpgsql as $$
begin
    if row({_NEW}) is distinct from row({_OLD}) then
        raise exception 'a file of a measure is never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$""",
    "create trigger measurefile_stays before update on oversight_measurefile"
    " for each row execute function measurefile_stays()",
    "create trigger measurefile_is_never_deleted before delete on oversight_measurefile"
    " for each row execute function refuse_change()",
]


class Migration(migrations.Migration):
    dependencies = [("oversight", "0016_goals_and_notes"), migrations.swappable_dependency(_USER)]

    operations = [
        migrations.CreateModel(
            "MeasureFile",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("measure", models.ForeignKey("oversight.guidancemeasure", models.PROTECT, related_name="files")),
                ("name", SealedText(place=["path"])),
                ("size", models.PositiveBigIntegerField()),
                ("media_type", models.CharField(max_length=80)),
                ("sha256", models.CharField(max_length=64)),
                ("path", models.CharField(max_length=200)),
                ("copy_type", models.CharField(blank=True, default="", max_length=80)),
                ("copy_size", models.PositiveBigIntegerField(default=0)),
                ("copy_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("copy_path", models.CharField(blank=True, default="", max_length=200)),
                ("thumbnail_sha256", models.CharField(blank=True, default="", max_length=64)),
                ("thumbnail_path", models.CharField(blank=True, default="", max_length=200)),
                ("is_clean", models.BooleanField(default=False)),
                ("uploaded_at", models.DateTimeField()),
                ("uploaded_by", models.ForeignKey(_USER, models.PROTECT, related_name="+")),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(name="a_measure_has_a_file_once", fields=["measure", "sha256"])
                ],
            },
        ),
        migrations.RunSQL(GUARDS),
    ]
