"""Faces of a plan: the terminal view, JSON, CSV and the published schemas. Nothing here decides or computes a plan."""
