"""Time stamps (RFC 3161): what holds, and what an authority may answer instead."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from complaints.record import stamps
from complaints.record.stamps import NoStamp, stamped_at
from tests.proof.answering import answering
from tests.proof.authority import Authority
from web import environment

DATA = b"odr.example/record\n1000\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def on(settings: Any, authority: Authority) -> Any:
    settings.TSA_ROOT = (authority.root,)
    return settings


def test_a_stamp_says_when_and_holds_over_these_bytes_alone(authority: Authority, on: Any, tmp_path: Path) -> None:
    with answering(lambda method, path, body: (200, authority.answer(body))) as url:
        on.TSA_URL = f"{url}/tsa"
        answer = stamps.stamp(DATA)
    assert abs(stamped_at(answer, DATA) - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(NoStamp):
        stamped_at(answer, DATA + b" ")
    with pytest.raises(NoStamp):
        stamped_at(answer, DATA, roots=[Authority(tmp_path / "other").root])
    on.TSA_ROOT = ()
    with pytest.raises(NoStamp):
        stamped_at(answer, DATA)


def test_no_changed_bit_of_an_answer_moves_its_time(authority: Authority, on: Any) -> None:
    """Some bits of the form may flip and it still reads; none that does says another time."""
    with answering(lambda method, path, body: (200, authority.answer(body))) as url:
        on.TSA_URL = url
        answer = stamps.stamp(DATA)
    right, random = stamped_at(answer, DATA), Random(22)
    for _ in range(200):
        changed = bytearray(answer)
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
        try:
            assert stamped_at(bytes(changed), DATA) == right
        except NoStamp:
            continue


def test_rubbish_is_no_stamp_and_says_what_came(authority: Authority, on: Any) -> None:
    earlier: list[bytes] = []

    def replayed(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        earlier.append(authority.answer(body))
        return 200, earlier[0]

    answers: dict[str, Any] = {
        "odd_stamp": lambda *_: (200, b"<html>please sign in</html>"),
        "http_503": lambda *_: (503, b""),
        "http_302": lambda *_: (302, b""),
    }
    for code, answer in answers.items():
        with answering(answer) as on.TSA_URL, pytest.raises(NoStamp, match=rf"^{code}$"):
            stamps.stamp(DATA)
    for odd in (b"", b"\x30", b"\x30\x82\xff\xff", bytes(100_000)):
        with answering(lambda *_, odd=odd: (200, odd)) as on.TSA_URL, pytest.raises(NoStamp, match=r"^odd_stamp$"):
            stamps.stamp(DATA)
    with answering(replayed) as on.TSA_URL:
        stamps.stamp(DATA)
        with pytest.raises(NoStamp, match=r"^odd_stamp$"):
            # The same bytes again: an answer to another question.
            stamps.stamp(DATA)
    on.TSA_URL = "http://127.0.0.1:1/"
    with pytest.raises(NoStamp, match=r"^refused$"):
        stamps.stamp(DATA)


def test_it_is_off_unless_it_is_set_and_a_file_that_is_no_certificate_refuses_to_start(tmp_path: Path) -> None:
    assert not stamps.is_on()
    (tmp_path / "odd.pem").write_text("no certificate")
    for place in (tmp_path / "odd.pem", tmp_path / "none.pem"):
        with pytest.raises(SystemExit, match=r"TSA_ROOT.*certificates"):
            environment.certificates("TSA_ROOT", str(place))
    for odd in ("tsa.example", "ftp://tsa.example", "https://user:secret@tsa.example/"):
        with pytest.raises(SystemExit, match="TSA_URL") as refused:
            environment.outside("TSA_URL", odd)
        assert "secret" not in str(refused.value)
