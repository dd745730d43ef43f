"""``plan actuals``."""
