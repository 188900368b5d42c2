"""Benchmarks that run where they are named only: of what is not installed by itself, or that take a machine alone."""
