"""What the server remembers: one SQLite file, a module of functions per concept.

Every function takes the open `Database` first and works inside the transaction of the
request that called it.
"""
