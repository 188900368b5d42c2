"""The file of enterprises: all of it or nothing, there and back."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from enterprises.directory.exchange import COLUMNS, export_enterprises
from enterprises.directory.importing import ImportRefused, import_enterprises
from enterprises.models import Alias, Branch, Enterprise
from tests import ROOT

pytestmark = [pytest.mark.usefixtures("public_side"), pytest.mark.django_db]
HEAD = ",".join(COLUMNS)
FIRM = "enterprise,,测试公司,,,,350102,,,not_enrolled,,"


def _file(folder: Path, *rows: str, encoding: str = "utf-8") -> Path:
    path = folder / "firms.csv"
    path.write_text("\n".join([HEAD, *rows]) + "\n", encoding=encoding)
    return path


def _exported() -> str:
    out = io.StringIO()
    export_enterprises(out)
    return out.getvalue()


@pytest.mark.parametrize("source", ["demo", "table"])
def test_what_is_exported_comes_back_the_same(tmp_path: Path, source: str) -> None:
    table = ROOT / "tests" / "routing" / "directory.csv"
    if source == "table":
        import_enterprises(table)
    first = _exported()
    Path(tmp_path / "all.csv").write_text(first, encoding="utf-8-sig")
    again = import_enterprises(tmp_path / "all.csv")
    assert (again.new.total(), again.changed.total()) == (0, 0)
    assert (again.same.total(), _exported()) == (first.count("\n") - 1, first)


def test_every_encoding_is_read_a_dry_run_writes_nothing_and_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    assert import_enterprises(_file(tmp_path, FIRM), dry_run=True).new["enterprise"] == 1
    assert not Enterprise.objects.filter(name__in=["测试公司", "某公司"]).exists()
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CommandError, match="no column row"):
        call_command("import_enterprises", str(path))
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        import_enterprises(_file(tmp_path, FIRM, encoding=encoding))
        assert Enterprise.objects.filter(name="测试公司").count() == 1
        Enterprise.objects.filter(name="测试公司").delete()


def test_a_bad_cell_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    for row, column in (
        ("shop,,某店,,,,,,,,,", "row"),
        ("enterprise,,,,,,,,,not_enrolled,,", "name"),
        ("enterprise,,某公司,,91350102MA0000001X,,,,,not_enrolled,,", "uscc"),
        ("enterprise,,某公司,,,,999999,,,not_enrolled,,", "region_code"),
        ("enterprise,,某公司,,,,,,,maybe,,", "enrolment"),
        ("enterprise,,某公司,,,,,,,enrolled,,", "authority"),
        ("enterprise,,某公司,,,,,,无此局,enrolled,,", "authority"),
        ("enterprise,,某公司,,,,,,,ended,,", "ends_on"),
        ("enterprise,,某公司,,,,,,,not_enrolled,2026-01-01,", "starts_on"),
        (f"enterprise,,{'长' * 201},,,,,,,not_enrolled,,", "name"),
        (FIRM, "name"),
        ("branch,别的公司,某店,,,,,,,,,", "enterprise"),
        ("branch,测试公司,某店,,,无此店,,,,,,", "branch"),
        ("branch,测试公司,某店,,,某店,,,,,,", "branch"),
        ("branch,测试公司,某店,,,,,,,,2026-02-30,", "starts_on"),
        ("branch,测试公司,某店,,,,,,,,2026-02-02,2026-02-01", "ends_on"),
        ("area,测试公司,,,,无此店,350102,,,,,", "branch"),
        ("alias,测试公司,,,,,,,,,,", "name"),
        ("brand,测试公司,某牌,,,,,Bad Category,,,,", "category"),
        ("successor,测试公司,测试公司,,,,,,,,2026-01-01,", "name"),
        ("successor,测试公司,测试公司,,,,,,,,,", "starts_on"),
    ):
        with pytest.raises(ImportRefused) as refused:
            import_enterprises(_file(tmp_path, FIRM, row))
        assert (3, column) in {(problem.line, problem.column) for problem in refused.value.problems}
        assert not Enterprise.objects.filter(name__in=["测试公司", "某公司"]).exists()


def test_all_bad_cells_are_told_at_once_in_the_language_of_the_reader(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _file(tmp_path, "enterprise,,,,,,999999,,,maybe,,", FIRM, "branch,无此公司,某店,,,,,,,,,")
    with override("zh-hans"), pytest.raises(CommandError, match="4 cells"):
        call_command("import_enterprises", str(path))
    given = capsys.readouterr().err
    assert "第 2 行，region_code 列：没有这个地区代码（999999）" in given
    assert "第 4 行，enterprise 列：没有这个企业（无此公司）" in given


def test_a_changed_row_changes_its_enterprise_only_and_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    import_enterprises(_file(tmp_path, FIRM, "branch,测试公司,某店,,,,350102,,,,,"))
    before = Branch.objects.get(name="某店").pk
    outcome = import_enterprises(_file(tmp_path, FIRM, "branch,测试公司,某店,,,,350102,,,,,2026-06-30"))
    assert (outcome.changed["branch"], outcome.same["enterprise"]) == (1, 1)
    assert Branch.objects.get(name="某店").pk == before
    other = FIRM.replace("350102", "350103")
    with pytest.raises(ImportRefused):
        import_enterprises(_file(tmp_path, FIRM, other, "alias,测试公司,小测,,,,,,,,,"))
    import_enterprises(_file(tmp_path, FIRM, other, "alias,测试公司@350103,小测,,,,,,,,,"))
    assert Alias.objects.get(name="小测").enterprise.domicile.code == "350103"


def test_a_thousand_firms_take_a_fixed_number_of_queries(tmp_path: Path, django_assert_max_num_queries: object) -> None:
    rows = [f"enterprise,,第{n}号公司,,,,350102,,,not_enrolled,," for n in range(1000)]
    rows += [f"alias,第{n}号公司,{n}号,,,,,,,,," for n in range(1000)]
    with django_assert_max_num_queries(60):  # type: ignore[operator]
        import_enterprises(_file(tmp_path, *rows))
