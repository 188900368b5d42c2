"""Keep your own system (CRM) and the portal in step: one file, Python 3.11 or later, nothing to install.

What you mean is written down, with its Idempotency-Key, before it is said; what you were told is
written down together with the cursor. So it may be cut off anywhere, be started again, be told a thing twice or
late, and nothing is lost and nothing is done twice.

    export ODR_TOKEN=odr_…  ODR_WEBHOOK_SECRET=whsec_…                 # scopes cases:read, cases:write, events:read
    python crm_client.py --portal https://portal.example sync          # say what is meant, learn what is new
    python crm_client.py sync 20261113-35-P3NEKEGFD336-T                  # of these cases alone
    python crm_client.py sync --after CURSOR                           # take over where another program stood
    python crm_client.py sync --tickets                                # and give each new case a ticket CRM-<number>
    python crm_client.py --portal https://portal.example listen 8900   # and be told by webhook meanwhile
    python crm_client.py mean 20261113-35-P3NEKEGFD336-T accept_case
    python crm_client.py mean 20261113-35-P3NEKEGFD336-T assign '{"handler_number": "A017"}'
    python crm_client.py show
    python crm_client.py anchor                    # the newest checkpoint of the record that was seen here

Each answer and each message names a checkpoint of the portal's record (header Record-Checkpoint). It is kept, and each
sync lets the portal prove that the record it shows now goes on from the one that it showed before; where it cannot,
the program ends with 3, and both checkpoints stay in the store. ODR_RECORD_KEY is the key of the record as
/open/record/ publishes it: without it signatures are not checked. What `anchor` prints is for
`manage.py verify_record --anchor FILE` and for whoever judges.

Nothing is said to a case but what was meant for it (`mean`), and with `--tickets` its ticket. How far it is stands
on the error output. The steps and their fields are those of the lifecycle and of /api/v1/docs/. What it keeps is an
SQLite file.
"""

import argparse
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import sqlite3
import sys
import time
import urllib.parse
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

#: Not an answer to what was asked: come back later with the same words.
NOT_YET = {408, 425, 429, 500, 502, 503, 504}
#: Seconds before the second, third, … attempt.
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
#: A message that is older, or from the future, by more seconds is refused: somebody may have kept it.
TOLERANCE = 300
#: Not a step of the lifecycle: sets the ticket of your own system.
TICKET = "external-ref"
TABLES = """
create table if not exists position (one integer primary key check (one = 1), cursor text not null);
insert or ignore into position values (1, '');
create table if not exists cases (
    number text primary key, ticket text not null default '', version text not null default '',
    body text not null default '{}', touched integer not null default 1, seen integer not null default 0,
    is_gone integer not null default 0);
create table if not exists outbox (
    id integer primary key, number text not null, step text not null, body text not null, key text not null unique,
    state text not null default 'waiting' check (state in ('waiting', 'done', 'refused')),
        answer text not null default '');
create table if not exists messages (id text primary key);
create table if not exists checkpoints (
    origin text not null, size integer not null, root text not null, note text not null, seen_at integer not null,
    is_checked integer not null default 0, primary key (origin, size, root));
"""
#: So many checkpoints are kept, the newest; older ones are proved by them.
KEPT = 1000


class Unreachable(Exception):
    """The portal did not answer, however often it was asked. What is meant stays in the outbox."""


class RecordChanged(Exception):
    """The portal's record is not the one that it showed before. Both checkpoints stay in the store."""


@dataclass(frozen=True)
class Answer:
    """A final answer: what it says about the call will be the same tomorrow."""

    status: int
    body: Any
    etag: str = ""
    checkpoint: str = ""

    @property
    def is_done(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Portal:
    """The portal's entry point for programs. A call is repeated, under the same key, until it has been answered."""

    root: str
    token: str
    timeout: float = 30.0
    pauses: tuple[float, ...] = PAUSES
    wait: Callable[[float], None] = time.sleep
    #: The newest header Record-Checkpoint.
    seen: str = ""

    def get(self, path: str, **query: Any) -> Answer:
        values = {name: value for name, value in query.items() if value not in ("", None)}
        return self._answered("GET", f"{path}?{urllib.parse.urlencode(values)}" if values else path, None, {})

    def post(self, path: str, body: Mapping[str, Any], *, key: str) -> Answer:
        """``key`` names what is meant: the same one, whenever it is said again."""
        return self._answered(
            "POST", path, json.dumps(body).encode(), {"Content-Type": "application/json", "Idempotency-Key": key}
        )

    def _answered(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        reason = ""
        for pause in (*self.pauses, None):
            try:
                answer, retry_after = self._ask(method, path, body, headers)
            except (OSError, http.client.HTTPException, ValueError) as failure:
                # Nobody knows whether it arrived; the key sees to it that it counts once.
                reason, retry_after = f"{type(failure).__name__}: {failure}", 0.0
            else:
                is_running = answer.status == 409 and answer.body.get("code") == "already_running"
                if answer.status not in NOT_YET and not is_running:
                    return answer
                reason = f"{answer.status}"
            if pause is not None:
                self.wait(max(pause, retry_after))
        raise Unreachable(f"{method} {path}: {reason}")

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[Answer, float]:
        where = urllib.parse.urlsplit(self.root)
        line = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        with contextlib.closing(line(where.netloc, timeout=self.timeout)) as portal:
            portal.request(
                method,
                f"{where.path.rstrip('/')}/api/v1{path}",
                body,
                {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **headers},
            )
            response = portal.getresponse()
            status, given, read = response.status, response.headers, response.read()
        result = json.loads(read) if read else {}
        after = given.get("Retry-After", "")
        told = Answer(status, result, given.get("ETag", ""), given.get("Record-Checkpoint", ""))
        self.seen = told.checkpoint or self.seen
        return told, float(after) if after.isdigit() else 0.0

    def proof(self, old: int, size: int) -> list[bytes] | None:
        """The proof that a record of ``size`` entries goes on from one of ``old`` (RFC 9162); None where the portal has
        no such record."""
        where = urllib.parse.urlsplit(self.root)
        line = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        for pause in (*self.pauses, None):
            try:
                with contextlib.closing(line(where.netloc, timeout=self.timeout)) as portal:
                    portal.request("GET", f"{where.path.rstrip('/')}/open/record/proof?old={old}&size={size}")
                    response = portal.getresponse()
                    status, text = response.status, response.read().decode()
                if status == 409:
                    return None
                if status == 200:
                    return [base64.b64decode(one, validate=True) for one in text.split()]
            except (OSError, http.client.HTTPException, ValueError):
                pass
            if pause is not None:
                self.wait(pause)
        raise Unreachable(f"the proof from {old} to {size}")


class Store:
    """What this side knows and means."""

    def __init__(self, path: str) -> None:
        self.rows = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
        self.rows.row_factory = sqlite3.Row
        self.rows.execute("pragma journal_mode = wal")
        self.rows.executescript(TABLES)

    @contextlib.contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """All of it is written, or none."""
        self.rows.execute("begin immediate")
        try:
            yield self.rows
        except BaseException:
            self.rows.execute("rollback")
            raise
        self.rows.execute("commit")

    def all(self, statement: str, *given: Any) -> list[sqlite3.Row]:
        return self.rows.execute(statement, given).fetchall()


@dataclass
class Mirror:
    """The cases of the enterprise on this side. ``ticket_for`` gives a new case the number of your own system."""

    portal: Portal
    store: Store
    ticket_for: Callable[[str], str] | None = None
    secrets: tuple[str, ...] = field(default_factory=tuple)
    #: Keys of the record, name+id+base64 each; without any, signatures are not checked.
    record_keys: tuple[str, ...] = field(default_factory=tuple)
    #: The cases that were asked for; empty: all. What happens to others meanwhile is learned by a sync of all.
    only: frozenset[str] = frozenset()
    #: Is told how far it is.
    tell: Callable[[str], None] = lambda words: None

    def _asked(self, number: str) -> bool:
        return not self.only or number in self.only

    def take_over(self, cursor: str) -> None:
        """Go on after this event, as another program left it; only before the first look."""
        with self.store.together() as rows:
            if rows.execute("select cursor from position").fetchone()["cursor"]:
                raise ValueError("this store has a cursor of its own; take another file (--store)")
            rows.execute("update position set cursor = ?", (cursor,))

    def mean(self, number: str, step: str, body: Mapping[str, Any] | None = None) -> int:
        """Write down what shall be done to a case; ``push`` says it. The number of the line."""
        with self.store.together() as rows:
            return _written(rows, number, step, body or {})

    def push(self) -> tuple[int, int]:
        """Say what is meant, in the order in which it was meant: (done, refused). Raises Unreachable."""
        done = refused = 0
        for line in self.store.all("select * from outbox where state = 'waiting' order by id"):
            if not self._asked(line["number"]):
                continue
            path = f"/complaints/{line['number']}/"
            path += f"{TICKET}/" if line["step"] == TICKET else f"steps/{line['step']}/"
            answer = self.portal.post(path, json.loads(line["body"]), key=line["key"])
            with self.store.together() as rows:
                rows.execute(
                    "update outbox set state = ?, answer = ? where id = ?",
                    ("done" if answer.is_done else "refused", json.dumps(answer.body, ensure_ascii=False), line["id"]),
                )
                _touch(rows, line["number"])
            done, refused = done + answer.is_done, refused + (not answer.is_done)
        return done, refused

    def pull(self) -> int:
        """Learn what happened since the last look and read the cases again that it touches; how many were read."""
        while True:
            cursor = self.store.all("select cursor from position")[0]["cursor"]
            answer = self.portal.get("/events/", after=cursor, limit=500)
            if not answer.is_done:
                raise Unreachable(f"events: {answer.status} {answer.body}")
            with self.store.together() as rows:
                for number in self.only or [event["case"] for event in answer.body["events"]]:
                    _touch(rows, number)
                # A look at some cases alone leaves the others where they were.
                if not self.only:
                    rows.execute("update position set cursor = ?", (answer.body["next"],))
            if self.only:
                return self._read_again()
            self.tell(f"{len(answer.body['events'])} events after {cursor or 'the beginning'}")
            if len(answer.body["events"]) < 500:
                return self._read_again()

    def _read_again(self) -> int:
        stale = self.store.all("select number, ticket, touched from cases where touched > seen order by number")
        stale = [case for case in stale if self._asked(case["number"])]
        for place, case in enumerate(stale, start=1):
            number = case["number"]
            if place % 100 == 0 or place == len(stale):
                self.tell(f"{place} of {len(stale)} cases read")
            answer = self.portal.get(f"/complaints/{number}/")
            with self.store.together() as rows:
                if answer.is_done:
                    ticket = answer.body["external_ref"] or case["ticket"]
                    if not ticket and self.ticket_for and answer.body["standing"] == "current":
                        ticket = self.ticket_for(number)
                        _written(rows, number, TICKET, {"external_ref": ticket})
                    # Whoever touched the case while it was read has it read again.
                    rows.execute(
                        "update cases set body = ?, version = ?, ticket = ?, seen = ?, is_gone = 0 where number = ?",
                        (json.dumps(answer.body, ensure_ascii=False), answer.etag, ticket, case["touched"], number),
                    )
                elif answer.status == 404:
                    rows.execute("update cases set seen = ?, is_gone = 1 where number = ?", (case["touched"], number))
                else:
                    raise Unreachable(f"{number}: {answer.status} {answer.body}")
        return len(stale)

    def sync(self) -> tuple[int, int, int]:
        """Both ways; what a new case means (its ticket) goes out with it. (done, refused, cases read)."""
        done, refused = self.push()
        read = self.pull()
        since = self.push()
        if any(since):
            read += self.pull()
        self.check_record()
        return done + since[0], refused + since[1], read

    def keep(self, header: str, *, now: float) -> None:
        """Keep the checkpoint of a header Record-Checkpoint. Raises RecordChanged where no known key signed it."""
        if not header:
            return
        try:
            note = base64.b64decode(header, validate=True).decode()
            origin, size, root = checkpoint_of(note)
            is_known = not self.record_keys or any(is_signed(note, key) for key in self.record_keys)
        except ValueError:
            raise RecordChanged("the header Record-Checkpoint is no checkpoint") from None
        if not is_known:
            raise RecordChanged(f"no key that is known here signed the checkpoint of {size} entries")
        with self.store.together() as rows:
            rows.execute(
                "insert or ignore into checkpoints (origin, size, root, note, seen_at) values (?, ?, ?, ?, ?)",
                (origin, size, root.hex(), note, int(now)),
            )

    def check_record(self) -> int:
        """Let the portal prove that all checkpoints seen here are of one record; how many were checked. Raises
        RecordChanged, Unreachable."""
        self.keep(self.portal.seen, now=time.time())
        fresh = self.store.all("select * from checkpoints where is_checked = 0 order by size")
        for row in fresh:
            of_it = "select * from checkpoints where is_checked = 1 and origin = ? order by size desc limit 1"
            known = self.store.all(of_it, row["origin"])
            if known:
                older, newer = sorted((known[0], row), key=lambda one: int(one["size"]))
                self._go_together(older, newer)
            elif not self.record_keys:
                self._is_first(row["origin"])
            with self.store.together() as rows:
                rows.execute(
                    "update checkpoints set is_checked = 1 where origin = ? and size = ? and root = ?",
                    (row["origin"], row["size"], row["root"]),
                )
                rows.execute(
                    "delete from checkpoints where is_checked = 1 and size not in"
                    " (select size from checkpoints where is_checked = 1 order by size desc limit ?)",
                    (KEPT,),
                )
        return len(fresh)

    def _is_first(self, origin: str) -> None:
        """A record that was restored from an older state goes on under another name; a person has to accept that."""
        for row in self.store.all("select origin from checkpoints where is_checked = 1 limit 1"):
            raise RecordChanged(
                f"the record is called {origin} now and was {row['origin']}: it was restored from an older state, "
                "or is another one. Ask the portal; set ODR_RECORD_KEY to the key of the new name if you accept it"
            )

    def _go_together(self, older: sqlite3.Row, newer: sqlite3.Row) -> None:
        old, size = int(older["size"]), int(newer["size"])
        roots = bytes.fromhex(older["root"]), bytes.fromhex(newer["root"])
        if old == size or old == 0:
            proof: list[bytes] | None = []
        else:
            proof = self.portal.proof(old, size)
        if proof is None:
            raise RecordChanged(f"the portal has no record of {size} entries any more; it showed one")
        if not (old == 0 or goes_on(old, size, roots[0], roots[1], proof)):
            raise RecordChanged(
                f"the record of {size} entries does not go on from the one of {old} that was shown before"
            )

    def receive(self, headers: Mapping[str, str], body: bytes, *, now: float) -> int:
        """A webhook came: the status to answer with. It only says where to look; the truth is read by ``pull``."""
        values = {name.lower(): value for name, value in headers.items()}
        if not is_from_the_portal(values, body, self.secrets, now=now):
            return 401
        with self.store.together() as rows:
            fresh = rows.execute("insert or ignore into messages values (?)", (values["webhook-id"],)).rowcount
            number = json.loads(body)["data"].get("case", "")
            if fresh and number:
                _touch(rows, number)
        # Not covered by the signature of the message: it has one of its own, and is checked with the next sync.
        with contextlib.suppress(RecordChanged):
            self.keep(values.get("record-checkpoint", ""), now=now)
        return 204


def is_from_the_portal(headers: Mapping[str, str], body: bytes, secrets: tuple[str, ...], *, now: float) -> bool:
    """Standard Webhooks: HMAC-SHA256 over id.timestamp.body under any of our secrets, not older than five minutes."""
    at, name = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")
    if not name or not at.isdigit() or abs(now - int(at)) > TOLERANCE:
        return False
    signed = f"{name}.{at}.".encode() + body
    wanted = {
        base64.b64encode(
            hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
        ).decode()
        for secret in secrets
    }
    given = [one.partition(",")[2] for one in headers.get("webhook-signature", "").split() if one.startswith("v1,")]
    return any(hmac.compare_digest(one, other) for one in given for other in wanted)


def checkpoint_of(note: str) -> tuple[str, int, bytes]:
    """(origin, number of entries, root) of a checkpoint (C2SP tlog-checkpoint). Raises ValueError."""
    body, empty, signatures = note.rpartition("\n\n")
    lines = body.split("\n")
    if not empty or not signatures.endswith("\n") or len(lines) < 3 or not lines[1].isdecimal():
        raise ValueError("no checkpoint")
    root = base64.b64decode(lines[2], validate=True)
    if len(root) != 32 or str(int(lines[1])) != lines[1] or len(lines[1]) > 19:
        raise ValueError("no checkpoint")
    return lines[0], int(lines[1]), root


def is_signed(note: str, key: str) -> bool:
    """Whether ``key`` (name+id+base64, Ed25519) signed this checkpoint."""
    name, _, rest = key.partition("+")
    raw = base64.b64decode(rest.partition("+")[2])[1:]
    wanted = hashlib.sha256(name.encode() + b"\n\x01" + raw).digest()[:4]
    body, _, signatures = note.rpartition("\n\n")
    for line in signatures.splitlines():
        _dash, who, blob = line.split(" ")
        signature = base64.b64decode(blob)
        if (who, signature[:4]) == (name, wanted) and holds(raw, signature[4:], f"{body}\n".encode()):
            return checkpoint_of(note)[0] == name
    return False


def goes_on(old: int, size: int, old_root: bytes, root: bytes, proof: list[bytes]) -> bool:
    """RFC 9162, 2.1.4.2, for old ≥ 1: the first ``old`` of ``size`` entries are those that ``old_root`` stands for."""
    if old == size:
        return old_root == root and not proof
    if not proof or old > size:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else proof
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before = hashlib.sha256(b"\1" + sibling + before).digest()
            after = hashlib.sha256(b"\1" + sibling + after).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = hashlib.sha256(b"\1" + after + sibling).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root


# Ed25519 (RFC 8032), to check a signature without a package; points are (X, Y, Z, T).
_P, _L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
Point = tuple[int, int, int, int]


def holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is that of ``key`` over ``message``."""
    base = _point((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    there, by = _point(key), _point(signature[:32])
    scale = int.from_bytes(signature[32:], "little")
    if base is None or there is None or by is None or len(signature) != 64 or scale >= _L:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _L
    left, right = _times(scale, base), _sum(by, _times(digest, there))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 == (left[1] * right[2] - right[1] * left[2]) % _P


def _point(packed: bytes) -> Point | None:
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if len(packed) != 32 or y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def _sum(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c, d = 2 * one[3] * two[3] * _D % _P, 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scale: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scale:
        if scale & 1:
            result = _sum(result, point)
        point, scale = _sum(point, point), scale >> 1
    return result


def _written(rows: sqlite3.Connection, number: str, step: str, body: Mapping[str, Any]) -> int:
    made = rows.execute(
        "insert into outbox (number, step, body, key) values (?, ?, ?, ?)",
        (number, step, json.dumps(body, ensure_ascii=False), f"crm-{uuid.uuid4().hex}"),
    )
    return int(made.lastrowid or 0)


def _touch(rows: sqlite3.Connection, number: str) -> None:
    rows.execute(
        "insert into cases (number) values (?) on conflict (number) do update set touched = touched + 1", (number,)
    )


def listen(mirror: Mirror, port: int) -> None:
    """Answer webhooks on this port; put a server with a certificate in front. One message at a time is enough."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), 100_000))
            self.send_response(mirror.receive(dict(self.headers), body, now=time.time()))
            self.send_header("Content-Length", "0")
            self.end_headers()

    HTTPServer(("127.0.0.1", port), Hook).serve_forever()


def main(texts: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--portal", default=os.environ.get("ODR_PORTAL", "http://localhost:8000"))
    parser.add_argument("--store", default="crm.sqlite3")
    parser.add_argument("--after", default="", metavar="CURSOR", help="sync: take over after this event")
    parser.add_argument("--tickets", action="store_true", help="sync: give each new case a ticket")
    parser.add_argument("what", choices=["sync", "listen", "mean", "show", "anchor"])
    parser.add_argument("given", nargs="*")
    given = parser.parse_intermixed_args(texts)
    secrets = tuple(filter(None, os.environ.get("ODR_WEBHOOK_SECRET", "").split()))
    mirror = Mirror(
        Portal(given.portal, os.environ.get("ODR_TOKEN", "")),
        Store(given.store),
        ticket_for=(lambda number: f"CRM-{number}") if given.tickets else None,
        secrets=secrets,
        record_keys=tuple(os.environ.get("ODR_RECORD_KEY", "").split()),
        only=frozenset(given.given) if given.what == "sync" else frozenset(),
        tell=lambda words: print(words, file=sys.stderr),
    )
    if given.what == "sync":
        try:
            if given.after:
                mirror.take_over(given.after)
            print("{} done, {} refused (see show), {} cases read".format(*mirror.sync()))
        except ValueError as wrong:
            parser.error(str(wrong))
        except Unreachable as failure:
            raise SystemExit(f"Not reached, and nothing is lost; start it again. {failure}") from None
        except RecordChanged as changed:
            print(f"THE RECORD CHANGED: {changed}. Tell the authority, and keep {given.store}.", file=sys.stderr)
            raise SystemExit(3) from None
    elif given.what == "listen" and len(given.given) == 1 and given.given[0].isdigit():
        listen(mirror, int(given.given[0]))
    elif given.what == "mean" and len(given.given) in (2, 3):
        try:
            body = json.loads(given.given[2]) if len(given.given) > 2 else {}
        except ValueError as wrong:
            parser.error(f"the fields are no JSON: {wrong}")
        mirror.mean(given.given[0], given.given[1], body)
    elif given.what in ("listen", "mean"):
        parser.error("listen PORT, or: mean NUMBER STEP ['{\"field\": …}']")
    elif given.what == "anchor":
        for row in mirror.store.all("select note from checkpoints order by is_checked desc, size desc limit 1"):
            print(row["note"], end="")
    else:
        for case in mirror.store.all("select * from cases where is_gone = 0 order by number"):
            body = json.loads(case["body"])
            print(
                case["number"],
                case["ticket"],
                body.get("status"),
                body.get("next_due_at"),
                ",".join(body.get("allowed_steps", [])),
            )
        for line in mirror.store.all("select * from outbox where state = 'refused' order by id"):
            print("refused:", line["number"], line["step"], line["answer"])


if __name__ == "__main__":
    main(sys.argv[1:])
