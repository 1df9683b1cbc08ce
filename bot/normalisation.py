"""Makes a question out of what was said or typed."""

import re

from bot.errors import UnacceptableUtteranceError
from kb.text import comparison_key, normalise

# Four sentences; longer texts are pasted letters, which search cannot answer and a person should read.
LONGEST_QUESTION = 500
# Said while thinking; they carry nothing that could be searched for.
_FILLERS = re.compile(
    r"^(?:(?:嗯+|呃+|额|哎+|喂+|那个|就是|内个|你好|您好|在吗|请问一下|请问|我想问一下|我问一下|我想问问)[，,、。？?！!~\s]*)+"
)


def accept(text: str) -> str:
    """Typed text as it may be worked on. :class:`UnacceptableUtteranceError` if it is empty or too long."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnacceptableUtteranceError("问题里有无法识别的字符，请重新输入。") from error
    if not comparison_key(text):
        raise UnacceptableUtteranceError("请输入要问的问题。")
    if len(text) > LONGEST_QUESTION:
        raise UnacceptableUtteranceError(f"问题太长，请用{LONGEST_QUESTION}个字以内说明要问的事。")
    return text.replace("\x00", "")


def to_question(text: str) -> str:
    """Canonical form of a question: :func:`kb.text.normalise` without the fillers at its beginning.

    Empty when there is nothing but fillers: a greeting, or a caller who is still thinking.
    """
    return _FILLERS.sub("", normalise(text))
