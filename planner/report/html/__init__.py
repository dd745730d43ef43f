"""A plan as one page that needs no network: figures, tables and sources in a single file of HTML."""
