"""The calendar: when the stages of `pipeline` run, and nothing else."""
