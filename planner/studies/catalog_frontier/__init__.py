"""``plan catalog frontier``: rate per GPU against speed per user."""
