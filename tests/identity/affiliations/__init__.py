"""Tests of pipeline.identity.affiliations."""
