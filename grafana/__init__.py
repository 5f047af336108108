"""Dashboards as code. The boards arrive with the City Support Center; this package is their agreed place."""
