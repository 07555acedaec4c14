"""Routes under `/_local/`, which GitHub does not have: to set up, to look, to test.

They take the bootstrap token only. `docs/localcloud-github.md` lists them.
"""
