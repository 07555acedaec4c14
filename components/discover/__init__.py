"""`python -m components.discover`: a workspace becomes a stack's config."""
