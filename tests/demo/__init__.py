"""Tests of pipeline.demo."""
