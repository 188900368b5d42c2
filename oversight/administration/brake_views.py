"""/administration/system/lapses/: what waits because it is unusually much at once, for two of the system's people."""

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import redirect_once
from accounts.models import User
from accounts.sign_in.step_up import fresh_factor
from complaints.handling.transition import brake
from complaints.privacy import erasing, terms
from database.row_security import working_as_steps
from enterprises.team.team import TeamRefusal


@never_cache
@fresh_factor
@require_http_methods(["GET", "HEAD", "POST"])
def lapses(request: HttpRequest) -> HttpResponseBase:
    """What the brake holds (complaints/handling/transition/brake.py), for two of the system's administrators: lapses,
    and erasures of people whose term is over."""
    if not isinstance(request.user, User):
        raise Http404
    me, now = request.user, timezone.now()
    with working_as_steps():
        brakes = {held.what: held for held in (brake.read(now=now), terms.read_brake(now=now))}
    if request.method == "POST":
        held = brakes.get(request.POST.get("what", ""), brakes["lapses"])

        def agreed() -> tuple[str, str]:
            if not held.holds:
                raise TeamRefusal("nothing_waits", gettext("没有在等同意的期限。"))
            with working_as_steps():
                brake.agree(held, by=me, now=now)
                if held.what == "erasures":
                    erasing.look_again()
            return request.path, gettext("已同意。")

        return redirect_once(request, agreed)
    rows = [{"brake": held, "has_agreed": str(me.person_key) in held.agreed} for held in brakes.values()]
    context = {"rows": rows, "always": brake.ALWAYS, "persons": brake.PERSONS}
    return render(request, "administration/lapses.html", context)
