"""The published formats: results, catalogs and scenarios, described by field."""
