"""The composition root: settings, the command line and the wiring of one process. Imports all, imported by none."""
