"""What affiliations print: department, institution, country of each."""
