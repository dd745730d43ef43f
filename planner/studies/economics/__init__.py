"""``plan economics``."""
