"""Somebody without account who files: which files come in, who reads a draft, and what opens with the receipt."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from complaints.evidence.files import ENDINGS
from tests.complaints.evidence.test_what_comes_in import HTML, NO_TYPE, REFUSED, TAKEN
from tests.complaints.filing import answers
from tests.walls.addresses import MISSING, Place
from tests.walls.attacking.browser import CSRF, Browser, hidden, random_word
from tests.walls.attacking.expected import is_refused, status
from tests.walls.attacking.letters import worked_for
from tests.walls.attacking.people import Somebody
from tests.walls.attacking.run import Attack
from tests.walls.calling import Answer

UPLOADS, DRAFTS, TRACKING = "uploads", "drafts of others", "tracking"
#: Names that lead elsewhere, hide their end or break out of a header; the bytes are a picture.
NAMES = (
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/absolute.png",
    "a.png\0.html",
    "a.html",
    "a.svg",
    "a\u202egnp.exe",
    'a".html',
    "a\r\nSet-Cookie: x=1.png",
    "x" * 300 + ".png",
    ".htaccess",
    "CON.png",
    "<script>alert(1)</script>.png",
    "",
)
#: What is sent there to a draft that is gone begins one of one's own.
BEGINNING = {f"complaints:file-{name}" for name in ("step", "story", "heard", "guide")}
PICTURE = next(content for name, content, _kind in TAKEN if name == "png")


@dataclass
class Filer:
    who: Somebody
    draft: str
    number: str = ""
    token: str = ""

    def step(self, name: str) -> str:
        return f"/file/{self.draft}/{name}/"


def begin(attack: Attack) -> Filer | None:
    """A draft of somebody new; None where none could be begun."""
    browser = Browser(attack.origin)
    page = browser.get("/file/?new=1")
    form = urlencode({"story": answers.STATEMENT, **hidden(page), **worked_for(page)}, doseq=True).encode()
    found = re.match(r"/file/([0-9a-f-]{36})/", _sent(browser, "/file/?new=1", form).location)
    if not found:
        attack.tally.left_out.append(f"{UPLOADS}, {DRAFTS}, {TRACKING}: no draft could be begun")
        return None
    return Filer(Somebody("who files", attack.outsider, browser), found[1])


def _sent(browser: Browser, path: str, form: bytes) -> Answer:
    head = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": browser.cookies[CSRF]}
    return browser.call("POST", path, form + b"&idempotency_key=" + uuid.uuid4().hex.encode(), head)


def uploads(attack: Attack, filer: Filer) -> None:
    """What a file is decides, whatever it is called, but a text that is called a picture is refused; what is taken is
    handed out as nothing that a browser runs."""
    attack.begin(UPLOADS)
    every: list[tuple[str, str, bytes, bool]] = []
    every += [(words, f"{words}.jpg", content, kind != "text/plain") for words, content, kind in TAKEN]
    every += [(words, f"{words}.pdf", content, True) for words, content, _kind in TAKEN]
    every += [(words, f"{words}.png", content, False) for words, content in NO_TYPE]
    every += [(words, f"{words}.pdf", content, False) for words, content, _why in REFUSED]
    every += [(f"a picture called {name[:40]!r}", name, PICTURE, True) for name in NAMES]
    for words, name, content, is_taken in attack.some(every, len(every)):
        attack.note(UPLOADS, _uploaded(filer, words, name, content, is_taken=is_taken))


def _uploaded(filer: Filer, words: str, name: str, content: bytes, *, is_taken: bool) -> str:
    browser, here = filer.who.browser, filer.step("you")
    before = _files(filer)
    mark = random_word()
    plain = name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22").replace("\0", "%00")
    fields = {"kind": "contract", "upload": "1", "idempotency_key": mark, "csrfmiddlewaretoken": browser.cookies[CSRF]}
    parts = [f'name="{key}"\r\n\r\n{value}'.encode() for key, value in fields.items()]
    parts.append(f'name="files"; filename="{plain}"\r\nContent-Type: text/html\r\n\r\n'.encode() + content)
    start = f"--{mark}\r\nContent-Disposition: form-data; ".encode()
    body = b"".join(start + part + b"\r\n" for part in parts) + f"--{mark}--\r\n".encode()
    answer = browser.call("POST", here, body, {"Content-Type": f"multipart/form-data; boundary={mark}"})
    request = f"who files: POST {here} with {words}"
    if answer.status >= 500:
        return f"{request}: {answer.status}"
    new = [path for path in _files(filer) if path not in before]
    if bool(new) != is_taken and not (is_taken and not name):
        return f"{request}: {'refused' if is_taken else 'taken'}, {answer.status}"
    wrong = [_handed_out(browser.get(path)) for path in new]
    for path in new:
        browser.post(here, remove=path.rstrip("/").rpartition("/")[2])
    return next((f"{request}: its file is handed out {text}" for text in wrong if text), "")


def _files(filer: Filer) -> list[str]:
    text = filer.who.browser.get(filer.step("you")).text
    return list(dict.fromkeys(re.findall(rf"/file/{filer.draft}/evidence/\d+/", text)))


def _handed_out(answer: Answer) -> str:
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    is_download = answer.headers.get("Content-Disposition", "").startswith("attachment")
    if answer.status not in (200, 404, 409):
        return f"with {answer.status}"
    if answer.status == 200 and kind not in ENDINGS:
        return f"as {kind}"
    if answer.status == 200 and not is_download and not kind.startswith("image/"):
        return f"as {kind} to be shown"
    if answer.headers.get("X-Content-Type-Options") != "nosniff" or (HTML in answer.body and kind == "text/html"):
        return "to be guessed at"
    return ""


def drafts_of_others(attack: Attack, filer: Filer) -> None:
    """Every address of a draft, by everybody who does not hold it."""
    attack.begin(DRAFTS)
    of_a_draft = [one for one in attack.addresses.values() if "draft_id" in one.parameters]
    filer.who.browser.post(filer.step("you"), upload="1")
    other = begin(attack)
    strangers = [*attack.everybody, *([other.who] if other else [])]
    asked = []
    for address in of_a_draft:
        values = {name: MISSING.get(name, MISSING[kind]) for name, kind in address.parameters.items()}
        values |= {"draft_id": filer.draft, **({"step": "you"} if "step" in values else {})}
        for who in strangers:
            # The first answer begins a draft of one's own, whatever number stands in the address.
            asked += [
                (who, address, values, method)
                for method in ("GET", "POST")
                if method == "GET" or address.name not in BEGINNING
            ]
    for who, address, values, method in attack.some(asked, 240):
        place = Place(address, address.path(values), address.missing({**values, "step": "you"}), True, ())
        baseline = who.browser.call(method, place.missing)

        def judged(answer: Answer, baseline: Answer = baseline) -> str:
            same = answer.compared() == baseline.compared()
            return is_refused_or_lost(answer) or ("" if same else "can be told from a draft that does not exist")

        attack.probe(DRAFTS, who, method, place.path, judged)


def is_refused_or_lost(answer: Answer) -> str:
    return "" if "lost=1" in answer.location else is_refused(answer)


def file(attack: Attack, filer: Filer) -> bool:
    """Every screen and the button; whether a receipt with its token came of it."""
    browser = filer.who.browser
    parts = (answers.ENTERPRISE, answers.PURCHASE, answers.PROBLEM, answers.DEMANDS)
    heard = {name: value for part in parts for name, value in part.items()} | {"problem": "none", "asked": "1"}
    for screen, values in (("heard", heard), ("you", answers.YOU)):
        page = browser.get(filer.step(screen))
        sent = urlencode({**values, "next": "1", **worked_for(page)}, doseq=True).encode()
        _sent(browser, filer.step(screen), sent)
    page = browser.get(filer.step("check"))
    fields = {**answers.CONSENTS, "pause_for_settlement": "yes", "file": "1", **worked_for(page)}
    answer = browser.call("POST", filer.step("check"), fields)
    found = re.match(r"/cases/([^/]+)/receipt/", answer.location)
    if found:
        filer.number = found[1]
        token = re.search(r"<b>([0-9A-Z]{2,}(?:[- ][0-9A-Z]+)+)</b>", browser.get(answer.location).text)
        filer.token = token[1] if token else ""
    if not filer.token:
        attack.tally.left_out.append(
            f"{TRACKING}: no receipt with a token came of the draft ({answer.status} {answer.location})"
        )
    return bool(filer.token)


def tracking(attack: Attack, filer: Filer, numbers: list[str]) -> None:
    """A receipt opens its own case for half an hour and no other; wrong ones are counted."""
    attack.begin(TRACKING)
    for page in ("receipt/", "receipt.pdf"):
        for who in attack.some(attack.everybody, 20):
            attack.probe(TRACKING, who, "GET", f"/cases/{filer.number}/{page}", is_refused)
    seeker = Somebody("who tracks", attack.outsider, Browser(attack.origin))
    seeker.browser.cookies.pop("sessionid", None)
    wrong = [
        (filer.number, random_word(26).upper()),
        (filer.number, ""),
        (filer.number, filer.token[:-1] + ("A" if filer.token[-1] != "A" else "B")),
        *((number, filer.token) for number in numbers[:2]),
        ("20260101-AAAAAAAAAAAA-0", filer.token),
        (filer.number, "' or '1'='1"),
        (filer.number[:-1], filer.token),
    ]
    for number, token in wrong:
        attack.probe(TRACKING, seeker, "POST", "/track/", status(422), {"number": number, "token": token})
    of_a_case = [one for one in attack.addresses.values() if one.name.startswith("complaints:tracked")]
    right = {"number": filer.number, "token": filer.token}
    opener = Somebody("who holds the receipt", attack.outsider, Browser(attack.origin))
    # Another browser: the wrong tries of one do not lock it out.
    head = {"User-Agent": f"Mozilla/5.0 {random_word(8)}"}
    opened = attack.probe(TRACKING, opener, "POST", "/track/", partial(_opens, filer.token), right, headers=head)
    own = attack.probe(TRACKING, opener, "GET", f"/track/{filer.number}/", status(200))
    if opened.status != 302 or own.status != 200:
        return
    for number in attack.some(numbers, 12):
        for address in of_a_case:
            values = {name: MISSING.get(name, MISSING[kind]) for name, kind in address.parameters.items()}
            values |= {"number": number, **({"name": "statement"} if "name" in values else {})}
            for method in ("GET", "POST"):
                baseline = opener.browser.call(method, address.missing(values))

                def judged(answer: Answer, baseline: Answer = baseline) -> str:
                    if answer.status in (200, 204):
                        return f"{answer.status}, wanted is a refusal"
                    return "" if answer.compared() == baseline.compared() else "can be told from what does not exist"

                attack.probe(TRACKING, opener, method, address.path(values), judged)
    for who in attack.some(attack.everybody, 20):
        attack.probe(TRACKING, who, "GET", f"/track/{filer.number}/", status(302, 404))


def _opens(token: str, answer: Answer) -> str:
    if answer.status != 302:
        return f"{answer.status}, but this is the receipt"
    return "the address names the token" if token in answer.location else ""
