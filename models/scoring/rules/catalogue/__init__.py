"""The rule catalogue, in modules like those of the kernels that judge by it; `registry` puts it in order."""
