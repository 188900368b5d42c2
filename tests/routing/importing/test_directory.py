"""The directory out of a file: added to, never changed; and mappings that are slips are refused."""

from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from authorities.models import Region
from complaints.models import Complaint, Heartbeat
from complaints.procedure.workflow import Status
from complaints.tables.importing.mapping import MappingError, read_mapping
from enterprises.models import Alias, Enterprise
from tests.routing.importing import register
from tests.routing.importing.conftest import MAPPINGS, run


def test_former_and_other_names_lead_to_the_firm(tmp_path: Path) -> None:
    register.write(tmp_path / "register.csv", 8)
    call_command("build_directory", tmp_path / "register.csv", mapping=MAPPINGS / "wa_ag.toml", verbosity=0)
    heron = Enterprise.objects.get(name="Blue Heron Fiber")
    assert (heron.domicile and heron.domicile.name, heron.enrolment) == ("Everett", "enrolled")
    assert set(Alias.objects.filter(enterprise=heron).values_list("name", "kind")) == {
        ("Gull Telephone", "former"),
        ("Blue Heron Fiber fka Gull Telephone", "alias"),
    }
    assert Region.objects.get(code="US-WA").covers(Region.objects.get(code="US-WA-EVERETT").pk)
    assert not Complaint.objects.exists()


def test_a_suspended_firm_stays_suspended_and_its_cases_go_to_a_person(tmp_path: Path) -> None:
    register.write(tmp_path / "register.csv", 8)
    run(tmp_path / "register.csv")
    Enterprise.objects.filter(name="Blue Heron Fiber").update(enrolment="suspended")
    register.write(tmp_path / "register.csv", 16)
    _code, shown = run(tmp_path / "register.csv")
    assert Enterprise.objects.get(name="Blue Heron Fiber").enrolment == "suspended"
    assert "triage: 2 × suspended" in shown
    assert Complaint.objects.filter(status=Status.TRIAGE, reason="suspended").count() == 2


def test_beside_a_worker_old_clocks_are_not_judged(tmp_path: Path) -> None:
    register.write(tmp_path / "register.csv", 3)
    Heartbeat.objects.create(name="beat", at=timezone.now())
    code, shown = run(tmp_path / "register.csv", dated=True)
    assert code == 1
    assert "a worker is sweeping this database" in shown


@pytest.mark.parametrize("name", ["wa_ag", "cfpb", "comcast_fcc"])
def test_the_mappings_of_the_project_are_sound(name: str) -> None:
    mapping = read_mapping(MAPPINGS / f"{name}.toml")
    assert mapping.source == name
    assert {"consents", "consumer_name"} <= set(mapping.absent)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('timezone = "America/Los_Angeles"', 'timezone = "America/Nowhere"', "timezone: no time zone"),
        ('currency = "USD"', "", "currency: is missing"),
        ('"consents", "statement",', '"statement",', "consents: is neither mapped nor declared absent"),
        ("[fields]", '[fields]\nstatus = { column = "status" }', "fields.status: no such field of a complaint"),
        ('"Billing Issues" = "price"', '"Billing Issues" = "prize"', "no code 'prize'"),
        ("zero_is_absent = true", "zero_is_absent = 1", "must be a bool"),
        ('column = "estimated_savings"', 'colum = "estimated_savings"', "needs exactly one of"),
        ('regions = "us/regions.csv"', 'regions = "us/nowhere.csv"', "country.regions: no file"),
        ('encoding = "utf-8"', 'encoding = "utf-16"', "cannot be read line by line"),
        ("[region]", "[region]\nplace = 1", "region.place: is not known here"),
        ('source = "wa_ag"', "source = ", "wa_ag.toml: "),
    ],
)
def test_a_slip_in_a_mapping_is_refused_by_its_key(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = (MAPPINGS / "wa_ag.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "us").symlink_to((MAPPINGS / "us").resolve())
    (tmp_path / "wa_ag.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(MappingError, match=reason.replace("(", r"\(")):
        read_mapping(tmp_path / "wa_ag.toml")


def test_a_region_that_does_not_exist_is_said(tmp_path: Path) -> None:
    text = (MAPPINGS / "wa_ag.toml").read_text(encoding="utf-8")
    (tmp_path / "us").symlink_to((MAPPINGS / "us").resolve())
    (tmp_path / "mapping.toml").write_text(text.replace('code = "US-WA"', 'code = "US-XX"'), encoding="utf-8")
    register.write(tmp_path / "register.csv", 3)
    code, shown = run(tmp_path / "register.csv", mapping=str(tmp_path / "mapping"))
    assert code == 1
    assert "region.code: no region 'US-XX'" in shown
