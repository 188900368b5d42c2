"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

application = get_wsgi_application()

from accounts.demo import refuse_to_start  # noqa: E402 - it needs the apps
from complaints.listening.hearing import read_tables  # noqa: E402
from odr_portal.processes import forking, separation, translations  # noqa: E402
from web.telemetry import counts  # noqa: E402

separation.refuse_to_start("web")
translations.refuse_to_start()
refuse_to_start()
counts.begin("web")
# Once for all workers, who are made of this process.
read_tables()
forking.prepare()
