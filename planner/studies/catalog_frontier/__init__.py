"""``plan catalog frontier``."""
