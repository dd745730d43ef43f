"""A plan's replicas and its requests, as simulations take them: pools, curves, what comes to each."""
