"""``plan history``."""
