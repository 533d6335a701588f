"""What reaches people: digests through an outbox."""
