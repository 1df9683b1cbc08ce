"""Commands that measure Hotline on this machine: ``python -m bench`` runs those that need no data of their own.

``callers.jsonl`` holds questions to the starter city, misheard or half said, for ``hotline index eval``; nothing is
trained on them.
"""
