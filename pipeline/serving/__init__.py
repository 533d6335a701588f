"""The database that platforms, the API and the digest read."""
