"""``plan sensitivity``: what each input does to cost and decisions."""
