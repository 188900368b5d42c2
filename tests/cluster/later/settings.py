"""The portal's settings and one package more, whose migration wants the table that everybody files into."""

from odr_portal.settings import *  # noqa: F403
from odr_portal.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.cluster.later"]
