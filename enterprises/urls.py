"""The addresses of teams and of invitations."""

from django.urls import path

from enterprises.pages import enterprise_rules, invitation, team

app_name = "enterprises"

urlpatterns = [
    path("authority/team/leave/", enterprise_rules.leave, {"side": "authority"}, name="authority-leave"),
    path(
        "authority/team/leave/<int:pk>/cancel/",
        enterprise_rules.leave_cancel,
        {"side": "authority"},
        name="authority-leave-cancel",
    ),
    path("enterprise/team/leave/", enterprise_rules.leave, name="enterprise-leave"),
    path("enterprise/team/leave/<int:pk>/cancel/", enterprise_rules.leave_cancel, name="enterprise-leave-cancel"),
    path("enterprise/team/two-persons/", enterprise_rules.two_persons, name="enterprise-two-persons"),
    path("account/invitation/", invitation.invitation, name="invitation"),
    path("account/invitation/<str:token>/", invitation.open_link, name="invitation-link"),
    *(
        entry
        for side in team.SIDES
        for entry in (
            path(f"{side}/team/invite/", team.invite, {"side": side}, name=f"{side}-team-invite"),
            path(f"{side}/team/invitations/<int:pk>/revoke/", team.revoke, {"side": side}, name=f"{side}-team-revoke"),
            path(f"{side}/team/<int:pk>/", team.member, {"side": side}, name=f"{side}-team-member"),
        )
    ),
]
