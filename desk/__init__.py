"""People's work: conversations with their turns and hand-overs as rows that every later report reads.

Knows nothing of sound or pages. Begin with :class:`desk.conversations.ConversationLog`.
"""
