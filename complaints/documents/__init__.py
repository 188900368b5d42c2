"""Official documents: numbered by the step that issues them, frozen, printed, served, corrected by versions."""
