"""``plan show``."""
