"""PubMed in: fetch it into the spool, read the files, merge their records with the lake.

`fetch` speaks to PubMed, `read` turns files into rows, `merge` puts these into the lake; `files`
leads through the last two, commit by commit.
"""
