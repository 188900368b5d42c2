"""What the nation asks the portal of a province."""

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from oversight.counters import nation
from web import cells


@csrf_exempt  # Portals ask each other without a browser; what they say is signed.
@require_POST
def own_sums(request: HttpRequest) -> HttpResponse:
    cells.heard(request)
    with connection.cursor() as cursor:
        return JsonResponse(nation.sums(cursor, settings.PROVINCE))
