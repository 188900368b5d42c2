"""Official documents: numbered by the step that issues them, frozen, printed by a worker, served, corrected by
versions."""
