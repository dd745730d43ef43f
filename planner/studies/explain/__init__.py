"""``plan explain``."""
