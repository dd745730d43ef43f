"""``plan alternatives``: plans that cost little more than the best and differ most."""
