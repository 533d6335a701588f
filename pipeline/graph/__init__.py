"""Who has written with whom: coauthorships, and the arrays that walks run on."""
