"""What `python -m tests.walls.attack` tries against a running demo, by HTTP alone."""
