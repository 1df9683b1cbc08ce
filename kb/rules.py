"""What every entry must satisfy before it may be published, whoever hands it in."""

import re
from collections.abc import Container

from kb.drafts import EntryDraft
from kb.text import comparison_key

# Longer than any question a person asks or a law's title; beyond it, rows are usually shifted columns.
LONGEST_QUESTION = 500
# The longest article of national law has under 4,000 characters.
LONGEST_ANSWER = 8_000
LONGEST_NAME = 120
_REPLACEMENT = "\ufffd"
# Control characters but line ends and tabs; halves of surrogate pairs, which no database stores.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def faults(draft: EntryDraft, regions: Container[str], lines: Container[str]) -> list[str]:
    """Reasons, in Chinese, why the draft may not be published; empty when it may.

    ``regions`` and ``lines`` hold the known region codes and line numbers.
    """
    return [
        *_question_faults(draft),
        *_answer_faults(draft),
        *_reference_faults(draft, regions, lines),
        *_validity_faults(draft),
    ]


def _question_faults(draft: EntryDraft) -> list[str]:
    found = []
    if not comparison_key(draft.question):
        found.append("问题为空")
    if len(draft.question) > LONGEST_QUESTION:
        found.append(f"问题超过{LONGEST_QUESTION}字")
    for text in (draft.question, *draft.variants):
        found += _character_faults(text)
    return found


def _answer_faults(draft: EntryDraft) -> list[str]:
    found = []
    if not draft.answer.strip():
        found.append("答案为空")
    if len(draft.answer) > LONGEST_ANSWER:
        found.append(f"答案超过{LONGEST_ANSWER}字")
    return found + _character_faults(draft.answer + (draft.spoken_answer or ""))


def _reference_faults(draft: EntryDraft, regions: Container[str], lines: Container[str]) -> list[str]:
    found = []
    if draft.region not in regions:
        found.append(f"区域“{draft.region}”不存在")
    if draft.line and draft.line not in lines:
        found.append(f"热线号码“{draft.line}”不在归并热线表中")
    if len(draft.category) > 3:
        found.append("分类超过三级")
    if len(draft.key or "") > LONGEST_NAME or len(draft.matter or "") > 40:
        found.append("编号或事项代码过长")
    return found


def _validity_faults(draft: EntryDraft) -> list[str]:
    if draft.valid_from and draft.valid_to and draft.valid_from > draft.valid_to:
        return ["有效期的开始日期晚于结束日期"]
    return []


def _character_faults(text: str) -> list[str]:
    if _REPLACEMENT in text:
        return ["含有乱码（编码不对），请用UTF-8或GB18030保存后再导入"]
    if _UNSEEN.search(text):
        return ["含有不可见的控制字符，请删去后再导入"]
    return []
