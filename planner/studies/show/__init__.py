"""``plan show``: a saved run as it was."""
