"""Files of the spool to rows: PubMed XML, MEDLINE text, lists of deleted PMIDs."""
