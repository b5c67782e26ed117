"""How long a model's token takes to a learner's socket."""
