"""``plan diff``: what changed between two plans."""
