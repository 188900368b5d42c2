"""All sweeps by name, for `watch` while the broker is away. To load them is to load half of the portal."""

from complaints import handling
from complaints.assignment import assigning, call_backs, owners
from complaints.dossier import building as dossiers
from complaints.handling import asking_promises, printing_documents, scanned_files
from complaints.law import working as law
from complaints.notices import delivery
from complaints.privacy import erasing
from complaints.record import witnessing
from complaints.stations import stations
from complaints.tables.exporting import lifecycle
from complaints.tables.platform import platform_files
from complaints.tables.round_trip import working
from complaints.webhooks import deliveries
from database.sweeping import Sweep
from enterprises.enrolment import enrolled
from oversight import letters
from oversight.administration import duty_changes
from oversight.counters import publishing, rollups
from oversight.hot_spots import campaign_effects, campaign_minutes, effects, guiding, hotspots, undertakings
from oversight.open_data import issuing
from oversight.portal_state import signs
from oversight.remedies import remedying
from oversight.reports import keeping as reports
from routing.directory_changes import previewing
from routing.forwarding import forwarding
from routing.rule_desk import learning, trying

SWEEPS: dict[str, Sweep] = {
    "filed": forwarding.sweep_filed,
    "assignments": assigning.sweep_assignments,
    "officers": assigning.sweep_officers,
    "owners": owners.sweep_owners,
    "clocks": handling.sweep_clocks,
    "notices": delivery.sweep_notices,
    "exports": lifecycle.sweep_exports,
    "dossiers": dossiers.sweep_dossiers,
    "documents": printing_documents.sweep_documents,
    "round_trips": working.sweep_round_trips,
    "law": law.sweep_law,
    "platform_files": platform_files.sweep_platform_files,
    "webhooks": deliveries.sweep_webhooks,
    "witnesses": witnessing.sweep_witnesses,
    "evidence": scanned_files.sweep_evidence,
    "exits": enrolled.sweep_exits,
    "call_backs": call_backs.sweep_call_backs,
    "promises": asking_promises.sweep_promises,
    "expired": erasing.sweep_expired,
    "previews": previewing.sweep_previews,
    "successions": forwarding.sweep_successions,
    "trials": trying.sweep_trials,
    "lessons": learning.sweep_lessons,
    "counters": rollups.fold,
    "comparison": rollups.sweep_comparison,
    "figures": publishing.publish,
    "summaries": letters.sweep_summaries,
    "hot_spots": hotspots.sweep,
    "effects": effects.sweep,
    "campaigns": campaign_effects.sweep,
    "minutes": campaign_minutes.sweep,
    "undertakings": undertakings.sweep,
    "remedies": remedying.sweep,
    "guidance": guiding.sweep_reminders,
    "open_data": issuing.sweep_open_data,
    "director_letters": letters.sweep_director_letters,
    "reports": reports.sweep_prints,
    "station_letters": stations.sweep_station_letters,
    "alarms": signs.sweep_alarms,
    "duties": duty_changes.sweep_duties,
    "posts": signs.sweep_posts,
    "record": signs.sweep_record,
}
