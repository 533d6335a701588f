"""From PubMed into the spool: the E-utilities, and a mirror of its files."""
