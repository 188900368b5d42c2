"""Benchmarks of what is not installed by itself."""
