"""Programs that file complaints at the address of the portal, keep every answer, and send again with the same key.

    clients.py OUT ADDRESS CA SECONDS TOKEN …

One thread a token; a line of JSON for each answer. Runs by itself on the host of the clients (nothing of the portal is
imported). After a fault nobody gives up before an answer is there, as a program that keeps its outbox would not.
"""

import http.client
import json
import os
import ssl
import struct
import sys
import threading
import time
import uuid
import zlib
from typing import Any

SITE = "portal.test"
#: Above the promise (10 s), so that a call that hangs is seen and not cut off.
LONGEST = 20
REST, BEFORE_THE_NEXT_TRY = 0.25, 0.3
COMPLAINT: dict[str, Any] = {
    **{"service_region": 350102000, "object_category": "service.telecom", "amount": "128.50", "is_online": False},
    **{"problem_category": "telecom.fees.unexplained_charge", "is_true": True},
    "statement": "每个月账单多出一项，我没有开通过。",
    "demands": [{"kind": "refund", "amount": "128.50"}],
    "consumer": {"name": "陈雨桐", "phone": "13800000001", "address": "福州市鼓楼区测试路1号"},
    "consents": {
        **{"share_with_enterprise": True, "pass_to_regulator": True, "delegated_mediation": True},
        **{"publish_masked": False, "pause_for_settlement": True},
    },
}


class Line(http.client.HTTPSConnection):
    """To an address, with the name of the site."""

    def __init__(self, where: str, authority: str) -> None:
        self.trusted = ssl.create_default_context(cafile=authority)
        super().__init__(where, 443, timeout=LONGEST, context=self.trusted)

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self.trusted.wrap_socket(self.sock, server_hostname=SITE)


class Program:
    def __init__(self, where: str, authority: str, token: str) -> None:
        self.where, self.authority, self.token = where, authority, token

    def post(self, path: str, key: str, body: bytes, kind: str) -> tuple[int, str]:
        return self.ask("POST", path, body, **{"Idempotency-Key": key, "Content-Type": kind})

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        """Status and text; 0 and the kind of error where no answer came."""
        line = Line(self.where, self.authority)
        said = {"Host": SITE, "Authorization": f"Bearer {self.token}"} | headers
        try:
            line.request(method, f"/api/v1{path}", body, said)
            answer = line.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, type(error).__name__
        finally:
            line.close()


def png() -> bytes:
    """A picture of noise, which no other is."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + os.urandom(3 * 64) for _ in range(64))
    head = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def form(mark: str) -> tuple[bytes, str]:
    """A form with one picture, and its content type."""
    edge = f"edge{mark}"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{mark}.png"\r\n'
    body = f"{head}Content-Type: image/png\r\n\r\n".encode() + png() + f"\r\n--{edge}--\r\n".encode()
    return body, f"multipart/form-data; boundary={edge}"


def work(program: Program, end: float, tell: Any, with_files: bool) -> None:
    disputed = time.strftime("%Y-%m-%d", time.localtime(time.time() - 20 * 86400))
    while time.time() < end:
        mark = uuid.uuid4().hex[:12]
        body = json.dumps({**COMPLAINT, "item_name": f"宽带 {mark}", "disputed_on": disputed}).encode()
        case = ask_until_answered(program, "file", "/complaints/", mark, (body, "application/json"), end, tell)
        if case and with_files:
            ask_until_answered(program, "upload", f"/complaints/{case}/files/", mark, form(mark), end, tell)
        elif case:
            read(program, case, mark, tell)
        time.sleep(REST)


def read(program: Program, case: str, mark: str, tell: Any) -> None:
    """The case that was just filed, once; another one than that is worse than none."""
    begun = time.time()
    status, text = program.ask("GET", f"/complaints/{case}/")
    now = time.time()
    said = {"what": "read", "mark": mark, "at": now, "took": round(now - begun, 2), "status": status}
    if status == 200:
        told = json.loads(text)
        said["wrong"] = told["number"] != case or mark not in told["item_name"]
    tell(said | ({} if status == 200 else {"text": text[:300]}))


def ask_until_answered(
    program: Program, what: str, path: str, mark: str, sent: tuple[bytes, str], end: float, tell: Any
) -> str:
    """The number of the case; empty where nobody answered for a minute after the end."""
    tries = 0
    while time.time() < end + 60:
        tries += 1
        begun = time.time()
        status, text = program.post(path, f"{what}-{mark}", *sent)
        now = time.time()
        said = {"what": what, "mark": mark, "at": now, "took": round(now - begun, 2), "status": status, "try": tries}
        if status == 201:
            case = json.loads(text)["case"]
            tell(said | {"case": case})
            return str(case)
        tell(said | {"text": text[:300]})
        time.sleep(BEFORE_THE_NEXT_TRY)
    return ""


def main() -> None:
    out, where, authority, seconds, with_files, *tokens = sys.argv[1:]
    end, lock = time.time() + float(seconds), threading.Lock()
    with open(out, "a", buffering=1, encoding="utf-8") as file:

        def tell(said: dict[str, Any]) -> None:
            with lock:
                file.write(json.dumps(said, ensure_ascii=False) + "\n")

        threads = [
            threading.Thread(target=work, args=[Program(where, authority, token), end, tell, with_files == "files"])
            for token in tokens
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()


if __name__ == "__main__":
    main()
