"""What every detector keeps, whatever it is: one suite over all of them."""
