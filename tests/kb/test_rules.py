from datetime import date

import pytest

from kb.drafts import EntryDraft
from kb.rules import LONGEST_ANSWER, LONGEST_QUESTION, faults

GOOD = {"question": "社保卡丢了怎么办？", "answer": "先挂失，再补卡。", "region": "210100"}


def found(**changes):
    return faults(EntryDraft(**(GOOD | changes)), {"210100"}, {"12333"})


def test_a_whole_entry_has_no_fault():
    assert found(line="12333", category=("社会保障", "社保卡"), valid_from=date(2026, 1, 1)) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"question": " ？！"}, "问题为空"),
        ({"question": "问" * (LONGEST_QUESTION + 1)}, "问题超过"),
        ({"answer": " \n"}, "答案为空"),
        ({"answer": "答" * (LONGEST_ANSWER + 1)}, "答案超过"),
        ({"question": "社保\ufffd卡"}, "乱码"),
        ({"answer": "先\x00挂失"}, "控制字符"),
        ({"variants": ("卡\x07丢了",)}, "控制字符"),
        ({"region": "999"}, "区域“999”不存在"),
        ({"line": "12399"}, "12399"),
        ({"category": ("一", "二", "三", "四")}, "三级"),
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)}, "晚于"),
    ],
)
def test_each_broken_rule_is_named(changes, reason):
    assert any(reason in fault for fault in found(**changes))
