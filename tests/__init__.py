"""The tests, in the folders of the code that they are about."""

from pathlib import Path

#: The project's folder.
ROOT = Path(__file__).resolve().parent.parent
#: Seconds that a test waits for something to happen: only what never happens uses them up, not a busy machine.
PATIENCE = 300
#: The packages that the portal is made of.
APPS = (
    "access",
    "accounts",
    "api",
    "authorities",
    "complaints",
    "database",
    "demo",
    "enterprises",
    "odr_portal",
    "oversight",
    "routing",
    "web",
)
