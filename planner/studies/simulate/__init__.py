"""``plan simulate``."""
