"""What is expected of a meter, and what was measured."""
