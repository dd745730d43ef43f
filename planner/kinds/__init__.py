"""Kinds: one record for every kind of thing that several rooms speak of, and every table of words made from them."""
