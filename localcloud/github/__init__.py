"""A GitHub on loopback: its REST API, kept on disk, and git over HTTP.

Served are the operations that delivery needs: Actions and Dependabot secrets and
variables of repositories, environments and organizations, environments with their
protection, repositories, organizations, teams, users, GitHub Apps and rate limits.
Every request and every response is checked against GitHub's own description
(`description/`), so that a client which works here speaks GitHub's language.

Start it with `python -m localcloud.github`; `docs/localcloud-github.md` is the manual.
"""
