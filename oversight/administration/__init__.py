"""The pages of 三员: system, security and audit administrators.

Configuration, counts, accounts and logs; nothing here reads a case, a text or a file of one.
"""
