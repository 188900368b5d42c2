"""Files with which an enterprise shows what it did of a measure."""

from django.conf import settings
from django.db import models

from accounts.keys.sealed_fields import SealedText
from oversight.models.reduction import GuidanceMeasure


class MeasureFile(models.Model):
    """Its columns are those of a kept file (complaints/evidence/keeping.py)."""

    measure = models.ForeignKey(GuidanceMeasure, on_delete=models.PROTECT, related_name="files")
    name = SealedText(place=["path"])
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    copy_type = models.CharField(max_length=80, blank=True, default="")
    copy_size = models.PositiveBigIntegerField(default=0)
    copy_sha256 = models.CharField(max_length=64, blank=True, default="")
    copy_path = models.CharField(max_length=200, blank=True, default="")
    thumbnail_sha256 = models.CharField(max_length=64, blank=True, default="")
    thumbnail_path = models.CharField(max_length=200, blank=True, default="")
    is_clean = models.BooleanField(default=False)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(name="a_measure_has_a_file_once", fields=["measure", "sha256"])]

    def __str__(self) -> str:
        return f"{self.measure_id} {self.media_type} {self.size}"
