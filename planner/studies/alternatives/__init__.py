"""``plan alternatives``."""
