"""``plan breakeven``: buy, reserve, rent or call an API, and the price at which the plan changes."""
