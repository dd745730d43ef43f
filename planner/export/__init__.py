"""A plan in files that others work with."""
