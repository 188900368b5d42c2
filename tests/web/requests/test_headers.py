"""What a browser is told with every answer, and what an installation refuses to start with."""

import ast
import base64
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import psycopg2
import pytest
from django.conf import settings
from django.test import Client, override_settings

from accounts.keys import keys
from database import request_words, roles
from odr_portal.processes import embedded
from tests import APPS, ROOT
from tests.server import DATABASE
from web import environment

POLICY = {
    **dict.fromkeys(("default-src", "frame-ancestors", "base-uri", "object-src"), "'none'"),
    **{f"{what}-src": "'self'" for what in ("script", "style", "img", "font", "connect")},
    "form-action": "'self'",
}
SECRET = "a-key-for-tests-that-signs-nothing-else"


@pytest.mark.django_db
def test_T79_the_page_policy_is_this_and_no_weaker(client: Client) -> None:
    paths = ("/", "/file/", "/account/sign-in/", "/nowhere/", "/cases/", "/api/nowhere/", "/healthz")
    for host, path in product(("testserver", "evil.example"), paths):
        headers = client.get(path, headers={"host": host}).headers
        parts = headers["Content-Security-Policy"].split(";")
        result = dict(part.strip().split(" ", 1) for part in parts if part.strip())
        assert {name: result.get(name) for name in POLICY} == POLICY, path
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff"), path
        for name in ("Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Referrer-Policy"):
            assert headers[name] == "same-origin", (path, name)
        assert "camera=()" in headers["Permissions-Policy"]
        # Programs get JSON, which is UTF-8 by its definition.
        assert headers["Content-Type"] in ("text/html; charset=utf-8", "application/json", "application/problem+json")


def test_T79_no_template_carries_a_script_or_style_of_its_own_and_no_page_loads_from_outside() -> None:
    for page in Path(settings.ROOT, "templates").rglob("*.html"):
        whole = page.read_text(encoding="utf-8")
        assert not re.search(r" style=|<style|onclick=|javascript:", whole), page
        text = re.sub(r"{% comment %}.*?{% endcomment %}", "", whole, flags=re.DOTALL)
        # Linked data is read by programs and run by no browser.
        assert not re.search(r'<script(?! type="application/ld\+json">)(?![^>]*\bsrc=)[^>]*>', text), page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text), page
        assert not re.search(r"\|\s*safe\b|autoescape off", text), page
    outside = re.compile(r"""(?:src|href=["'][^"']*\.css|url\(|import)\s*=?\s*["'(]?\s*(?:https?:)?//""")
    for page in [*Path(settings.ROOT, "templates").rglob("*.html"), *Path(settings.ROOT, "static").rglob("*.*s")]:
        assert not outside.search(page.read_text(encoding="utf-8")), page


@pytest.mark.django_db
def test_what_is_somebodys_own_is_kept_nowhere(client: Client) -> None:
    assert "Cache-Control" not in client.get("/healthz").headers
    client.cookies[settings.SESSION_COOKIE_NAME] = "something"
    assert client.get("/how/").headers["Cache-Control"] == "no-store"
    assert "no-store" in client.get("/account/").headers["Cache-Control"]


SERVED = (
    "import django; django.setup(); from django.conf import settings as s;"
    "from accounts import display; from complaints.filing import held;"
    "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, held.COOKIE,"
    " display.DISPLAY_COOKIE, display.THEME_COOKIE, s.SECURE_HSTS_SECONDS, s.ALLOWED_HOSTS)"
)


def started(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    # What a browser test before this one left in the environment belongs to no server.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO_ALLOW"))}
    env = {**kept, "DJANGO_SETTINGS_MODULE": "odr_portal.settings", "SECRET_KEY": SECRET, **variables}
    return subprocess.run([sys.executable, *arguments], cwd=settings.ROOT, env=env, capture_output=True, text=True)


STRONG = SECRET + "-0123456789ABCDEFGHIJ"


@contextlib.contextmanager
def known_by(server: embedded.ThrowAwayPostgres, key: str) -> Iterator[None]:
    """The database knows the portal by a key that follows from SECRET_KEY."""
    with contextlib.closing(psycopg2.connect(server.dsn(user="postgres", database=DATABASE))) as administrator:
        administrator.autocommit = True
        with override_settings(SECRET_KEY_FALLBACKS=[key]):
            request_words.lay(administrator)
        yield
        request_words.lay(administrator)


def test_T77_an_https_address_passes_the_check_and_http_is_for_the_database_of_this_machine_only(
    postgres_server: embedded.ThrowAwayPostgres, django_db_setup: None
) -> None:
    check = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    here = {"DATABASE_URL": postgres_server.dsn(user=roles.WEB, database=DATABASE), "VAULT_KEYS": ""}
    here |= {"PROCESS_USERS": "web=daemon worker=bin beat=sys watch=games", "DOCUMENT_KEY_FILE": ""}
    here |= {"SMS_GATEWAY_URL": "https://sms.example.org/"}
    here |= {"SMS_GATEWAY_SECRET": "whsec_" + base64.b64encode(STRONG.encode()).decode()}
    with known_by(postgres_server, STRONG):
        done = started(*check, SITE_URL="https://odr.example.org", SECRET_KEY=STRONG, **here)
    assert done.returncode == 0, done.stderr
    elsewhere = {"DATABASE_URL": "postgresql://portal_web:x@db.example.org/portal"}
    refused = started("-c", SERVED, SITE_URL="http://odr.example.org", **elsewhere)
    assert refused.returncode != 0
    assert "write https://host" in refused.stderr
    taken = started("-c", SERVED, SITE_URL="https://odr.example.org", **elsewhere)
    cookies = ["session", "csrf", "language", "draft", "display", "theme"]
    assert taken.stdout.split()[:6] == [f"__Host-{name}" for name in cookies]
    assert "31536000 ['odr.example.org']" in taken.stdout


#: Asks a portal on https for pages that set cookies: what of each cookie, and of each answer, a browser is told.
ASKED = """
import django; django.setup()
from django.test import Client
browser = Client(headers={"host": "odr.example.org"})
for how, path, body in (
    ("get", "/account/sign-in/", {}), ("get", "/file/", {}), ("get", "/nowhere/", {}), ("get", "/api/v1/me/", {}),
    ("post", "/display/", {"display": "elder", "theme": "dark", "language": "en"}),
):
    answer = getattr(browser, how)(path, body, secure=True)
    print("answer", answer.headers.get("Strict-Transport-Security"))
    for name, cookie in answer.cookies.items():
        print("cookie", name, cookie["secure"], cookie["path"], cookie["domain"] or "-", cookie["samesite"])
"""


def test_T27_T77_over_https_every_answer_says_so_for_a_year_and_every_cookie_is_of_this_host_alone(
    postgres_server: embedded.ThrowAwayPostgres, django_db_setup: None
) -> None:
    here = {"DATABASE_URL": postgres_server.dsn(user=roles.WEB, database=DATABASE), "VAULT_KEYS": keys.fresh()}
    with known_by(postgres_server, STRONG):
        done = started("-c", ASKED, SITE_URL="https://odr.example.org", SECRET_KEY=STRONG, DEBUG="yes", **here)
    lines = [line.split(" ", 1) for line in done.stdout.splitlines()]
    assert {rest for kind, rest in lines if kind == "answer"} == {"max-age=31536000; includeSubDomains; preload"}, (
        done.stderr
    )
    told = dict(rest.split(" ", 1) for kind, rest in lines if kind == "cookie")
    assert told.keys() >= {"__Host-csrf", "__Host-display", "__Host-theme", "__Host-language"}
    assert {name for name in told if not name.startswith("__Host-")} == set()
    assert set(told.values()) == {"True / - Lax"}


def test_T27_who_sets_a_cookie_says_secure_httponly_and_same_site_and_messages_have_none() -> None:
    """Cookies that these few pages do not set; the one that a script sets holds whether keys are on."""
    made = {}
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("set_cookie", "set_signed_cookie"):
                made[path.relative_to(ROOT).as_posix()] = {word.arg for word in node.keywords}
    of_people = {"complaints/filing/held.py", "accounts/display.py", "accounts/sign_in/known_browsers.py"}
    assert made.keys() == {*of_people, "database/standby.py"}
    assert all({"secure", "httponly", "samesite"} <= said for said in made.values())
    assert settings.MESSAGE_STORAGE == "django.contrib.messages.storage.session.SessionStorage"
    scripts = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "static" / "js").glob("*.js")}
    assert {name for name, text in scripts.items() if re.search(r"document\.cookie\s*=", text)} == {"keys.js"}
    assert '"__Host-keys"' in scripts["keys.js"]
    assert "SameSite=Lax" in scripts["keys.js"]
    assert '"; Secure"' in scripts["keys.js"]


@pytest.mark.django_db
def test_T15_no_program_is_led_on_from_http_to_https_and_a_page_is() -> None:
    with override_settings(SECURE_SSL_REDIRECT=True):
        client = Client()
        page = client.get("/how/")
        assert (page.status_code, page["Location"]) == (301, "https://testserver/how/")
        for path in ("/api/v1/me/", "/api/v1/events/?after=1", "/api/nowhere/", "/metrics"):
            answer = client.get(path, headers={"authorization": "Bearer odr_" + "A" * 43})
            assert (answer.status_code, answer.json()["code"]) == (403, "https_only"), path
            assert client.get(path, secure=True).status_code in (200, 401, 403, 404)


@pytest.mark.django_db
def test_other_sites_may_read_what_is_published_and_nothing_else(client: Client) -> None:
    allows = "Access-Control-Allow-Origin"
    made = {
        str(path.relative_to(ROOT))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "Access-Control-" in path.read_text(encoding="utf-8")
    }
    # Seals, checkpoints, and what a public page says of itself.
    pages, public = "complaints/pages/shared", "accounts/public_pages.py"
    assert made == {f"{pages}/open_verify.py", f"{pages}/open_record.py", public}
    open_to_all = {
        str(path.relative_to(ROOT))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "elsewhere=True" in path.read_text(encoding="utf-8")
    }
    files = ("published/open_data_views.py", "reports/open_report_views.py", "reuse/calls.py", "reuse/chart_views.py")
    assert open_to_all == {f"oversight/{name}" for name in files}
    asking = {"origin": "https://elsewhere.example"}
    assert client.get("/open/seals.json", headers=asking)[allows] == "*"
    for path in ("/", "/account/", "/cases/", "/api/v1/me/", "/api/v1/schema/", "/healthz", "/static/js/keys.js"):
        answer = client.get(path, headers=asking)
        assert answer.status_code < 500
        assert not [name for name in answer.headers if name.startswith("Access-Control-")], path


@pytest.mark.django_db
def test_nothing_but_static_files_is_served_from_a_folder_and_no_folder_is_listed(client: Client) -> None:
    for path in (
        *(
            "/.git/config",
            "/.git/HEAD",
            "/static/../.git/config",
            "/static/%2e%2e/.git/config",
            "/.env",
            "/.local/vault",
        ),
        *("/static/", "/static/js/", "/static", "/manage.py", "/odr_portal/settings.py", "/static/../manage.py"),
    ):
        answer = client.get(path)
        assert answer.status_code in (400, 404), path
    for path in ("/", "/how/", "/account/sign-in/", "/cases/", "/api/v1/me/", "/static/js/keys.js"):
        answer = client.generic("TRACE", path, headers={"x-word": "echoed"})
        assert answer.status_code in (302, 400, 401, 403, 404, 405), path
        assert b"echoed" not in b"".join(answer)


def test_T77_a_secret_that_can_be_guessed_refuses_to_start_and_one_may_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for weak in ("short", "a" * 60, "django-insecure-0123456789abcdefghijklmnop"):
        with pytest.raises(SystemExit, match="random characters") as refused:
            environment.strong("SECRET_KEY", weak)
        assert weak not in str(refused.value)
    (tmp_path / "key").write_text(f"{SECRET}\n")
    (tmp_path / "key").chmod(0o640)
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert environment.text("SECRET_KEY") == SECRET
    for mode in (0o644, 0o660):
        (tmp_path / "key").chmod(mode)
        with pytest.raises(SystemExit, match=r"SECRET_KEY_FILE.*chmod 600"):
            environment.text("SECRET_KEY")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SystemExit, match="SECRET_KEY_FILE"):
        environment.text("SECRET_KEY")


def test_no_page_refuses_who_tries_too_often_without_saying_until_when() -> None:
    """A page takes its 429 from `TooManyTries.refuse`, or sends a code by `send`, which does; the entry of programs
    says `Retry-After` itself."""
    made = {
        str(path.relative_to(ROOT))
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"(?<!=)= ?429|return 429", text := path.read_text(encoding="utf-8"))
        and not re.search(r"\.refuse\(request\)|\bsend\(request, ", text)
    }
    assert made == {"accounts/sign_in/limits.py", "enterprises/programs/tokens.py"}
