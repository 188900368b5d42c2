#!/usr/bin/env python3
"""Witness the record of a consumer dispute portal: one file, for an authority, a consumer council or a firm.

    python3 witness.py new FOLDER council.example/witness      # once: makes the key; prints what the portal needs
    python3 witness.py trust FOLDER odr.example/record+1f2e…   # the key of a record; the portal publishes it
    python3 witness.py serve FOLDER --listen 127.0.0.1:8970    # answers the portal; put https in front
    python3 witness.py newest FOLDER                           # the newest checkpoint of each record: keep a copy

Needs Python 3.9, the package "cryptography" and Linux, macOS or BSD. It speaks the standard protocol of witnesses
(C2SP tlog-witness), so any log of that form can be witnessed, and any witness of that form can take its place.

What it does: once a minute the portal shows the size and root of its record, and proves that what this witness saw
before is still in it, unchanged and in the same order. Only then the witness signs, with the time. It refuses a record
that became shorter, that was rewritten, that is shown differently to others, or that another key signed. Of a refused
record that carries the right signature it keeps the proof, in FOLDER/refused.jsonl: hand it to whoever judges.

What it does not do: it does not see what stands in the record, and cannot say whether that is true.

FOLDER holds: key (secret, mode 0600), records (a key a line), state.json (the newest checkpoint of each record).
Keep state.json: a witness that forgot what it saw must not go on under the same key. Run it once: the folder is locked.
"""

import argparse
import base64
import contextlib
import fcntl
import hashlib
import http.server
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

LOG, WITNESS = 1, 4
MOST_BYTES = 64 * 1024
MOST_PROOF = 63
#: Seconds that one request may take to arrive.
PATIENCE = 10
#: What is kept of refused records, in bytes.
MOST_REFUSED = 16 * 1024 * 1024


class Answer(NamedTuple):
    """What is said to whoever asks: a status of HTTP and a text."""

    status: int
    text: str
    kind: str = "text/plain; charset=utf-8"


class Refusal(Exception):
    """The request cannot be signed. ``is_proof``: it is signed by the record's own key, so it shows a fault of it."""

    def __init__(self, status: int, why: str, kind: str = "text/plain; charset=utf-8", is_proof: bool = False) -> None:
        super().__init__(why)
        self.answer = Answer(status, why if why.endswith("\n") else f"{why}\n", kind)
        self.is_proof = is_proof


class Checkpoint(NamedTuple):
    """A signed note: ``body`` is what is signed, ``lines`` are (name, 4 bytes of key id and a signature)."""

    origin: str
    size: int
    root: bytes
    body: str
    lines: list[tuple[str, bytes]]


# --- keys and notes ---------------------------------------------------------------------------------------------


def key_id(name: str, kind: int, raw: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + raw).digest()[:4]


def key_text(name: str, kind: int, raw: bytes) -> str:
    return f"{name}+{key_id(name, kind, raw).hex()}+{base64.b64encode(bytes([kind]) + raw).decode()}"


def read_key(text: str, kind: int) -> tuple[str, bytes]:
    """(name, 32 bytes) of a line name+id+base64. Raises ValueError with a sentence."""
    name, _, rest = text.strip().partition("+")
    said, _, key = rest.partition("+")
    try:
        raw = unpacked(key)
    except ValueError:
        raise ValueError("a key is written name+id+base64") from None
    if not is_name(name) or len(raw) != 33 or raw[0] != kind:
        raise ValueError(f"this is no key of a {'record' if kind == LOG else 'witness'}")
    if key_id(name, kind, raw[1:]).hex() != said:
        raise ValueError("the id does not belong to this name and key: a character may be wrong")
    return name, raw[1:]


def is_name(name: str) -> bool:
    return bool(name) and name.isprintable() and "+" not in name and " " not in name


def unpacked(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("no base64")
    return raw


def read_checkpoint(text: str) -> Checkpoint:
    """Raises ValueError where the text is not in the form of the standard, to the letter."""
    body, empty, rest = text.rpartition("\n\n")
    lines = body.split("\n")
    if not empty or len(lines) < 3 or not all(lines) or not rest.endswith("\n"):
        raise ValueError("a checkpoint has three lines, an empty one, and signatures")
    if any(letter < " " and letter != "\n" for letter in text) or not is_name(lines[0]):
        raise ValueError("the first line names no record")
    size, root = read_size(lines[1]), unpacked(lines[2])
    if len(root) != 32:
        raise ValueError("the third line is no root")
    signatures = []
    for line in rest[:-1].split("\n"):
        dash, name, blob = line.split(" ")
        if dash != "—":
            raise ValueError("a signature begins with a dash")
        signatures.append((name, unpacked(blob)))
    return Checkpoint(lines[0], size, root, f"{body}\n", signatures)


def read_size(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > 19 or str(int(text)) != text or int(text) >= 2**63:
        raise ValueError("no size")
    return int(text)


def holds(raw: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_signed(checkpoint: Checkpoint, raw: bytes) -> bool:
    wanted = checkpoint.origin, key_id(checkpoint.origin, LOG, raw)
    return any(
        (name, blob[:4]) == wanted and holds(raw, blob[4:], checkpoint.body.encode()) for name, blob in checkpoint.lines
    )


def cosigned_message(body: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{body}".encode()


# --- RFC 9162 ---------------------------------------------------------------------------------------------------


def grew(old: int, size: int, old_root: bytes, root: bytes, proof: list[bytes]) -> bool:
    """RFC 9162, 2.1.4.2, for old ≥ 1: whether the first ``old`` leaves under ``root`` are those under ``old_root``."""
    if old == size:
        return old_root == root and not proof
    if not proof or old > size:
        return False
    if old & (old - 1) == 0:
        proof = [old_root, *proof]

    def node(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\1" + left + right).digest()

    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = proof[0]
    for sibling in proof[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node(sibling, before), node(sibling, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root


# --- the witness ------------------------------------------------------------------------------------------------


class Witness:
    """Answers over one folder. Raises OSError or ValueError where the folder is not whole."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lock = folder, threading.Lock()
        self.name, self.secret = read_secret(folder / "key")
        self.raw = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.seen = self.read_state()

    def read_state(self) -> dict[str, dict[str, Any]]:
        """What was signed last, by origin. What this key did not sign is damage, and nothing may go on from it."""
        state = json.loads((self.folder / "state.json").read_text("utf-8"))
        for origin, row in state.items():
            checkpoint = read_checkpoint(row["note"])
            mine = [
                blob
                for name, blob in checkpoint.lines
                if (name, blob[:4]) == (self.name, key_id(self.name, WITNESS, self.raw))
                and holds(self.raw, blob[12:], cosigned_message(checkpoint.body, row["at"]))
            ]
            if checkpoint.origin != origin or not mine:
                raise ValueError(f"state.json is damaged: this witness did not sign what stands there of {origin}")
        return dict(state)

    def keys(self) -> dict[str, list[bytes]]:
        """The keys of records that are trusted, read anew with each request."""
        found: dict[str, list[bytes]] = {}
        for line in (self.folder / "records").read_text("utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                name, raw = read_key(line, LOG)
                found.setdefault(name, []).append(raw)
        return found

    def add_checkpoint(self, body: bytes, now: int) -> Answer:
        """POST /add-checkpoint."""
        try:
            old, proof, text = read_request(body)
            checkpoint = read_checkpoint(text)
        except ValueError as wrong:
            return Answer(400, f"not a request of a record: {wrong}\n")
        try:
            with self.lock:
                return self._signed(old, proof, text, checkpoint, now)
        except Refusal as refusal:
            if refusal.is_proof:
                self._keep(refusal, body, now)
            return refusal.answer

    def _signed(self, old: int, proof: list[bytes], text: str, checkpoint: Checkpoint, now: int) -> Answer:
        keys = self.keys()
        if checkpoint.origin not in keys:
            raise Refusal(404, "this witness does not know that record")
        if not any(is_signed(checkpoint, raw) for raw in keys[checkpoint.origin]):
            raise Refusal(403, "not signed by a key of that record that this witness knows")
        if old > checkpoint.size:
            raise Refusal(400, "the old size is above the new one")
        row = self.seen.get(checkpoint.origin)
        last = read_checkpoint(row["note"]) if row else None
        size, root = (last.size, last.root) if last else (0, hashlib.sha256(b"").digest())
        if old != size:
            if checkpoint.size < size:
                # No proof of a fault: of two processes of a portal the slower one may come late.
                print(
                    f"{checkpoint.origin}: shown at size {checkpoint.size}, seen at {size}", file=sys.stderr, flush=True
                )
            raise Refusal(409, f"{size}\n", "text/x.tlog.size")
        if checkpoint.size == size and checkpoint.root != root:
            raise Refusal(409, f"{size}\n", "text/x.tlog.size", is_proof=True)
        if size == 0 and (proof or (checkpoint.size == 0 and checkpoint.root != root)):
            raise Refusal(422, "a first checkpoint has no proof before it")
        if size and not grew(size, checkpoint.size, root, checkpoint.root, proof):
            raise Refusal(422, f"no proof that what was seen at size {size} is still in it", is_proof=True)
        if row and now < row["at"]:
            raise Refusal(503, "the clock of this witness went back; it signs nothing until that is mended")
        line = self._line(checkpoint.body, now)
        seen = {**self.seen, checkpoint.origin: {"at": now, "note": f"{text}{line}"}}
        write_whole(self.folder / "state.json", json.dumps(seen, ensure_ascii=False, indent=1))
        self.seen = seen
        return Answer(200, line)

    def _line(self, body: str, now: int) -> str:
        signature = self.secret.sign(cosigned_message(body, now))
        blob = key_id(self.name, WITNESS, self.raw) + now.to_bytes(8, "big") + signature
        return f"— {self.name} {base64.b64encode(blob).decode()}\n"

    def _keep(self, refusal: Refusal, body: bytes, now: int) -> None:
        place, why = self.folder / "refused.jsonl", refusal.answer.text.strip()
        print(f"REFUSED {refusal.answer.status} {why}: kept in {place}", file=sys.stderr, flush=True)
        line = json.dumps({"at": now, "status": refusal.answer.status, "why": why, "request": body.decode()})
        with self.lock, place.open("a", encoding="utf-8") as file:
            if file.tell() < MOST_REFUSED:
                file.write(f"{line}\n")

    def newest(self, wanted: str) -> Answer:
        """GET /checkpoint/<SHA-256 of the origin, hexadecimal>: the newest checkpoint that was signed here."""
        for origin, row in self.seen.items():
            if hashlib.sha256(origin.encode()).hexdigest() == wanted:
                return Answer(200, row["note"])
        return Answer(404, "nothing was signed of that record\n")


def read_request(body: bytes) -> tuple[int, list[bytes], str]:
    """(old size, proof, checkpoint). Raises ValueError."""
    head, empty, text = body.decode("utf-8").partition("\n\n")
    first, *lines = head.split("\n")
    if not empty or not first.startswith("old ") or len(lines) > MOST_PROOF:
        raise ValueError("it begins with: old SIZE, at most 63 lines of proof, an empty line")
    proof = [unpacked(line) for line in lines]
    if any(len(digest) != 32 for digest in proof):
        raise ValueError("a line of proof is no digest")
    return read_size(first[4:]), proof, text


def read_secret(path: Path) -> tuple[str, Ed25519PrivateKey]:
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} can be read by others: chmod 600 {path}")
    parts = path.read_text("utf-8").strip().split("+", 4)
    if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
        raise ValueError(f"{path} is no key of a witness")
    raw = unpacked(parts[4])
    if len(raw) != 33 or raw[0] != WITNESS:
        raise ValueError(f"{path} is no key of a witness")
    return parts[2], Ed25519PrivateKey.from_private_bytes(raw[1:])


def write_whole(path: Path, text: str) -> None:
    """All of it or what was there before, and on the disk before anything is answered."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# --- over HTTP and from the command line ------------------------------------------------------------------------


def server_of(witness: Witness, host: str, port: int) -> http.server.ThreadingHTTPServer:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version, wbufsize, timeout = "HTTP/1.1", -1, PATIENCE

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length") or ""
            if self.path != "/add-checkpoint":
                self.close_connection = True
                return self.say(Answer(404, "POST /add-checkpoint\n"))
            if not length.isdecimal() or int(length) > MOST_BYTES:
                self.close_connection = True
                return self.say(Answer(413, f"at most {MOST_BYTES} bytes\n"))
            self.say(witness.add_checkpoint(self.rfile.read(int(length)), int(time.time())))

        def do_GET(self) -> None:
            if self.path == "/":
                return self.say(Answer(200, f"{key_text(witness.name, WITNESS, witness.raw)}\n"))
            folder, _, wanted = self.path.rpartition("/")
            self.say(witness.newest(wanted) if folder == "/checkpoint" else Answer(404, "no such page\n"))

        def say(self, answer: Answer) -> None:
            raw = answer.text.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *given: Any) -> None:
            """Nothing of a request is logged; refusals that matter are, by the witness."""

    server = http.server.ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server


def new(folder: Path, name: str) -> str:
    """Make the folder and its key; the line that the portal needs. Raises FileExistsError, ValueError."""
    if not is_name(name):
        raise ValueError("a name has no spaces and no plus, such as council.example/witness")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = Ed25519PrivateKey.generate()
    raw = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    seed = secret.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    text = f"PRIVATE+KEY+{name}+{key_id(name, WITNESS, raw).hex()}+{base64.b64encode(bytes([WITNESS]) + seed).decode()}"
    with os.fdopen(os.open(folder / "key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{text}\n")
    (folder / "records").touch()
    write_whole(folder / "state.json", "{}")
    return key_text(name, WITNESS, raw)


@contextlib.contextmanager
def alone(folder: Path) -> Any:
    """One process a folder: two that sign from two memories could sign two records."""
    with (folder / "key").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ValueError(f"another process serves {folder} already") from None
        yield


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="witness.py", description="Witness the record of a portal.")
    commands = parser.add_subparsers(dest="what", required=True)
    for what, more in (("new", "name"), ("trust", "key"), ("serve", ""), ("newest", "")):
        command = commands.add_parser(what)
        command.add_argument("folder", type=Path)
        if more:
            command.add_argument(more)
        if what == "serve":
            command.add_argument("--listen", default="127.0.0.1:8970", metavar="HOST:PORT")
    options = parser.parse_args(given)
    try:
        if options.what == "new":
            print(new(options.folder, options.name))
        elif options.what == "trust":
            read_key(options.key, LOG)
            with (options.folder / "records").open("a", encoding="utf-8") as file:
                file.write(f"{options.key.strip()}\n")
        elif options.what == "newest":
            for row in Witness(options.folder).seen.values():
                print(row["note"])
        else:
            host, _, port = options.listen.rpartition(":")
            with alone(options.folder):
                server = server_of(Witness(options.folder), host, int(port))
                print(f"witness on http://{host}:{server.server_address[1]}/", flush=True)
                with contextlib.suppress(KeyboardInterrupt):
                    server.serve_forever()
    except (OSError, ValueError, KeyError) as wrong:
        print(f"witness.py: {wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
