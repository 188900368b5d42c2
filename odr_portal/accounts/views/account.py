"""One's own account: my details, how I sign in, and where I am signed in.

The one rule: everything here is about the person of this session and nobody else.
"""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from odr_portal.accounts.contacts import Contact
from odr_portal.accounts.display import remember
from odr_portal.accounts.forms import ProfileForm
from odr_portal.accounts.idempotency import once
from odr_portal.accounts.models import User


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Name, language of messages, and the way out."""
    user = request.user
    if not isinstance(user, User):
        raise Http404
    form = ProfileForm(
        request.POST if request.method == "POST" else None,
        initial={"name": user.name, "language": user.language},
    )
    if form.is_bound and form.is_valid():
        with once(request) as attempt:
            if not attempt.answered:
                user.name = form.cleaned_data["name"]
                user.language = form.cleaned_data["language"]
                user.save(update_fields=["name", "language"])
                attempt.reference = reverse("accounts:account")
        response = redirect(attempt.reference)
        remember(response, settings.LANGUAGE_COOKIE_NAME, form.cleaned_data["language"])
        return response
    contact = Contact("sms", user.phone) if user.phone else Contact("email", user.email or "")
    return render(
        request,
        "accounts/account.html",
        {"form": form, "masked": contact.masked if contact.address else ""},
        status=422 if form.is_bound else 200,
    )
