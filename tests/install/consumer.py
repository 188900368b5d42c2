"""A consumer with a browser and a phone, who files one complaint over https."""

import http.client
import re
import secrets
import socket
import ssl
import uuid
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.complaints.filing import answers
from tests.install.brought import PORTAL, Gateway


class Browser:
    def __init__(self, authority: Path) -> None:
        self.authority = authority
        self.context = ssl.create_default_context(cafile=str(authority))
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, fields: dict[str, Any] | None = None, **headers: str) -> tuple[int, str, str]:
        """(status, Location, text)."""
        connection = http.client.HTTPSConnection(PORTAL, timeout=60, context=self.context)
        # The name leads to this machine, whatever the world says.
        connection._create_connection = lambda _, *rest: _connected(*rest)  # type: ignore[attr-defined]
        headers |= {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        headers |= {"Referer": f"https://{PORTAL}{path}", "Origin": f"https://{PORTAL}"}
        body = None
        if fields is not None:
            body = urlencode({"csrfmiddlewaretoken": self.cookies.get("__Host-csrf", ""), **fields}, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        for line in response.headers.get_all("Set-Cookie") or []:
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        connection.close()
        return response.status, response.headers.get("Location", ""), text

    def get(self, path: str, **headers: str) -> str:
        status, where, text = self.ask("GET", path, **headers)
        if status != 200:
            raise SystemExit(f"GET {path}: {status} {where} {words(text)}")
        return text

    def post(self, path: str, fields: dict[str, Any], begins: str) -> str:
        status, where, text = self.ask("POST", path, fields)
        if status != 302 or not where.startswith(begins):
            raise SystemExit(f"POST {path}: wanted to go to {begins}, got {status} {where} {words(text)}")
        return where


def _connected(*rest: Any) -> socket.socket:
    return socket.create_connection(("127.0.0.1", 443), *rest)


def words(text: str) -> str:
    main = text.partition("<main")[2] or text
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())[:400]


def files_a_complaint(browser: Browser, gateway: Gateway, *, respondent: str) -> str:
    """The number of the complaint."""
    phone = f"1990{secrets.randbelow(10**7):07}"
    key = {"idempotency_key": uuid.uuid4().hex}
    browser.get("/account/sign-in/")
    browser.post("/account/sign-in/", {"address": phone, **key}, "/account/sign-in/code/")
    browser.post("/account/sign-in/code/", {"code": gateway.code(phone), **key}, "/")
    browser.get("/file/?new=1")
    draft = browser.post("/file/?new=1", {"story": answers.STATEMENT, **key}, "/file/").split("/")[2]
    heard = {**answers.ENTERPRISE, **answers.PURCHASE, **answers.PROBLEM, **answers.DEMANDS, "respondent": respondent}
    heard |= {"problem": "none", "asked": "1"}
    you = {**answers.YOU, "phone": phone}
    you.pop("is_unverified")
    browser.post(f"/file/{draft}/heard/", {**heard, **key}, f"/file/{draft}/you/")
    browser.post(f"/file/{draft}/you/", {**you, **key}, f"/file/{draft}/check/")
    button = re.search(r'name="idempotency_key" value="([^"]*)"', browser.get(f"/file/{draft}/check/"))
    if not button:
        raise SystemExit("the last page has no button")
    last = {**answers.CONSENTS, "pause_for_settlement": "yes", "file": "1", "idempotency_key": button[1]}
    receipt = browser.post(f"/file/{draft}/check/", last, "/cases/")
    number = receipt.split("/")[2]
    if number not in browser.get(receipt):
        raise SystemExit(f"the receipt {receipt} does not show its number")
    return number
