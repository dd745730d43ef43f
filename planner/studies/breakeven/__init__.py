"""``plan breakeven``."""
