"""PubMed in: files and E-utilities to publications, authorships, topics, links."""
