"""Who wrote what: mentions to identities and authors."""
