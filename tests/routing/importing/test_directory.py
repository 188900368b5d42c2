"""The directory out of a file: added to, never changed; and mappings that are slips are refused."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from authorities.models import Region
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from complaints.tables.importing.directory import Mention, NamedEnterprise, Splitter, WrittenName, enterprises
from complaints.tables.importing.mapping import MappingError, NameRules, read_mapping
from enterprises.models import Alias, Enterprise
from tests import missing_in
from tests.routing.importing import register
from tests.routing.importing.conftest import MAPPINGS, imported, run


def test_former_and_other_names_lead_to_the_firm(tmp_path: Path) -> None:
    register.write(tmp_path / "register.csv", 8)
    call_command("build_directory", tmp_path / "register.csv", mapping=MAPPINGS / "wa_ag.toml", verbosity=0)
    heron = Enterprise.objects.get(name="Blue Heron Fiber")
    assert (heron.domicile and heron.domicile.name, heron.enrolment) == ("Everett", "enrolled")
    expected = {("Gull Telephone", "former"), ("Blue Heron Fiber fka Gull Telephone", "alias")}
    assert set(Alias.objects.filter(enterprise=heron).values_list("name", "kind")) == expected
    assert Region.objects.get(code="US-WA").covers(Region.objects.get(code="US-WA-EVERETT").pk)
    assert not Complaint.objects.exists()


def test_a_suspended_firm_stays_suspended_and_its_cases_go_to_a_person(tmp_path: Path) -> None:
    imported(tmp_path, 8)
    Enterprise.objects.filter(name="Blue Heron Fiber").update(enrolment="suspended")
    _code, shown = imported(tmp_path, 16)
    assert Enterprise.objects.get(name="Blue Heron Fiber").enrolment == "suspended"
    assert "triage: 2 × suspended" in shown
    assert Complaint.objects.filter(status=Status.TRIAGE, reason="suspended").count() == 2


def test_the_mappings_of_the_project_are_sound() -> None:
    for name in ("wa_ag", "cfpb", "comcast_fcc"):
        mapping = read_mapping(MAPPINGS / f"{name}.toml")
        assert mapping.source == name
        assert {"consents", "consumer_name"} <= set(mapping.absent)


def test_a_mapping_may_lie_anywhere(tmp_path: Path) -> None:
    text = (MAPPINGS / "wa_ag.toml").read_text(encoding="utf-8")
    (tmp_path / "ours.toml").write_text(text, encoding="utf-8")
    regions = read_mapping(tmp_path / "ours.toml").regions
    assert regions is not None
    assert regions.samefile(MAPPINGS / "us" / "regions.csv")


def test_a_register_without_numbers_is_known_by_its_rows_and_says_of_how_many_firms_a_name_may_be(
    tmp_path: Path,
) -> None:
    text = (MAPPINGS / "wa_ag.toml").read_text(encoding="utf-8")
    for old, new in (
        ('external_id = { column = "complaint_id" }', "external_id = { digest = true }"),
        ('id = "business_id"\n', ""),
        ('address = { columns = ["business_city", "business_state", "business_zip"], join = ", " }\n', ""),
        ('unused = ["status", ', 'unused = ["complaint_id", "business_id", "business_zip", "status", '),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "ours.toml").write_text(text, encoding="utf-8")
    code, shown = imported(tmp_path, 8, mapping=str(tmp_path / "ours"))
    assert (code, Complaint.objects.count()) == (0, 8), shown
    # Twin Creeks Satellite is a firm in Idaho and another in Oregon.
    assert "triage: 2 × ambiguous: 2 enterprises" in shown
    code, shown = run(tmp_path / "register.csv", mapping=str(tmp_path / "ours"))
    assert "filed 0, already there 8, bad 0" in shown


#: A slip in a mapping: what is written instead of what, and by which key it is refused.
SLIPS = [
    ('timezone = "America/Los_Angeles"', 'timezone = "America/Nowhere"', "timezone: no time zone"),
    ('currency = "USD"', "", "currency: is missing"),
    ('"consents", "statement",', '"statement",', "consents: is neither mapped nor declared absent"),
    ("[fields]", '[fields]\nstatus = { column = "status" }', "fields.status: no such field of a complaint"),
    ('"Billing Issues" = "price"', '"Billing Issues" = "prize"', "no code 'prize'"),
    ("zero_is_absent = true", "zero_is_absent = 1", "must be a bool"),
    ('column = "estimated_savings"', 'colum = "estimated_savings"', "needs exactly one of"),
    ('{ column = "complaint_id" }', "{ needed = true }", "external_id: needs exactly one of"),
    ('regions = "us/regions.csv"', 'regions = "us/nowhere.csv"', "country.regions: no file"),
    ('encoding = "utf-8"', 'encoding = "utf-16"', "cannot be read line by line"),
    ("[region]", "[region]\nplace = 1", "region.place: is not known here"),
    ('source = "wa_ag"', "source = ", "wa_ag.toml: "),
]


def test_a_slip_in_a_mapping_is_refused_by_its_key_and_a_region_that_does_not_exist_is_said(tmp_path: Path) -> None:
    text = (MAPPINGS / "wa_ag.toml").read_text(encoding="utf-8")
    (tmp_path / "us").symlink_to((MAPPINGS / "us").resolve())
    for old, new, reason in SLIPS:
        assert old in text
        (tmp_path / "wa_ag.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(MappingError, match=reason):
            read_mapping(tmp_path / "wa_ag.toml")
    (tmp_path / "mapping.toml").write_text(text.replace('code = "US-WA"', 'code = "US-XX"'), encoding="utf-8")
    code, shown = imported(tmp_path, 3, mapping=str(tmp_path / "mapping"))
    assert (code, "region.code: no region 'US-XX'" in shown) == (1, True)


WORDS = {"former": ("fka", "formerly"), "alias": ("dba", "aka"), "legal_forms": ("Inc", "LLC", "Corp")}
SPLITTER = Splitter(NameRules(split="/", nobody=frozenset({"unknown", "unknown - *"}), **WORDS))


def test_a_name_is_cut_as_it_is_written_and_some_words_mean_nobody() -> None:
    for written, head, former, alias in (
        ("Gull Telephone", "Gull Telephone", (), ()),
        ("Blue Heron fka Gull", "Blue Heron", ("Gull",), ("Blue Heron fka Gull",)),
        ("Blue Heron FKA: Gull", "Blue Heron", ("Gull",), ("Blue Heron FKA: Gull",)),
        ("Larch dba Tamarack/Needle", "Larch", (), ("Tamarack", "Needle", "Larch dba Tamarack/Needle")),
        ("Larch formerly Birch, LLC dba Fir", "Larch", ("Birch, LLC",), ("Fir", "Larch formerly Birch, LLC dba Fir")),
        ("Larch/aka Tamarack", "Larch", (), ("Tamarack", "Larch/aka Tamarack")),
        *((name, name, (), ()) for name in ("Larch c/o Tamarack", "Open 24/7 Repair", "Akamba Farms")),
    ):
        assert SPLITTER.names(written) == WrittenName(head, former, alias)
    for nobody in ("", " - ", "Unknown", "UNKNOWN - somebody on the phone"):
        assert SPLITTER.is_nobody(nobody)
    assert not SPLITTER.is_nobody("Unknown Worlds")


def _mention(names: dict[str, int], *places: tuple[str, str]) -> Mention:
    return Mention(Counter(names), Counter(places or [("WA", "Everett")]))


def _enterprises(**mentions: Mention) -> list[NamedEnterprise]:
    return enterprises(mentions, [], SPLITTER)


def test_a_firm_is_one_by_its_number_or_by_name_and_town() -> None:
    result = _enterprises(a=_mention({"Blue Heron fka Gull": 2, "Gull": 9}))
    assert [(enterprise.legal, enterprise.former) for enterprise in result] == [("Blue Heron", ("Gull",))]
    result = _enterprises(a=_mention({"Larch Inc": 3}), b=_mention({"LARCH, LLC": 1}))
    expected = [("Larch Inc", ("LARCH, LLC",), ("a", "b"))]
    assert [(enterprise.legal, enterprise.alias, enterprise.ids) for enterprise in result] == expected
    result = _enterprises(a=_mention({"Larch": 3}), b=_mention({"Larch": 1}, ("OR", "Salem")))
    assert [(enterprise.legal, enterprise.place, enterprise.ids) for enterprise in result] == [
        ("Larch", ("OR", "Salem"), ("b",)),
        ("Larch", ("WA", "Everett"), ("a",)),
    ]
    nameless = [("Larch Corp", "", "", 2), ("LARCH", "", "", 5), ("Birch", "", "", 1)]
    assert [enterprise.legal for enterprise in enterprises({}, nameless, SPLITTER)] == ["Birch", "LARCH"]


HEADING = [
    *("Date received", "Product", "Sub-product", "Issue", "Sub-issue", "Consumer complaint narrative"),
    *("Company public response", "Company", "State", "ZIP code", "Tags", "Consumer consent provided?"),
    *("Submitted via", "Date sent to company", "Company response to consumer", "Timely response?"),
    *("Consumer disputed?", "Complaint ID", "source_repo"),
]


def _imported(path: Path, days: list[tuple[str, str]]) -> tuple[int, str]:
    same = {"Product": "Credit card", "Issue": "Billing disputes", "Company": "Heron Bank, N.A.", "State": "OR"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADING, restval="")
        writer.writeheader()
        for number, (received, sent) in enumerate(days, 1):
            row = {"Date received": received, "Date sent to company": sent, "Complaint ID": str(number)}
            writer.writerow(row | same)
    return run(path, mapping="cfpb")


def test_three_forms_of_a_day_are_one_day(tmp_path: Path) -> None:
    days = [("2021-03-04", "2021-03-05"), ("03/04/2021", "03/05/2021"), ("03/04/21", "3/5/21")]
    days += [("4.3.2021", "2021-03-05"), ("13/04/2021", "")]
    code, shown = _imported(tmp_path / "rows.csv", days)
    assert code == 2
    assert [n for n in range(1, 6) if f"row {n}, Date received" in shown] == [4, 5]
    cases = Complaint.objects.order_by("external_id")
    assert [case.external_id for case in cases] == ["1", "2", "3"]
    assert {case.received_at.date() for case in cases} == {date(2021, 3, 4)}
    assert "doubt" not in shown


def test_a_row_that_was_sent_on_before_it_came_in_goes_in_and_is_told(tmp_path: Path) -> None:
    days = [("2021-03-04", sent) for sent in ("2021-03-04", "03/01/2021", "", "soon", *["2021-03-03"] * 7)]
    code, shown = _imported(tmp_path / "rows.csv", days)
    assert code == 0, shown
    before = "Date sent to company lies before Date received; taken as written (rows 2, 5, 6, 7, 8, …)"
    no_date = "Date sent to company is no date; taken as written (rows 4)"
    assert not missing_in(shown, f"doubt: 8 × {before}", f"doubt: 1 × {no_date}")
    assert set(Complaint.objects.values_list("received_at__date", flat=True)) == {date(2021, 3, 4)}
    assert Complaint.objects.count() == len(days)
