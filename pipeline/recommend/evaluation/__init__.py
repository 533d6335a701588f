"""How well recommendations foresee who works together next, beside what they have to beat."""
