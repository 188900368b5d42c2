"""A file may be called an identity paper by who sends it; nothing of it is read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0026_told_once")]

    operations = [
        migrations.AlterField(
            model_name="evidence",
            name="kind",
            field=models.CharField(
                choices=[
                    ("receipt", "凭证"),
                    ("contract", "合同"),
                    ("screenshot", "截图"),
                    ("chat", "聊天记录"),
                    ("photo", "照片"),
                    ("recording", "录音"),
                    ("identity", "身份证件"),
                    ("other", "其他"),
                ],
                default="other",
                max_length=20,
            ),
        )
    ]
