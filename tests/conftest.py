"""What all tests share."""

import hypothesis

# No deadline for an example: the first one may load data or compile kernels, and machines differ.
hypothesis.settings.register_profile("meterwatch", deadline=None)
hypothesis.settings.load_profile("meterwatch")
