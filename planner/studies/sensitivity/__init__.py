"""``plan sensitivity``."""
