"""The witness of one file, over HTTP, against notes that the test makes: it signs what grew, and nothing else."""

import base64
import hashlib
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from complaints.record import notes
from complaints.record.notes import SIGNS, NoteKey
from tests.proof import tree
from tests.proof.witnesses import PROGRAM, WITNESS

ORIGIN, ME = "odr.example/record", "council.example/witness"
KEY, THIEF = Ed25519PrivateKey.from_private_bytes(b"k" * 32), Ed25519PrivateKey.from_private_bytes(b"t" * 32)
LEAVES = [tree.leaf(b"entry %d" % number) for number in range(200)]
FORKED = [*LEAVES[:7], tree.leaf(b"rewritten"), *LEAVES[8:]]


class Line:
    """A witness that answers, and the portal's end of the line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = WITNESS.server_of(WITNESS.Witness(folder), "127.0.0.1", 0)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.http = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=10)

    def say(self, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
        self.http.request(method, path, body)
        answer = self.http.getresponse()
        return answer.status, answer.read().decode()

    def show(self, old: int, size: int, leaves: list[bytes], key: Ed25519PrivateKey = KEY) -> tuple[int, str]:
        """A checkpoint of so many leaves, with the proof that an honest log of these leaves has."""
        proof = tree.consistency(old, leaves[:size]) if 0 < old <= size else []
        lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
        return self.say("POST", "/add-checkpoint", f"old {old}\n{lines}\n{checkpoint(size, leaves, key)}".encode())

    def close(self) -> None:
        self.http.close()
        self.server.shutdown()
        self.server.server_close()


def checkpoint(size: int, leaves: list[bytes], key: Ed25519PrivateKey = KEY, origin: str = ORIGIN) -> str:
    return notes.signed(origin, size, tree.root(leaves[:size]), key)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert WITNESS.main(["new", str(tmp_path / "w"), ME]) == 0
    assert WITNESS.main(["trust", str(tmp_path / "w"), NoteKey(ORIGIN, SIGNS, notes.raw_key(KEY)).text]) == 0
    return tmp_path / "w"


@pytest.fixture
def line(folder: Path) -> Iterator[Line]:
    line = Line(folder)
    yield line
    line.close()


def test_it_signs_growth_with_the_time_and_what_it_signed_can_be_fetched(line: Line) -> None:
    mine = notes.parse_key(line.say("GET", "/")[1])
    old = 0
    for size in (1, 2, 7, 8, 100, 100, 200):
        before = int(time.time())
        status, signature = line.show(old, size, LEAVES)
        assert status == 200
        note = notes.parse(checkpoint(size, LEAVES) + signature)
        at = note.cosigned_at(mine)
        assert at is not None
        assert before <= at <= time.time()
        old = size
    address = f"/checkpoint/{hashlib.sha256(ORIGIN.encode()).hexdigest()}"
    status, kept = line.say("GET", address)
    assert status == 200
    assert notes.parse(kept).size == 200
    assert notes.parse(kept).cosigned_at(mine) is not None
    assert line.say("GET", "/checkpoint/00")[0] == 404


def test_what_is_not_the_record_that_it_saw_is_refused(line: Line) -> None:
    assert line.show(0, 100, LEAVES)[0] == 200
    # An older state that was restored: it is told what was seen.
    assert line.show(50, 50, LEAVES) == (409, "100\n")
    assert line.show(100, 50, LEAVES)[0] == 400
    # Rewritten below what was seen, and signed anew by the right key.
    assert line.show(100, 120, FORKED)[0] == 422
    # Another record of the same size.
    assert line.show(100, 100, FORKED) == (409, "100\n")
    # Another key; another record; what is no checkpoint.
    assert line.show(100, 120, LEAVES, THIEF)[0] == 403
    assert line.say("POST", "/add-checkpoint", f"old 0\n\n{checkpoint(3, LEAVES, KEY, 'else/x')}".encode())[0] == 404
    for odd in (b"", b"x", b"old 1\n", b"old -1\n\nx", b"old 01\n\n", b"\xff\n\n", b"old 0\nAAAA\n\nx\n1\n"):
        assert line.say("POST", "/add-checkpoint", odd)[0] == 400
    # Nothing of this moved what it saw, and what shows a fault of the record is kept.
    assert line.show(100, 101, LEAVES)[0] == 200
    kept = [json.loads(row) for row in (line.folder / "refused.jsonl").read_text().splitlines()]
    assert [row["status"] for row in kept] == [422, 409]
    proof = notes.parse(kept[0]["request"].partition("\n\n")[2])
    assert proof.is_signed_by(NoteKey(ORIGIN, SIGNS, notes.raw_key(KEY)))
    assert proof.root == tree.root(FORKED[:120])


def test_more_bytes_than_a_checkpoint_has_are_not_read(line: Line) -> None:
    line.http.putrequest("POST", "/add-checkpoint")
    line.http.putheader("Content-Length", str(10**9))
    line.http.endheaders()
    assert line.http.getresponse().status == 413
    line.http.close()
    assert line.say("POST", "/else")[0] == 404


def test_a_witness_that_starts_again_knows_what_it_saw(line: Line) -> None:
    assert line.show(0, 100, LEAVES)[0] == 200
    again = Line(line.folder)
    assert again.show(0, 50, LEAVES) == (409, "100\n")
    assert again.show(100, 110, LEAVES)[0] == 200
    again.close()


@pytest.mark.parametrize("damage", ["gone", "empty", "changed", "of another key"])
def test_a_witness_that_forgot_what_it_saw_does_not_start(line: Line, damage: str) -> None:
    assert line.show(0, 100, LEAVES)[0] == 200
    state = line.folder / "state.json"
    if damage == "gone":
        state.unlink()
    elif damage == "empty":
        state.write_text("")
    elif damage == "changed":
        state.write_text(state.read_text().replace("\\n100\\n", "\\n10\\n"))
    else:
        (line.folder / "key").unlink()
        kept = state.read_text()
        WITNESS.main(["new", str(line.folder), ME])
        state.write_text(kept)
    assert WITNESS.main(["newest", str(line.folder)]) == 2
    assert WITNESS.main(["serve", str(line.folder), "--listen", "127.0.0.1:0"]) == 2


def test_the_secret_is_for_its_owner_alone_and_is_never_written_over(folder: Path) -> None:
    assert (folder / "key").stat().st_mode & 0o777 == 0o600
    assert WITNESS.main(["new", str(folder), ME]) == 2
    (folder / "key").chmod(0o644)
    assert WITNESS.main(["newest", str(folder)]) == 2
    assert WITNESS.main(["new", str(folder / "b"), "a name with spaces"]) == 2
    assert WITNESS.main(["trust", str(folder), "odr.example/record+00000000+AAAA"]) == 2


def test_one_process_serves_a_folder(folder: Path) -> None:
    with WITNESS.alone(folder):
        assert WITNESS.main(["serve", str(folder), "--listen", "127.0.0.1:0"]) == 2


def test_a_clock_that_went_back_signs_nothing(folder: Path) -> None:
    witness = WITNESS.Witness(folder)
    body = f"old 0\n\n{checkpoint(5, LEAVES)}".encode()
    assert witness.add_checkpoint(body, 1_800_000_000).status == 200
    assert witness.add_checkpoint(f"old 5\n\n{checkpoint(5, LEAVES)}".encode(), 1_700_000_000).status == 503


def test_two_at_once_never_sign_two_records(folder: Path) -> None:
    """Half of the lines show one record, half another that parts from it at the eighth entry."""
    witness = WITNESS.Witness(folder)
    answers: list[tuple[int, list[bytes]]] = []

    def show(leaves: list[bytes]) -> None:
        body = f"old 0\n\n{checkpoint(50, leaves)}".encode()
        answers.append((witness.add_checkpoint(body, 1_800_000_000).status, leaves))

    lines = [threading.Thread(target=show, args=(leaves,)) for leaves in (LEAVES, FORKED) * 8]
    for one in lines:
        one.start()
    for one in lines:
        one.join()
    signed = [leaves for status, leaves in answers if status == 200]
    assert len(signed) == 1
    assert len(answers) == 16


def test_the_file_runs_alone() -> None:
    """Without the portal on its path, as on the machine of whoever witnesses."""
    done = subprocess.run(
        [sys.executable, "-I", str(PROGRAM), "--help"], cwd="/", env={}, capture_output=True, text=True, check=True
    )
    assert "new" in done.stdout
    assert "complaints" not in PROGRAM.read_text().replace("record of a consumer", "")
