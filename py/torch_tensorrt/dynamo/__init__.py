"""The dynamo front end: torch.export and torch.compile graphs become engines."""
