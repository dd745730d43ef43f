"""``plan frontier``: the optimum along one field or two."""
