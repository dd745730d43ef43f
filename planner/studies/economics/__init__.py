"""``plan economics``: what a plan earns."""
