"""``plan replan``."""
