"""Rows that were read, merged with the lake."""
