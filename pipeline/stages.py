"""The story, stage by stage. Each does all that is pending and is safe to run twice."""
