"""The rules: their catalogue, and the kernels that judge by it."""
