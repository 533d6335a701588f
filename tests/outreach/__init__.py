"""Tests of what reaches people."""
