"""The embedded default: every service of the platform on loopback.

Started by `python -m localcloud` from the local cloud's own environment, which holds
the servers that must not share one with the Pulumi program. Nothing here imports
`components`, and `components` never imports this: they meet on HTTP only.
"""
