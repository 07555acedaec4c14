"""flowground: everything that a Prefect + Modal platform needs, as resources."""
