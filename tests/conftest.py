"""What all tests share: their own database server. The cast is in tests/cast.py."""

pytest_plugins = ["tests.server", "tests.directory", "tests.cast"]
