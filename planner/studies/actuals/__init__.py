"""``plan actuals``: what really came, beside what was planned."""
