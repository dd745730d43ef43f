"""``plan catalog levers``."""
