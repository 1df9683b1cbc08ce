"""One module per group of commands of `hotline`."""
