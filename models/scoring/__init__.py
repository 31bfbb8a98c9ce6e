"""How odd a reading is: rules and scores."""
