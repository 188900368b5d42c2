"""The addresses of stations: their own pages, what their posters and messages open, and their register."""

from django.urls import path

from complaints.views import authority_station, authority_stations, station, station_public

urlpatterns = [
    path("go/<str:code>/", station_public.go, name="go"),
    path("station/", station.home, name="station"),
    path("station/file/", station.file, name="station-file"),
    path("station/cases/", station.cases, name="station-cases"),
    path("station/log/", station.log, name="station-log"),
    path("station/log/new/", station.log_new, name="station-log-new"),
    path("station/log/<int:pk>/", station.log_entry, name="station-log-entry"),
    path("station/poster/", station.poster, name="station-poster"),
    path("station/confirm/", station_public.confirm, name="station-confirm"),
    path("station/confirm/<str:token>/", station_public.open_link, name="station-confirm-link"),
    path("authority/stations/", authority_stations.register, name="authority-stations"),
    path("authority/stations/<int:pk>/", authority_station.station, name="authority-station"),
    path("authority/stations/<int:pk>/table/", authority_station.table, name="authority-station-table"),
    path("authority/stations/staff/<int:pk>/end/", authority_stations.end, name="authority-station-end"),
]
