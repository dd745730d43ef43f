"""``plan history``: the runs of a store."""
