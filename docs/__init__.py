"""Documents: contracts, recipes, decisions."""
