"""The command line and composition root: the only package that reads the environment and may import every other."""
