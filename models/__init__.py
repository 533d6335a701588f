"""Estimators and pure numerics; imports nothing of ours."""
