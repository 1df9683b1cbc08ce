"""The conversation: one utterance in, one reply out.

Knows nothing of sound or pages. Begin with :meth:`bot.conversation.Conversation.hear`; what goes in and out is in
:mod:`bot.messages`, the choice of the move in :mod:`bot.policy`, every sentence the bot says in :mod:`bot.wording`.
"""
