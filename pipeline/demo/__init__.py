"""A made-up PubMed with known truth, served over HTTP on loopback."""
