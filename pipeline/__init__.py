"""From PubMed to the right colleague.

PubMed ─ingest→ publications, authorships ─identify→ identities, authors ─connect→ coauthorships
─recommend→ candidates, recommendations, reasons ─publish→ serving database → SQL · API · digest

One direction. Each stage of `pipeline.stages` reads tables, calls its room, writes tables; Airflow,
the command line and the tests call the same stages.
"""

__version__ = "0.1.0"
