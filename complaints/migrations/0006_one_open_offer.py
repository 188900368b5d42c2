"""At most one open offer a case: the steps keep it, and the database of the series before had lost the constraint."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("complaints", "0005_places_and_words")]

    operations = [
        migrations.AddConstraint(
            "offer",
            models.UniqueConstraint(
                name="one_open_offer_a_case", fields=("complaint",), condition=models.Q(state="open")
            ),
        )
    ]
