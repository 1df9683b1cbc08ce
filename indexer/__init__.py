"""Entries made searchable: embedding, FAISS, lexical search, fusion, calibrated confidence, evaluation.

Knows nothing of dialogue, sound or pages. Begin with :class:`indexer.search.Searcher` (asking) and
:func:`indexer.build.build` (making the index); what comes out is a :class:`indexer.messages.Hit`.
"""

import os

# Caller data never leaves the machine. Haystack reads this when it is first imported, and every import passes here.
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "false"
