"""``plan levers``."""
