"""Migrations of the serving database, applied when it is opened."""
