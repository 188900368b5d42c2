"""The calls around the cases: who I am, the directory, what happened since.

Nothing here changes anything.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api import exact, shapes
from api.base import ApiView, validated
from api.caller import caller
from api.problems import WrongFields
from api.visibility import actors_for, events_for, side_of
from complaints.record import events
from enterprises.directory.finding import LONGEST_QUERY, find

MOST_HITS = 20


class Me(ApiView):
    """As whom this token acts."""

    scopes = {"GET": ""}

    def get(self, request: Request) -> Response:
        who = caller(request)
        actors, token = actors_for(who), who.token
        return Response(
            shapes.Me(
                {
                    "side": side_of(who),
                    "organisation": str(token.enterprise or token.authority or ""),
                    "enterprise_id": token.enterprise_id,
                    "authority_id": token.authority_id,
                    "staff_ids": [a.staff_id for a in actors if a.staff_id is not None],
                    "roles": sorted({str(role) for a in actors for role in a.roles}),
                    "scopes": token.scopes,
                    "token": token.shown,
                    "expires_at": token.expires_at,
                    "language": who.user.language,
                }
            ).data
        )


class DirectoryQuery(serializers.Serializer[Any]):
    q = exact.Text(max_length=LONGEST_QUERY, help_text="a name, a brand, a credit code or its initials")
    region = serializers.IntegerField(
        required=False, min_value=1, max_value=exact.LARGEST, help_text="those that serve it come first"
    )
    category = exact.Text(required=False, max_length=60)


class Enterprises(ApiView):
    """Who answers: enterprises by any of their names, best first."""

    scopes = {"GET": ""}

    def get(self, request: Request) -> Response:
        asked = validated(DirectoryQuery(data=request.query_params.dict()))
        hits = find(
            asked["q"],
            on=caller(request).today,
            region_id=asked.get("region"),
            category=asked.get("category", ""),
            limit=MOST_HITS,
        )
        return Response(
            shapes.EnterpriseHits(
                {
                    "results": [
                        {
                            "enterprise_id": hit.enterprise.pk,
                            "branch_id": hit.branch.pk if hit.branch else None,
                            "name": hit.enterprise.name,
                            "name_en": hit.enterprise.name_en,
                            "branch": hit.branch.name if hit.branch else None,
                            "brands": list(hit.brands),
                            "matched": hit.matched,
                            "is_enrolled": hit.is_enrolled,
                            "successor_id": hit.successor.pk if hit.successor else None,
                        }
                        for hit in hits
                    ]
                }
            ).data
        )


class EventQuery(serializers.Serializer[Any]):
    after = exact.Text(required=False, allow_blank=True, max_length=60, help_text="`next` of the look before")
    limit = serializers.IntegerField(required=False, min_value=1, max_value=events.MOST)


class Events(ApiView):
    """What happened to the own cases, in the order in which it was committed; nothing is ever skipped."""

    scopes = {"GET": "events:read"}

    def get(self, request: Request) -> Response:
        who = caller(request)
        asked = validated(EventQuery(data=request.query_params.dict()))
        try:
            rows, after = events.events_after(
                asked.get("after", ""), visible=events_for(who), limit=asked.get("limit", 100)
            )
        except events.OddCursor:
            raise WrongFields({"/after": [_("请用上一次得到的next。")]}) from None
        enterprise = who.token.enterprise_id
        refs = events.external_refs(rows, enterprise_id=enterprise) if enterprise is not None else {}
        return Response(
            shapes.EventPage(
                {
                    "events": [events.told(row, external_ref=refs.get(row.complaint_id, "")) for row in rows],
                    "next": after,
                }
            ).data
        )
