"""The starter city: hand-written matters and the builder that widens them to a whole city."""
