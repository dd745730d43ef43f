"""``plan sweep``."""
