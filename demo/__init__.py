"""Demo data: a made-up Fuzhou that walks the real verbs on a moving clock."""
