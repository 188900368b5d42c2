"""Backup and restore: one file that holds database and evidence of one instant.

Whatever is not whole is not there. An archive gets its name when it is complete, a restored database
is committed at once, and everything is checked before anything is touched.
"""
