"""Demo data: a made-up Fuzhou that walks the real verbs on a moving clock.

People, staff and officers are rows of ours; everything that happens to a case goes through the verbs.
"""
