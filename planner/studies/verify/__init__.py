"""``plan verify``."""
