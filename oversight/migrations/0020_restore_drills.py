"""What came of restoring a backup beside the portal: written once, by the steps."""

from django.db import migrations, models

_TABLE = "oversight_restoredrill"
_RESULTS = {
    **{"sound": "恢复成功，记录没有断开", "missing": "没有备份", "old": "备份太旧", "refused": "备份恢复不了"},
    **{"full": "恢复用的磁盘满了", "broken": "恢复出来的记录有断开", "other": "备份不是这个平台的记录"},
}
GUARDS = [
    f"create trigger restoredrill_is_written_once before update or delete on {_TABLE}"
    " for each row execute function refuse_change()",
    f"create trigger restoredrill_is_never_emptied before truncate on {_TABLE}"
    " for each statement execute function refuse_change()",
    f"revoke update, delete, truncate on {_TABLE} from portal_app",
    f"create trigger only_steps_write after insert on {_TABLE} for each statement execute function only_steps_write()",
]


class Migration(migrations.Migration):
    dependencies = [("oversight", "0019_finest_places")]

    operations = [
        migrations.CreateModel(
            "RestoreDrill",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("backup", models.CharField(blank=True, max_length=200)),
                ("as_of", models.DateTimeField(null=True)),
                ("seconds", models.PositiveIntegerField()),
                ("cases", models.BigIntegerField(default=0)),
                ("entries", models.BigIntegerField(default=0)),
                ("rows", models.BigIntegerField(default=0)),
                ("result", models.CharField(max_length=8, choices=list(_RESULTS.items()))),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.RunSQL(GUARDS),
    ]
