"""Made-up pasts for the evaluation of recommendations."""
