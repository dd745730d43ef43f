"""``plan diff``."""
