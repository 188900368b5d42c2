"""What somebody asked for and decided beside cases is written by the steps alone (database/decided_rows.py)."""

from django.db import migrations

_TABLES = (
    *("complaints_export", "complaints_lawchange", "complaints_measure", "complaints_platformfile"),
    *("complaints_roundtrip", "enterprises_appraisal", "enterprises_directorychange"),
    *("enterprises_enrolmentapplication", "enterprises_publicreply"),
    *("enterprises_twopersons", "oversight_consumerwarning", "oversight_monthlyreport", "routing_lesson"),
    "routing_rulechange",
)


class Migration(migrations.Migration):
    dependencies = [
        ("oversight", "0010_steps_alone"),
        ("complaints", "0026_told_once"),
        ("enterprises", "0006_spelled_names"),
        ("routing", "0001_models"),
    ]

    operations = [
        migrations.RunSQL(
            [
                f"create trigger only_steps_write after insert or update or delete on {table}"
                " for each statement execute function only_steps_write()"
                for table in _TABLES
            ]
            + [
                # Nobody may do anything else there.
                "create trigger only_steps_write after insert on enterprises_enrolmententry"
                " for each statement execute function only_steps_write()"
            ]
        )
    ]
