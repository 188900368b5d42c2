"""What a demo shows everybody at /demo/mail/: codes and links, as the people they were sent to would read them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from html import unescape
from urllib.parse import quote, urlsplit

from tests.walls.attacking.browser import Browser
from tests.walls.calling import Answer

#: Seconds; a code stands in the mailbox before the page that asks for it is answered.
SHOWN_WITHIN = 5
_TASK = re.compile(r'data-task="([^"]*)"')
_LINK = re.compile(r"https?://[^\s<\"']+")


def mailbox(origin: str, address: str) -> str:
    """The page with the letters to this phone or mailbox, the newest first."""
    return unescape(Browser(origin).get(f"/demo/mail/?q={quote(address)}").text.partition("<main")[2])


def newest_code(origin: str, address: str, *, than: str = "") -> str:
    """The newest code that was sent there; empty where none came within `SHOWN_WITHIN`."""
    end = time.monotonic() + SHOWN_WITHIN
    while time.monotonic() < end:
        found = re.search(r"验证码(\d{6})|code (?:is )?(\d{6})", mailbox(origin, address))
        code = (found[1] or found[2]) if found else ""
        if code and code != than:
            return code
        time.sleep(0.5)
    return ""


def links_to(origin: str, address: str) -> list[str]:
    """Paths of our links in the letters to this address, the newest first."""
    found = _LINK.findall(mailbox(origin, address))
    return list(dict.fromkeys(urlsplit(link.rstrip("。，）)")).path for link in found))


def worked_for(answer: Answer) -> dict[str, str]:
    """The proof of the work that the page asks a browser for, as a field; nothing where it asks for none."""
    found = _TASK.search(answer.text)
    if not found:
        return {}
    task = json.loads(unescape(found[1]))
    for number in range(task["maxNumber"] + 1):
        if hashlib.sha256(f"{task['salt']}{number}".encode()).hexdigest() == task["challenge"]:
            shown = {name: task[name] for name in ("algorithm", "challenge", "salt", "signature")} | {"number": number}
            return {"proof": base64.b64encode(json.dumps(shown).encode()).decode()}
    return {}
