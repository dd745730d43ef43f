"""``plan compare``: plans side by side."""
