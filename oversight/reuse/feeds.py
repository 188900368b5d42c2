"""/open/<kind>.atom: what was published, as an Atom feed (RFC 4287) of each kind, by Django's syndication framework."""

from datetime import UTC, datetime

from django.contrib.syndication.views import Feed
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks
from django.utils.translation import gettext as _

from accounts.public_pages import public_page
from accounts.sign_in.limits import place_of
from oversight.reuse.publications import KINDS, Kind, Publication


class _Atom(Atom1Feed):
    def latest_post_date(self) -> datetime:
        """Of nothing the framework says now: a feed that changes with each look."""
        return super().latest_post_date() if self.items else datetime(1970, 1, 1, tzinfo=UTC)


class PublicationFeed(Feed):  # type: ignore[type-arg]
    """Of one kind; every address in it is whole, as a feed is read elsewhere."""

    feed_type = _Atom

    def __init__(self, place: str) -> None:
        self.place = place

    def get_object(self, request: HttpRequest, kind: str) -> Kind:
        return KINDS[kind]

    def title(self, kind: Kind) -> str:
        return f"{kind.title} · {_('12315 在线和解')}"

    def link(self, kind: Kind) -> str:
        return self.place + reverse(kind.path)

    def feed_url(self, kind: Kind) -> str:
        return self.place + reverse("oversight:open-feed", args=[kind.code])

    def items(self, kind: Kind) -> list[Publication]:
        return kind.newest()

    def item_title(self, item: Publication) -> str:
        return item.title

    def item_description(self, item: Publication) -> str:
        # A summary of Atom is HTML.
        return linebreaks(item.text, autoescape=True) if item.text else ""

    def item_link(self, item: Publication) -> str:
        return self.place + item.path

    def item_author_name(self, item: Publication) -> str:
        return item.by or _("12315 在线和解")

    def item_pubdate(self, item: Publication) -> datetime:
        return item.published_at

    def item_updateddate(self, item: Publication) -> datetime:
        return item.changed_at


@public_page(fresh=0, kept=0)
def feed(request: HttpRequest, kind: str) -> HttpResponse:
    """Made anew each time, as what was withdrawn must be gone at once; a reader that has it is told so."""
    if kind not in KINDS:
        raise Http404
    return PublicationFeed(place_of(request))(request, kind=kind)
