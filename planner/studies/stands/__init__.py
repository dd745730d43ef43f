"""``plan stands``: the assumptions that carry a plan, and where each would change the orders due next."""
