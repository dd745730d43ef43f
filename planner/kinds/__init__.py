"""One record per kind: limits, cash categories, evidence classes. Every table of words derives from them."""
