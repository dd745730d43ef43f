"""``headroom: simulated``: plans whose headroom is what their own requests need."""
