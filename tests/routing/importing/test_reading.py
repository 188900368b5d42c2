"""A broken row never swallows its neighbours."""

from pathlib import Path

from complaints.tables.importing.reading import Shape, records


def _read(tmp_path: Path, content: bytes, shape: Shape) -> list[tuple[int, dict[str, str] | str]]:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    return [(r.number, r.problem.column if r.problem else r.cells) for r in records(path, shape, needed=["a"])]


def test_quotes_blank_lines_and_encodings_are_read_as_the_mapping_says(tmp_path: Path) -> None:
    content = b'a,b\n1,"open\n2,x\n3,"y"\n4,5" wide\n'
    expected = [(1, ""), (2, {"a": "2", "b": "x"}), (3, {"a": "3", "b": "y"}), (4, {"a": "4", "b": '5" wide'})]
    assert _read(tmp_path, content, Shape()) == expected
    assert _read(tmp_path, content, Shape(multiline=True))[:3] == expected[:3]
    content = b'a,b\r\n1,"one\r\ntwo"\r\n2,x\r\n'
    assert _read(tmp_path, content, Shape(multiline=True)) == [
        (1, {"a": "1", "b": "one\r\ntwo"}),
        (2, {"a": "2", "b": "x"}),
    ]
    assert _read(tmp_path, b"\xef\xbb\xbfa;b\n\n1;2\n;\n3;4", Shape(delimiter=";")) == [
        (2, {"a": "1", "b": "2"}),
        (4, {"a": "3", "b": "4"}),
    ]
    content = "a,b\n1,移动\n".encode("gb18030")
    assert _read(tmp_path, content, Shape(encoding="gb18030")) == [(1, {"a": "1", "b": "移动"})]
    assert _read(tmp_path, content, Shape()) == [(1, "b")]
