"""What gunicorn serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "odr_portal.settings")

application = get_wsgi_application()
if settings.DEMO:
    from accounts.demo import refuse_real_people

    refuse_real_people()
