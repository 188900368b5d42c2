"""The pages of 三员: system, security and audit administrators.

The one rule: configuration, counts, accounts and logs; nothing here reads a case, a text or a file of one.
"""
