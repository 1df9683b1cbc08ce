"""Commands that measure Hotline on this machine: ``python -m bench`` runs those that need no data of their own."""
