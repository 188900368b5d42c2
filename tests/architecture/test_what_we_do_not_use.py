"""What docs/asvs.md says does not apply, or is not done: none of it stands in the code."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import distributions

from tests import APPS, ROOT

MODULES = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]
#: Of what we import nothing begins with one of these.
NOT_IMPORTED = {
    "LDAP": {"ldap", "ldap3"},
    "XML from outside": {"lxml", "xml", "defusedxml", "xmltodict", "bs4", "html5lib"},
    "LaTeX": {"pylatex", "pylatexenc"},
    "memcache": {"memcache", "pymemcache", "pylibmc"},
    "rich text, markup, templates of others": {"markdown", "bleach", "nh3", "jinja2", "mako", "markdown_it"},
    "objects from bytes": {"pickle", "cPickle", "dill", "marshal", "shelve", "yaml", "jsonpickle"},
    "GraphQL": {"graphene", "strawberry", "ariadne", "graphql"},
    "WebSocket and WebRTC": {"channels", "websockets", "websocket", "socketio", "aiortc"},
    "self-contained tokens, OAuth, OIDC, SAML": {
        *("jwt", "jose", "authlib", "oauthlib", "oauth2_provider", "allauth", "mozilla_django_oidc", "social_django"),
        *("saml2", "onelogin", "djangosaml2", "social_core"),
    },
    "memory by hand": {"cffi", "cython"},
}
#: Supervisor on this machine answers in XML over its own socket.
OF_OUR_OWN = {("odr_portal/processes/running.py", "xmlrpc")}


def imports() -> Iterator[tuple[str, str]]:
    """(module of ours, package that it imports), wherever in the module it does."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            yield from ((path.relative_to(ROOT).as_posix(), name.split(".")[0]) for name in names)


def test_what_is_said_not_to_be_used_is_imported_by_nothing() -> None:
    used = set(imports())
    assert len(used) > 1000
    for what, packages in NOT_IMPORTED.items():
        assert {one for one in used if one[1] in packages} == set(), what
    assert {one for one in used if one[1] == "xmlrpc"} == OF_OUR_OWN
    assert {(file, name) for file, name in used if name == "ctypes"} == {
        ("odr_portal/processes/embedded.py", "ctypes"),
        ("complaints/evidence/examine.py", "ctypes"),
    }


def test_no_shell_no_code_from_data_and_chance_for_the_demo_alone() -> None:
    """What would carry out a text: a shell, eval, a template or pattern that was built."""
    found = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name, attribute = getattr(node.func, "id", ""), getattr(node.func, "attr", "")
            owner = getattr(getattr(node.func, "value", None), "id", "")
            if name in {"eval", "exec", "compile", "Template", "__import__"} or attribute in {"from_string", "system"}:
                found.add((path.relative_to(ROOT).as_posix(), name or attribute))
            if any(word.arg == "shell" for word in node.keywords):
                found.add((path.relative_to(ROOT).as_posix(), "shell"))
            if owner == "re" and attribute != "escape" and node.args and isinstance(node.args[0], ast.JoinedStr):
                found.add((path.relative_to(ROOT).as_posix(), "pattern"))
    # Patterns and statements that are put together of constants beside them.
    ours = {"complaints/tables/importing/directory.py", "complaints/listening/numbers.py", "web/safe_cells.py"}
    ours |= {"complaints/settlement/answer_templates.py", "accounts/masking.py", "authorities/law/citations.py"}
    ours |= {
        f"complaints/listening/{name}.py" for name in ("days", "promised_days", "bills", "answer_text", "row_by_row")
    }
    assert {file for file, what in found if what == "pattern"} == ours
    assert {file for file, what in found if what == "Template"} == {
        "database/sql_files.py",
        "oversight/counters/facts.py",
    }
    assert {what for _file, what in found} == {"pattern", "Template"}
    chance = {file for file, package in imports() if package == "random"}
    assert {file for file in chance if not file.startswith("demo/")} == set()


def test_only_these_modules_open_a_connection() -> None:
    """Those that the operator names in the settings, and web/safe_http.py for addresses of others."""
    network = {
        "socket",
        "ssl",
        "smtplib",
        "http",
        "urllib3",
        "requests",
        "httpx",
        "redis",
        "ftplib",
        "aiohttp",
        "asyncio",
        "opentelemetry",
        "sentry_sdk",
    }
    found = set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [f"{node.module}.{name.name}" for name in node.names]
            if any(name.split(".")[0] in network or name.startswith("urllib.request") for name in names):
                found.add(path.relative_to(ROOT).as_posix())
    assert found == {
        # bucket, scanner, mail server
        *("complaints/evidence/bucket.py", "complaints/evidence/scanning.py", "complaints/notices/channels/mail.py"),
        *("web/safe_http.py", "web/time_limit.py"),
        # sockets of this machine, the name of the machine, TLS of the broker
        *("odr_portal/processes/local.py", "odr_portal/processes/running.py", "odr_portal/processes/web_worker.py"),
        *("complaints/record/clock.py", "odr_portal/ticks.py"),
        # a line to the database, which is left
        "database/sessions.py",
        # counts of a host without pages, told by watch
        "odr_portal/processes/told_counts.py",
        # traces and reports of errors, where they are set
        *("web/telemetry/traces.py", "web/telemetry/reports.py"),
        # our own address, by check --deploy
        "odr_portal/front.py",
    }


def test_no_hash_that_is_broken_is_used() -> None:
    """TOTP apart: its HMAC-SHA-1 is in django-otp, as the apps of people compute it."""
    broken = re.compile(r"md5|sha1\b|SHA1\b|\bDES\b|RC4|modes\.ECB|modes\.CBC|PKCS1v15", re.IGNORECASE)
    found = {path.relative_to(ROOT).as_posix() for path in MODULES if broken.search(path.read_text(encoding="utf-8"))}
    assert found == {"odr_portal/settings.py"}
    lines = [line for line in (ROOT / "odr_portal/settings.py").read_text().splitlines() if broken.search(line)]
    assert len(lines) == 1
    assert "if TESTING" in (ROOT / "odr_portal/settings.py").read_text().split(lines[0])[0].splitlines()[-2]


def test_scripts_make_no_code_and_no_page_from_text_and_listen_to_no_other_window() -> None:
    files = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "static" / "js").glob("*.js"))}
    assert len(files) > 10
    makes = re.compile(
        r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML\s*=|srcdoc|innerHTML\s*\+?="
    )
    # The one list of our own page's server, in which every name is escaped (templates/routing/public/suggestions.html).
    assert {(name, found) for name, text in files.items() for found in makes.findall(text)} == {
        ("suggest.js", "innerHTML =")
    }
    assert {name for name, text in files.items() if "postMessage" in text} == {"proof.js", "proof-worker.js"}
    assert not [name for name, text in files.items() if 'window.addEventListener("message"' in text]
    # keys.js: which list the person walks; uploads.js: names of files that were not taken, until they were read. Both
    # end with the tab and with signing out.
    keeping = {name for name, text in files.items() if re.search("localStorage|sessionStorage|indexedDB", text)}
    assert keeping == {"keys.js", "uploads.js"}
    assert not [name for name, text in files.items() if re.search("localStorage|indexedDB", text)]
    assert not [name for name, text in files.items() if re.search(r"paste|__proto__|constructor\[", text)]


def test_no_library_for_any_of_it_is_installed_with_the_portal() -> None:
    """Beside what stands in the lock: only packages that the lock names are meant."""
    lock = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    installed = {dist.metadata["Name"].lower().replace("_", "-") for dist in distributions()}
    assert {name.lower().replace("_", "-") for name in lock} & installed
    names = {name for packages in NOT_IMPORTED.values() for name in packages} - {
        "xml",
        "lxml",
        "yaml",
        "cffi",
        "markdown",
    }
    assert {name.lower() for name in lock} & names == set()
