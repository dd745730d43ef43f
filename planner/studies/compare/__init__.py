"""``plan compare``."""
