"""``plan catalog``: what its commands do that are no studies, and their tables."""
