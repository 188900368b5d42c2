"""The entry point for programs, /api/v1/: the same verbs, the same row security and the same table as the pages.

A program is the person to whom its token was issued, less what the token leaves out;
nothing can be done here that this person could not do on a page.
"""
