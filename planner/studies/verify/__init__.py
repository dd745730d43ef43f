"""``plan verify``: every installed engine on the same matrix."""
