"""The starter city: matters written by hand, and the builder that widens them to a whole city.

``matters-*.jsonl`` are the hand-written part, ``businesses.json`` says how those that differ by place are spoken of and
where they are done, ``regions.json`` and ``lines.json`` are the city's places and merged lines.
Begin with :func:`kb.starter.builder.build`; the places it makes up are in :mod:`kb.starter.places`, the sentences in
:mod:`kb.starter.wording`. Everything made up carries 示例 in its source: a city replaces it by import.
"""
