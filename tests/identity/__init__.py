"""Tests of pipeline.identity."""
