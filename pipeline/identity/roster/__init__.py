"""An institution's people among the authors: candidates, evidence, confidence."""
