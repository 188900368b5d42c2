"""All settings, in one file, from the environment. An odd value refuses to start."""

import sys
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from accounts.keys import ciphers, keys
from complaints.record import notes
from database import roles
from web import environment, servers
from web.telemetry import lines

ROOT = environment.ROOT
LOCAL = environment.local_folder()

DEBUG = environment.yes_no("DEBUG", False)
# The portal's own address. With https every cookie carries the __Host- prefix and the browser is told to stay there.
SITE_URL = environment.site("SITE_URL", environment.text("SITE_URL"))
HTTPS = SITE_URL.startswith("https://")
# The province whose cases this portal keeps (GB/T 2260, two digits): stands in their numbers, and every id begins at
# this many times 10^14 (database/id_ranges.py). 00: the portal is of no single province.
PROVINCE = environment.province("PROVINCE", environment.text("PROVINCE", "00"))
# The portals of other provinces, and the key with which portals sign what they say to each other (web/cells.py).
CELLS_SECRET = environment.text("CELLS_SECRET")
CELLS = environment.cells("CELLS", environment.words("CELLS"), own=PROVINCE)
# The database into which the counters of all provinces flow (oversight/counters/nation.py).
NATION_URL = environment.text("NATION_URL")
if CELLS:
    environment.strong("CELLS_SECRET", CELLS_SECRET)
# The demo mailbox shows one-time codes to everybody: only ever on for demo data.
DEMO = environment.yes_no("DEMO", False)
TESTING = "pytest" in sys.modules

_KEYLESS = {
    *("makemigrations", "check", "collectstatic", "database_roles", "compilemessages", "help", "write_permissions")
}
# These make what the settings name: a file that is not there yet is no mistake to them.
_MAKES_KEYS = {"make_keys", "make_vault_keys", "make_document_key", "make_seal_key"}
_KEYLESS |= _MAKES_KEYS
COMMAND = sys.argv[1] if len(sys.argv) > 1 and Path(sys.argv[0]).name in {"manage.py", "django-admin"} else ""

SECRET_KEY = "" if COMMAND in _MAKES_KEYS else environment.text("SECRET_KEY")
if not SECRET_KEY:
    if not (TESTING or COMMAND in _KEYLESS or DEBUG or not COMMAND):
        raise SystemExit("SECRET_KEY is not set: run `make run` once (it makes one), or set a long random value.")
    SECRET_KEY = "only-for-tests-and-commands-that-sign-nothing"  # noqa: S105
else:
    environment.strong("SECRET_KEY", SECRET_KEY)
# The keys before: what they signed (sessions, reset links) still opens, nothing new is signed with them.
SECRET_KEY_FALLBACKS = [
    environment.strong("SECRET_KEY_FALLBACKS", key) for key in environment.words("SECRET_KEY_FALLBACKS")
]

ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS", environment.host_of(SITE_URL) or "localhost 127.0.0.1 [::1]")
CSRF_TRUSTED_ORIGINS = environment.words("CSRF_TRUSTED_ORIGINS", SITE_URL)
# One-time codes of strangers an hour: one line (/64 of IPv6), one whose browsers did no work (no scripts), and all.
CODES_PER_ADDRESS = environment.number("CODES_PER_ADDRESS", 60, least=1, most=1_000_000)
CODES_PER_ADDRESS_UNWORKED = environment.number("CODES_PER_ADDRESS_UNWORKED", 10, least=1, most=1_000_000)
CODES_PER_HOUR = environment.number("CODES_PER_HOUR", 3000, least=1, most=10_000_000)
# How many proxies stand in front and append to X-Forwarded-For; behind https there is one.
TRUSTED_PROXIES = environment.number("TRUSTED_PROXIES", 1 if HTTPS else 0, least=0, most=9)

# What closes the keys of people, and what makes blind indexes. Never in the database, never in a backup of it.
VAULT_KEY_FILE = environment.text("VAULT_KEY_FILE")
VAULT_KEYS: keys.VaultKeys | None = None
try:
    if COMMAND in _MAKES_KEYS:
        pass
    elif VAULT_KEY_FILE:
        VAULT_KEYS = keys.read(Path(VAULT_KEY_FILE))
    elif environment.text("VAULT_KEYS"):
        VAULT_KEYS = keys.parse(environment.text("VAULT_KEYS"))
except keys.UnusableKeys as problem:
    raise SystemExit(f"VAULT_KEY_FILE: {problem}") from None
if VAULT_KEYS is None and not (TESTING or COMMAND in _KEYLESS or DEBUG or not COMMAND):
    raise SystemExit("VAULT_KEY_FILE is not set: `make run` makes one, or use `manage.py make_vault_keys FILE`.")
# What is written next; what stands there is read in either.
VAULT_CIPHER = environment.one_of("VAULT_CIPHER", "aes-gcm", set(ciphers.SUITES))
# Statements, messages and notes are sealed as names and numbers are; "no" leaves free texts readable in the database.
ENCRYPT_FREE_TEXTS = environment.yes_no("ENCRYPT_FREE_TEXTS", True)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.forms",
    "csp",
    "django_htmx",
    "heroicons",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "odr_portal",
    "demo",
    "web",
    "accounts",
    "authorities",
    "enterprises",
    "complaints",
    "routing",
    "oversight",
]

MIDDLEWARE = [
    # These three stand outermost: an answer that the framework makes by itself (a forged Host) carries them too.
    "web.headers.SecurityHeaders",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "web.headers.ProgramsByHttps",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Counts answers and makes traces of them, where somebody asked for that.
    "web.telemetry.middleware.Observed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    # Before a session is read: whether it has expired is asked of the clock.
    "odr_portal.clock_guard.TrustedClock",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sign_in.entering.SignedIn",
    # Below /api/ a token says who asks, and no cookie does; before anything asks who that is.
    "enterprises.programs.tokens.TokenMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    # Before anything of the body is read, and before a page sees a text.
    "web.incoming.ExactText",
    "web.errors.RefusedSteps",
    "database.standby.StandbyReads",
    # Who calls, whether they may, the view and its answer: all in one transaction.
    "database.row_security.RequestTransactions",
    # Whatever it refuses passes the same middleware on its way out as any other answer.
    "access.middleware.PermissionMiddleware",
    # Innermost: from here on under the caller's database role.
    "database.row_security.RowSecurityMiddleware",
    # Inside of it: what is read from the archive is taken back before it ends.
    "complaints.pages.shared.archived_reads.ArchivedReads",
]

ROOT_URLCONF = "odr_portal.urls"
WSGI_APPLICATION = "odr_portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": sorted(folder for folder in (ROOT / "templates").iterdir() if folder.is_dir()),
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "web.folded_templates.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
                "web.templatetags.portal",
                "accounts.templatetags.persons",
                "accounts.templatetags.proof",
                "complaints.templatetags.cases",
                "complaints.templatetags.law",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "odr_portal.site.page_context.page_context",
            ],
        },
    }
]
FORM_RENDERER = "web.form_renderer.PageRenderer"
CSRF_FAILURE_VIEW = "odr_portal.site.views.csrf_refused"

# --- PostgreSQL: the only truth ---------------------------------------------------------------------------------

# These commands change tables, so they work as the owner; everything else as a user who owns nothing.
OWNER_COMMANDS = {
    *("migrate", "makemigrations", "sqlmigrate", "flush", "showmigrations", "sqlflush", "squashmigrations"),
    *("rebuild_rollups", "adopt_migrations", "describe_schema"),
}
# Pages and sweeps must be quick; the statements of any other command may take minutes.
_is_quick = COMMAND in {"", "runserver", "watch", "shell", "test"}
_longest = environment.number("STATEMENT_TIMEOUT_MS", 5000, least=100, most=3_600_000)
_limits = {
    "statement_timeout": _longest,
    "lock_timeout": 3000,
    "idle_in_transaction_session_timeout": 10000,
    "transaction_timeout": max(30000, _longest),
}
# Seconds after which the web server itself cancels what a request does in the database.
LONGEST_TRANSACTION = _limits["transaction_timeout"] / 1000 + 2
_local_url = f"postgresql://portal_web@/portal?host={LOCAL / 'run'}"
_url_name = "DATABASE_URL"
if COMMAND in OWNER_COMMANDS and environment.text("DATABASE_OWNER_URL"):
    _url_name = "DATABASE_OWNER_URL"

_database = servers.database(_url_name, environment.text(_url_name, _local_url))
# A pooler that lends a session of the server for one transaction stands between (database/sessions.py). Only what is
# quick goes through it.
DATABASE_POOLED = environment.yes_no("DATABASE_POOLED", False) and _is_quick

# As whom statements run until somebody says otherwise. Pages: as nobody who sees a case, each request tells its
# caller. Workers, beat, watch and commands: as the steps. What changes tables: as the owner itself. Behind a pooler
# nothing lasts longer than a transaction, and each says it anew.
_SERVES_PAGES = COMMAND == "runserver" or "odr_portal.wsgi" in sys.modules
_SAYS_IT_EACH_TIME = DATABASE_POOLED or (_SERVES_PAGES and not TESTING)
DATABASE_ROLE = "" if COMMAND in OWNER_COMMANDS or _SAYS_IT_EACH_TIME else roles.STEPS
_options: dict[str, Any] = {name: limit if _is_quick else 0 for name, limit in _limits.items()}
if COMMAND == "migrate":
    # Whoever waits for a table stops everybody who comes after: it gives up and tries again in a quiet moment.
    _options["lock_timeout"] = environment.number("MIGRATION_LOCK_TIMEOUT_MS", 2000, least=100, most=600_000)
if _is_quick:
    # A page reads few rows: to start helpers for it takes longer (10 to 30 ms) than to read them alone.
    _options["max_parallel_workers_per_gather"] = 0
if COMMAND not in OWNER_COMMANDS:
    # Said here, they stand above what `alter role` left for new sessions, and `reset all` goes back to them.
    _options |= {"search_path": "public", "row_security": "on", "timezone": "UTC"}
# What each transaction says again behind a pooler, which passes nothing on.
DATABASE_SAYS = {name: str(value) for name, value in _options.items()}
if COMMAND not in OWNER_COMMANDS:
    _options |= {
        **{"role": DATABASE_ROLE or "none", "local_preload_libraries": ""},
        **{"default_transaction_read_only": "off", "default_transaction_isolation": r"read\ committed"},
    }

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        # Django's own for PostgreSQL, with a list of columns that no caller reads.
        "ENGINE": "database.backend",
        **_database,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # database.row_security opens the transaction of a request, with the caller's role in it.
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": DATABASE_POOLED,
        "OPTIONS": {
            "connect_timeout": 2,
            # A host that went dark is left after five seconds.
            "keepalives_idle": 3,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            "tcp_user_timeout": 5000,
            **_database["OPTIONS"],
            **(
                {} if DATABASE_POOLED else {"options": " ".join(f"-c {one}={value}" for one, value in _options.items())}
            ),
        },
    }
}
if not HTTPS and COMMAND in {"", "runserver", "watch"} and not servers.is_own_socket(DATABASES["default"]["HOST"]):
    raise environment.OddValue(
        "SITE_URL",
        SITE_URL,
        "with a database server of its own the portal is served by https only: write https://host.",
    )
# A standby, from which pages of the public and of oversight are read, a moment behind (database/standby.py).
DATABASE_REPLICA: dict[str, Any] = {}
if environment.text("DATABASE_REPLICA_URL") and _SERVES_PAGES:
    _replica = servers.database("DATABASE_REPLICA_URL", environment.text("DATABASE_REPLICA_URL"))
    _replica["OPTIONS"] = DATABASES["default"]["OPTIONS"] | {"target_session_attrs": "any"} | _replica["OPTIONS"]
    DATABASE_REPLICA = {**_replica, "READS_ONLY": True}
# The archive, to which the record of cases goes that were closed for years (complaints/record/moved/): for pages a
# login that only reads, for `manage.py archive_cases` one that owns the tables there.
ARCHIVE_DATABASE_URL = environment.text("ARCHIVE_DATABASE_URL")
if ARCHIVE_DATABASE_URL:
    servers.database("ARCHIVE_DATABASE_URL", ARCHIVE_DATABASE_URL)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- who you are ------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.sign_in.backend.PortalBackend"]
LOGIN_URL = "/account/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    # A slow hash is the point of Argon2, and of no test.
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "accounts.sign_in.guessable.GuessablePassword"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# In the database: sessions must outlive the loss of Valkey.
SESSION_ENGINE = "accounts.sign_in.sessions"
SESSION_SERIALIZER = "accounts.sign_in.sessions.SealedSessions"
# A cookie of their own would carry no prefix, and what they say.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Of who is not signed in; entering.py says how long the others last.
SESSION_COOKIE_AGE = 43200
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
PASSWORD_RESET_TIMEOUT = 1800

# How long somebody at work sees a consumer's contact data after saying why, and how many looks a day raise an alert.
REVEAL_MINUTES = environment.number("REVEAL_MINUTES", 30, least=1, most=480)
REVEALS_A_DAY = environment.number("REVEALS_A_DAY", 60, least=1, most=10_000)

# --- what a browser is told -------------------------------------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Not "no-referrer": browsers then send Origin: null and every form fails.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Of this host and over https alone: a page of a neighbouring host cannot set such a cookie.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
# Asked by the machine itself, without the proxy; and programs, which are refused instead (web/headers.py).
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^api/", r"^metrics"]
if HTTPS:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME = "__Host-session", "__Host-csrf", "__Host-language"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        **{name: [SELF] for name in ("script-src", "style-src", "img-src", "font-src", "connect-src")},
        # A complaint about another province goes on at its portal.
        "form-action": [SELF, *CELLS.values()],
        **{name: [NONE] for name in ("frame-ancestors", "base-uri", "object-src")},
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
# Well above the longest form (500 cases chosen at once), so that a form itself says how many are too many.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_PERMISSIONS = 0o640
MEDIA_ROOT = environment.text("MEDIA_ROOT", str(LOCAL / "files"))
# Evidence is private: no address of the site leads into this folder.
EVIDENCE_ROOT = environment.text("EVIDENCE_ROOT", str(LOCAL / "evidence"))
EVIDENCE_STORAGE = environment.one_of("EVIDENCE_STORAGE", "disk", {"disk", "s3"})
EVIDENCE_S3 = environment.bucket("EVIDENCE_S3") if EVIDENCE_STORAGE == "s3" else None
EVIDENCE_FILES_AT_FILING = environment.number("EVIDENCE_FILES_AT_FILING", 9, least=1, most=30)
EVIDENCE_FILES_A_CASE = environment.number("EVIDENCE_FILES_A_CASE", 30, least=1, most=500)
EVIDENCE_FILE_MB = environment.number("EVIDENCE_FILE_MB", 10, least=1, most=100)
EVIDENCE_VIDEO_MB = environment.number("EVIDENCE_VIDEO_MB", 50, least=1, most=500)
EVIDENCE_CASE_MB = environment.number("EVIDENCE_CASE_MB", 200, least=1, most=10_000)
DATA_UPLOAD_MAX_NUMBER_FILES = max(10, EVIDENCE_FILES_AT_FILING)
# New files are refused, and everything else goes on, before the disk is full.
EVIDENCE_DISK_RESERVE_MB = environment.number("EVIDENCE_DISK_RESERVE_MB", 500, least=0, most=1_000_000)
# Of processor and of clock, for one file.
EVIDENCE_INSPECTION_SECONDS = environment.number("EVIDENCE_INSPECTION_SECONDS", 20, least=2, most=60)
# With a scanner a file is shown to nobody but its sender before it is found clean; without one it says "unchecked".
CLAMD = environment.scanner("CLAMD_URL", environment.text("CLAMD_URL"))
EVIDENCE_SCAN = environment.yes_no("EVIDENCE_SCAN", CLAMD is not None)
if EVIDENCE_SCAN and CLAMD is None:
    raise environment.OddValue("EVIDENCE_SCAN", "on", "it needs CLAMD_URL=tcp://host:3310 or unix:///path/of/socket.")
# Files of exports wait here for a day at most.
EXPORT_ROOT = environment.text("EXPORT_ROOT", str(LOCAL / "exports"))
EXPORT_MOST_ROWS = environment.number("EXPORT_MOST_ROWS", 100_000, least=1, most=1_000_000)

# --- programs -------------------------------------------------------------------------------------------------

# Calls of one token within a minute; more are told when to come back.
API_CALLS_PER_MINUTE = environment.number("API_CALLS_PER_MINUTE", 600, least=1, most=1_000_000)
REST_FRAMEWORK = {
    # Each call says what it wants (api/base.py); whatever forgets to is shut.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.base.answered",
    "COMPACT_JSON": True,
    "UNICODE_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "12315 ODR",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "PREPROCESSING_HOOKS": ["api.describing.a_path_for_each_step"],
    "POSTPROCESSING_HOOKS": ["api.describing.what_every_call_may_answer"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "deepLinking": True},
}

# --- language and time ------------------------------------------------------------------------------------------

TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_AGE = 365 * 86400
# Each package keeps its own catalogue: locale/<package>/en/LC_MESSAGES/django.po
LOCALE_PATHS = sorted(folder for folder in (ROOT / "locale").glob("*") if folder.is_dir())

# --- static files -----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
# A package carries them ready (tools/package).
_built = ROOT / "static-built"
STATIC_ROOT = environment.text("STATIC_ROOT", str(_built if _built.is_dir() else LOCAL / "static"))
STATICFILES_DIRS = [ROOT / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "web.staticfiles.HashedFiles"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
# Pages of other sites read none of them.
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["jpg", "jpeg", "png", "gif", "webp", "zip", "gz", "br", "woff", "woff2", "map"]

# --- mail, log --------------------------------------------------------------------------------------------------

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
# Without these two, notices and codes land in the portal's own mailbox; in a demo always.
MAIL_SERVER = environment.mail_server("EMAIL_URL", environment.text("EMAIL_URL"))
MAIL_FROM = environment.mail_address("EMAIL_FROM", environment.text("EMAIL_FROM", "portal@localhost.localdomain"))
if MAIL_SERVER and not environment.text("EMAIL_FROM"):
    raise environment.OddValue(
        "EMAIL_FROM", "", "with EMAIL_URL, write the address that the portal's letters come from."
    )
SMS_GATEWAY = environment.gateway(
    "SMS_GATEWAY_URL",
    environment.text("SMS_GATEWAY_URL"),
    "SMS_GATEWAY_SECRET",
    environment.words("SMS_GATEWAY_SECRET"),
)
SMS_ALIYUN = environment.aliyun_sms(
    {
        part: environment.text(f"SMS_ALIYUN_{part}")
        for part in ("KEY_ID", "KEY_SECRET", "SIGN", "TEMPLATE", "CODE_TEMPLATE", "URL")
    }
)
if SMS_GATEWAY and SMS_ALIYUN:
    raise environment.OddValue("SMS_GATEWAY_URL", "…", "choose this gateway or SMS_ALIYUN_…, not both.")
# Where webhooks of enterprises may knock; always https, always addresses of the open internet.
WEBHOOK_PORTS = environment.ports("WEBHOOK_PORTS", environment.words("WEBHOOK_PORTS", "443"))
# Who keeps the newest checkpoint of the record outside: "2 of KEY@https://… KEY@https://… KEY@https://…".
try:
    WITNESSES = notes.parse_witnesses(environment.text("WITNESSES"))
except notes.OddNote as problem:
    raise environment.OddValue("WITNESSES", "…", f"{problem}.") from None
# An authority for time stamps (RFC 3161), and the certificates that its answers are checked against.
TSA_URL = environment.outside("TSA_URL", environment.text("TSA_URL"))
TSA_ROOT = environment.certificates("TSA_ROOT", environment.text("TSA_ROOT"))
if TSA_URL and not TSA_ROOT:
    raise environment.OddValue(
        "TSA_ROOT", "", "with TSA_URL, write the file with the root certificates of that authority."
    )
# LOG_FORMAT, LOG_LEVEL, and SENTRY_DSN, where errors are reported to.
SENTRY_DSN = environment.reports_to("SENTRY_DSN", environment.text("SENTRY_DSN"))
LOGGING = lines.log_settings()
TEST_RUNNER = "django.test.runner.DiscoverRunner"

# --- the broker, for workers and beat only ----------------------------------------------------------------------

REDIS_URL = servers.broker(
    "REDIS_URL", environment.text("REDIS_URL", f"redis+socket://{LOCAL / 'run' / 'valkey.sock'}")
)
# With sentinels: of which primary they are asked, their own password, and with whose certificates all speak TLS.
REDIS_PRIMARY = environment.text("REDIS_PRIMARY", "portal")
REDIS_SENTINEL_PASSWORD = environment.text("REDIS_SENTINEL_PASSWORD")
REDIS_CA = environment.text("REDIS_CA")
# A heartbeat older than this many seconds makes `watch` do the sweeps itself.
HEARTBEAT_STALE_AFTER = environment.number("HEARTBEAT_STALE_AFTER", 60, least=1, most=3600)
SWEEP_EVERY = environment.number("SWEEP_EVERY", 5, least=1, most=3600)
# Set for `watch` alone: nothing else may sign the record.
SEAL_KEY_FILE = environment.text("SEAL_KEY_FILE")
# Set for worker and `watch`: what they make as files (dossiers, documents) is signed with it.
DOCUMENT_KEY_FILE = environment.text("DOCUMENT_KEY_FILE")
# The system user of each process: web=… worker=… beat=… watch=…; each then checks who can read its keys.
PROCESS_USERS = environment.process_users("PROCESS_USERS", environment.words("PROCESS_USERS"))
# Who is written to when something of the portal stands still; empty: its system administrators.
ALARM_MAIL = [environment.mail_address("ALARM_MAIL", address) for address in environment.words("ALARM_MAIL")]
# Whom to tell of a hole: named in /.well-known/security.txt; without it there is no such file.
SECURITY_CONTACT = environment.contact("SECURITY_CONTACT", environment.text("SECURITY_CONTACT"))
# Who may read /metrics and the details of /healthz: whoever shows this word, or asks from one of these addresses.
METRICS_TOKEN = environment.text("METRICS_TOKEN")
METRICS_ADDRESSES = environment.words("METRICS_ADDRESSES")
# Where `watch` of a host without pages tells its counts.
WATCH_METRICS = environment.listening("WATCH_METRICS", environment.text("WATCH_METRICS"))
# The counts of all processes of this host.
METRICS_FOLDER = LOCAL / "metrics"
# Where traces go (the address of a collector, without /v1/traces), and of how many in a hundred.
OTLP_ENDPOINT = environment.outside("OTEL_EXPORTER_OTLP_ENDPOINT", environment.text("OTEL_EXPORTER_OTLP_ENDPOINT"))
OTLP_HEADERS = environment.pairs("OTEL_EXPORTER_OTLP_HEADERS", environment.text("OTEL_EXPORTER_OTLP_HEADERS"))
OTLP_CERTIFICATE = environment.text("OTEL_EXPORTER_OTLP_CERTIFICATE")
TRACES_PERCENT = environment.number("TRACES_PERCENT", 10, least=1, most=100)
