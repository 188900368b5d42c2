"""A town, an enterprise that settles online, one that does not, and answers that file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from authorities.loading import DATA, load_calendars, load_policies
from authorities.models import Authority, Region
from enterprises.directory.naming import write_names
from enterprises.models import Branch, Enterprise, ServiceArea

GULOU, FUZHOU, FUJIAN = 350102000, 350100000, 350000000


@dataclass(frozen=True)
class Town:
    gulou: int
    fuzhou: int
    carrier: Enterprise
    branch: Branch
    cobbler: Enterprise

    @property
    def pick(self) -> str:
        return f"{self.carrier.pk}-{self.branch.pk}-"


def _region(pk: int, last: int, code: str, name: str, english: str, level: str, parent: Any) -> Region:
    names = {"name": name, "name_en": english}
    place = {"last": last, "code": code, "level": level, "parent": parent, "country": "CN"}
    return Region.objects.get_or_create(pk=pk, defaults=names | place)[0]


@pytest.fixture
def town(db: None, settings: Any, tmp_path: Path) -> Town:
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    china = _region(100000000, 999999999, "CN", "中国", "China", "country", None)
    fujian = _region(FUJIAN, 359999999, "350000", "福建省", "Fujian", "province", china)
    fuzhou = _region(FUZHOU, 350199999, "350100", "福州市", "Fuzhou", "city", fujian)
    gulou = _region(GULOU, 350102999, "350102", "鼓楼区", "Gulou", "county", fuzhou)
    load_policies(DATA / "policies.csv")
    load_calendars(DATA / "calendars.csv", now=timezone.now())
    office = {"name": "测试总局", "document_code": "测总", "level": "national", "has_intake": True}
    nation = Authority.objects.create(region=china, **office)
    office = {"name": "鼓楼区测试局", "document_code": "测鼓", "level": "county", "has_power": True}
    county = Authority.objects.create(region=gulou, parent=nation, **office)
    names = {"name": "测试移动通信有限公司", "name_en": "Test Mobile Ltd"}
    carrier = Enterprise.objects.create(enrolment="enrolled", enrolled_by=county, **names)
    names = {"name": "测试移动福州分公司", "name_en": "Test Mobile Fuzhou"}
    branch = Branch.objects.create(enterprise=carrier, place=gulou, **names)
    ServiceArea.objects.create(branch=branch, region=fuzhou)
    cobbler = Enterprise.objects.create(name="测试鞋匠铺", enrolment="not_enrolled")
    write_names([carrier.pk, cobbler.pk])
    return Town(gulou.pk, fuzhou.pk, carrier, branch, cobbler)
