"""消费维权服务站: a service point in a shop, a hall or a market, and who works there.

A station belongs to the authority that set it up; one that stands in an enterprise's own shop says whose
it is, and is never taken for neutral.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, post_choices
from authorities.periods import DatedRow, ends_after_it_starts
from web.languages import named


class Station(DatedRow):
    """``code`` stands on its poster and leads to a prefilled complaint (/go/<code>/)."""

    class Kind(models.TextChoices):
        MALL = "mall", _("商场超市")
        MARKET = "market", _("市场")
        HALL = "hall", _("营业厅")
        COMMUNITY = "community", _("社区")
        SCENIC = "scenic", _("景区")

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(_("名称"), max_length=120)
    name_en = models.CharField(max_length=160, blank=True, default="")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    address = models.CharField(_("地址"), max_length=200, blank=True, default="")
    authority = models.ForeignKey("authorities.Authority", on_delete=models.PROTECT, related_name="stations")
    enterprise = models.ForeignKey(
        "enterprises.Enterprise", null=True, blank=True, on_delete=models.PROTECT, related_name="stations"
    )

    class Meta:
        constraints = [
            ends_after_it_starts("station"),
            models.CheckConstraint(name="station_has_a_code", condition=~Q(code="")),
        ]

    def __str__(self) -> str:
        return named(self)


class StationStaff(DatedRow):
    """A person's work at a station."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="station_posts")
    station = models.ForeignKey(Station, on_delete=models.PROTECT, related_name="staff")
    role = models.CharField(max_length=8, default=Role.STATION.post, choices=post_choices("station"))
    #: Up to when this person was told what became of what the station filed.
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            ends_after_it_starts("station_staff"),
            models.UniqueConstraint(
                fields=["user", "station", "starts_on"], nulls_distinct=False, name="a_station_post_is_given_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.station_id}"
