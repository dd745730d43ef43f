"""``plan catalog gaps``: what to measure next."""
