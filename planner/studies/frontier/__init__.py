"""``plan frontier``."""
