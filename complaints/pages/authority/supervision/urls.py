"""The addresses of supervision: instructions, what is late and reported upwards, what waits for a
decision.
"""

from django.urls import path

from complaints.pages.authority.supervision import call_backs, instructions, instructions_many, supervision

urlpatterns = [
    path("authority/urges/", instructions.board, name="authority-urges"),
    path("authority/urges/new/", instructions_many.new_instructions, name="authority-urges-new"),
    path("authority/urges/escalated/", supervision.escalated, name="authority-escalated"),
    path("authority/urges/decisions/", supervision.decisions, name="authority-decisions"),
    path("authority/urges/overdue/", supervision.overdue, name="authority-overdue"),
    path("authority/urges/<int:pk>/", instructions.instruction, name="authority-urge"),
    path("authority/call-backs/", call_backs.call_backs, name="authority-call-backs"),
    path("authority/call-backs/<int:pk>/", call_backs.call_back, name="authority-call-back"),
    path("open/call-backs/", call_backs.public, name="open-call-backs"),
]
