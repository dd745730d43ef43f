"""``plan catalog``."""
