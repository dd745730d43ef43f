"""``plan replan``: a plan for what is left to decide."""
