"""Tests of pipeline.identity.roster."""
