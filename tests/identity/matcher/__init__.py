"""Tests of pipeline.identity.matcher."""
