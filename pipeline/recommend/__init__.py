"""Whom to work with next: candidates, scores, reasons."""
