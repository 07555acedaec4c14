"""The catalogue: one static page of what each stack has, from outputs and state."""
