"""Requests as they come, and the replicas that serve them: discrete events, seeded, without a clock."""
