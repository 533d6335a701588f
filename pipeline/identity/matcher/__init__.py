"""The matcher of mentions: its labels, its training, and how right it is."""
