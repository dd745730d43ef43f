"""``plan explain``: what limits cost, why something is left out, why there is no plan."""
