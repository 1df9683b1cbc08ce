"""Knowledge: entries with their versions, regions, organisations, lines, the change feed, import and export.

Knows nothing of search, talk, sound or pages. Begin with :class:`kb.knowledge.KnowledgeBase`; the tables are in
:mod:`kb.models`, the editors' linter in :mod:`kb.checking`, the starter city in :mod:`kb.starter`.
"""
