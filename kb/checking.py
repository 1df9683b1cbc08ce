"""The editors' linter: faults of published entries that no single save can see, or that callers would hear.

:mod:`kb.rules` refuses what must never be stored; this module reads the whole base and tells what to mend.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from kb.drafts import EntryDraft, MatterDraft, PublishedEntry
from kb.knowledge import KnowledgeBase
from kb.likeness import like_pairs, pieces
from kb.models import Level
from kb.phones import phone_faults
from kb.regions import RegionTree, spoken_names
from kb.text import comparison_key

# At four characters a second, 130 are half a minute: as much as a listener keeps.
LONGEST_SPOKEN = 130
SHORTEST_ANSWER = 10
BRIEF_ANSWER = 45
QUESTION_LENGTHS = (4, 80)
# Measured on the starter city: questions of different matters that a reader takes for the same lie above.
NEAR_DUPLICATE = 0.75
FEWEST_ASPECTS = 4

HOW = ("处理方式", "流程", "网办", "地点")
WHAT = ("条件", "材料", "标准")


class Severity(StrEnum):
    """Errors must be mended before callers hear them; warnings deserve a look."""

    ERROR = "error"
    WARNING = "warning"


class Rule(StrEnum):
    """What is checked."""

    DUPLICATE = "duplicate"
    NEAR_DUPLICATE = "near-duplicate"
    SAME_ANSWER = "same-answer"
    MISSING_ASPECT = "missing-aspect"
    FEW_ASPECTS = "few-aspects"
    SHARED_ALIAS = "shared-alias"
    NO_ALIAS = "no-alias"
    QUESTION_LENGTH = "question-length"
    ANSWER_LENGTH = "answer-length"
    BRIEF_ANSWER = "brief-answer"
    PHONE = "phone"
    UNSPEAKABLE = "unspeakable"
    ASPECT = "aspect"
    EVASIVE = "evasive"
    PREAMBLE = "preamble"
    EXPIRED = "expired"


TITLES = {
    Rule.DUPLICATE: "同一句话指向两条词条",
    Rule.NEAR_DUPLICATE: "不同事项的问法几乎一样",
    Rule.SAME_ANSWER: "同一事项两个方面的答案一样",
    Rule.MISSING_ASPECT: "事项缺少必要的方面",
    Rule.FEW_ASPECTS: "事项的方面太少",
    Rule.SHARED_ALIAS: "两个事项用同一个别名",
    Rule.NO_ALIAS: "事项没有口语别名",
    Rule.QUESTION_LENGTH: "问题过短或过长",
    Rule.ANSWER_LENGTH: "答案过短，或长得没法念",
    Rule.BRIEF_ANSWER: "答案偏短",
    Rule.PHONE: "电话号码不规范",
    Rule.UNSPEAKABLE: "含有念不出来的内容",
    Rule.ASPECT: "答案没有回答所问的方面",
    Rule.EVASIVE: "答案只叫人去问别处",
    Rule.PREAMBLE: "答案没有先说结论",
    Rule.EXPIRED: "已过有效期仍在发布",
}
SEVERITIES = {Severity.ERROR: "错误", Severity.WARNING: "提示"}
_WARNINGS = {Rule.FEW_ASPECTS, Rule.NO_ALIAS, Rule.BRIEF_ANSWER, Rule.PREAMBLE}


@dataclass(frozen=True)
class Finding:
    """One fault."""

    rule: Rule
    message: str  #: in Chinese, what to mend
    question: str = ""
    entry: int | None = None  #: id of the entry
    key: str | None = None  #: its key
    matter: str | None = None  #: code of the matter

    @property
    def severity(self) -> Severity:
        """How grave it is; follows from the rule."""
        return Severity.WARNING if self.rule in _WARNINGS else Severity.ERROR


@dataclass
class _Base:
    """What the rules about several entries remember of each."""

    texts: dict[str, list[tuple[str, PublishedEntry]]] = field(default_factory=lambda: defaultdict(list))
    aspects: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    answers: dict[tuple, PublishedEntry] = field(default_factory=dict)


def check(
    knowledge: KnowledgeBase, today: date | None = None, note: Callable[[int], None] = lambda done: None
) -> Iterator[Finding]:
    """Every fault of what is published, entry by entry and then across entries.

    ``note`` is called with the number of entries read and again with the number compared.
    """
    today = today or date.today()
    lines = frozenset(knowledge.lines())
    regions = knowledge.regions
    base = _Base()
    for entry in knowledge.published():
        yield from check_entry(entry, lines, today)
        yield from _remember(base, entry, regions)
        note(1)
    yield from _matter_findings(knowledge.matters().values(), base.aspects)
    for region in list(base.texts):
        said = base.texts.pop(region)
        yield from _across(said, _names(regions, region))
        note(len({entry.id for _, entry in said}))


def _remember(base: _Base, entry: PublishedEntry, regions: RegionTree) -> Iterator[Finding]:
    draft = entry.draft
    base.texts[draft.region] += [(text, entry) for text in (draft.question, *draft.variants)]
    if not draft.matter:
        return
    if regions.get(draft.region).level is Level.CITY:
        base.aspects[draft.matter].add(draft.aspect or "")
    other = base.answers.setdefault((draft.matter, draft.region, comparison_key(draft.answer)), entry)
    if other is not entry:
        yield _finding(Rule.SAME_ANSWER, entry, f"与“{other.draft.question}”的答案一样，请各答各的")


# --- one entry ---------------------------------------------------------------------------------------------------

_UNSPEAKABLE = (
    (re.compile(r"https?://|www\.|[\w-]+\.(?:com|cn|net|org|gov)\b", re.IGNORECASE), "网址"),
    (re.compile(r"<[a-zA-Z/][^>]*>|&[a-z]+;|\*\*|^#+ |^\s*[-*•·] |\|", re.MULTILINE), "网页或排版符号"),
    (re.compile(r"[①-⑳⑴-⒇]|(?:^|[。；\n])\s*(?:\d{1,2}[.、．)]|[（(]\d{1,2}[)）])"), "条目编号"),
    (re.compile(r"[（(][^）)]*[）)]|[【】\[\]{}]"), "括号"),
    (re.compile(r"[A-Za-z]{2,}"), "外文字母"),
)
# What an answer must hold to be one to a question of its aspect. Wide on purpose: it finds answers to something else.
_CUES = {
    "材料": r"证|件|户口|房本|合同|表|材料|照片|发票|票|单|书|记录|截图|报告|凭|卡|资料|病历|录音|信息|号|位置|带|不用",
    "地点": r"去|到|在|窗口|中心|大厅|所|打|拨|找|向|交给",
    "时间": r"[年月日天周点季]|随时|小时|工作日|分钟|期|节|当时|早|晚",
    "时限": r"[年月日天周]|小时|分钟|当场|当天|马上|立即|立刻|随时|即时|长期|没有.{0,4}限|不限|期限|期间|期满|永久",
    "费用": r"元|块|角|免费|费|钱|不收|比例|百分之|万分之|千分之|缴|交|打折|价|自理|补助|报销|贷款",
    "标准": r"[一二三四五六七八九十百千两半\d]|按|标准|不得|最[高低]|比例|必须|应|不能|都|看|以|归|算|属于|就是|包括",
    "网办": r"网|手机|平台|线上|小程序|应用|微信|支付宝|掌上|公众号|自助|12123|电子|能|不行|扫码",
    "代办": r"代|委托|替|帮|本人|亲自|家[人属]|亲属|子女|监护人|父母|别人|他人|单位",
    "进度": r"[天日月年]|查|问|打|拨|短信|通知|告知|显示|看|电话|回复|反馈|联系",
    "异议": r"复议|诉|复核|投诉|申请|重新|反映|举报|核对|异议|更正|拨|打|找|向|协商|仲裁|监督|提出|鉴定|调解|请求",
    "处理方式": r"先|打|拨|报|到|向|找|投诉|举报|反映|联系|申请|马上|立即|可以|关|要|请",
    "流程": r"先|再|到|去|提交|申请|登|带|办|填|报|由|向|在|交|约|找|签|打",
    "条件": r"能|可|须|要|应|满|符合|不|属于|都|只要|凡|有|是|以上|以下|以内",
    "结果": r".",
    "特殊情形": r".",
}
_ASPECT_CUES = {aspect: re.compile(cues) for aspect, cues in _CUES.items()}
_ELSEWHERE = re.compile(
    r"(?:您好[，。]?)?(?:具体|详情|详细|相关|此问题|该问题|这个|这件事)?[^，。]{0,8}(?:请|建议|可以?|需要?|应)?(?:您)?(?:先|自行|另行|直接)?"
    r"(?:到|向|去|在)?[^，。]{0,16}(?:咨询|联系|致电|询问|拨打|查询|关注|查看|以[^，。]{0,12}为准)[^，。]{0,24}[。！]?"
    r"(?:谢谢[^。]{0,8}[。！]?|感谢[^。]{0,12}[。！]?)?"
)
# Questions that are answered by naming somebody to turn to.
_MAY_POINT = {"地点", "网办", "进度", "处理方式", "异议"}
_PREAMBLE = re.compile(r"^(?:您好|你好|尊敬的|感谢|首先感谢|根据|依据|按照《|关于您|您反映的|来电人|市民您)")


def check_entry(entry: PublishedEntry, lines: Iterable[str], today: date) -> Iterator[Finding]:
    """The faults of one entry by itself; ``lines`` are the numbers that it may name besides the common ones."""
    for rule, message in _entry_faults(entry.draft, frozenset(lines), today):
        yield _finding(rule, entry, message)


def _entry_faults(draft: EntryDraft, lines: frozenset[str], today: date) -> Iterator[tuple[Rule, str]]:
    spoken = draft.spoken_answer or draft.answer
    shortest, longest = QUESTION_LENGTHS
    for text in (draft.question, *draft.variants):
        if not shortest <= len(text) <= longest:
            yield Rule.QUESTION_LENGTH, f"“{text[:30]}”有{len(text)}字，应为{shortest}到{longest}字"
    yield from _length_faults(spoken)
    for message in dict.fromkeys((*phone_faults(draft.answer, lines), *phone_faults(spoken, lines))):
        yield Rule.PHONE, message
    for pattern, name in _UNSPEAKABLE:
        if found := pattern.search(spoken):
            yield Rule.UNSPEAKABLE, f"要念的答案里有{name}“{found.group().strip()[:20]}”，请改成能念的话"
    yield from _sense_faults(draft.aspect or "", spoken)
    if draft.valid_to and draft.valid_to < today:
        yield Rule.EXPIRED, f"有效期到{draft.valid_to}为止，请更新或撤下"


def _length_faults(spoken: str) -> Iterator[tuple[Rule, str]]:
    if len(spoken) > LONGEST_SPOKEN:
        yield Rule.ANSWER_LENGTH, f"要念的答案有{len(spoken)}字，超过{LONGEST_SPOKEN}字，请缩短或另写口播答案"
    elif len(spoken) < SHORTEST_ANSWER:
        yield Rule.ANSWER_LENGTH, f"答案只有{len(spoken)}字，说不清一件事，请补充"
    elif len(spoken) < BRIEF_ANSWER:
        yield Rule.BRIEF_ANSWER, f"答案只有{len(spoken)}字，看看是否少了该做什么、去哪里"


def _sense_faults(aspect: str, spoken: str) -> Iterator[tuple[Rule, str]]:
    cues = _ASPECT_CUES.get(aspect)
    if cues and not cues.search(spoken):
        yield Rule.ASPECT, f"问的是“{aspect}”，答案里却没有，请补上或改正方面"
    if aspect not in _MAY_POINT and _ELSEWHERE.fullmatch(spoken):
        yield Rule.EVASIVE, "答案只叫人去问别处，请把答案写出来"
    if found := _PREAMBLE.match(spoken):
        yield Rule.PREAMBLE, f"请删去开头的“{found.group()}”，第一句直接说结论"


# --- several entries ---------------------------------------------------------------------------------------------


def _matter_findings(matters: Iterable[MatterDraft], aspects: dict[str, set[str]]) -> Iterator[Finding]:
    named: dict[str, MatterDraft] = {}
    for matter in matters:
        has = aspects.get(matter.code, set())
        for message in _missing(matter, has):
            yield Finding(Rule.MISSING_ASPECT, message, matter.name, matter=matter.code)
        if has and len(has) < FEWEST_ASPECTS:
            message = f"只有{len(has)}个方面（{'、'.join(sorted(has))}），来电人常问的可能答不上"
            yield Finding(Rule.FEW_ASPECTS, message, matter.name, matter=matter.code)
        for alias in matter.aliases:
            other = named.setdefault(comparison_key(alias), matter)
            if other is not matter:
                message = f"别名“{alias}”也是“{other.name}”（{other.code}）的，请各用各的叫法"
                yield Finding(Rule.SHARED_ALIAS, message, matter.name, matter=matter.code)
        if not matter.aliases:
            message = "请补几个来电人的叫法，不然口语问法找不到它"
            yield Finding(Rule.NO_ALIAS, message, matter.name, matter=matter.code)


def _missing(matter: MatterDraft, has: set[str]) -> Iterator[str]:
    if not has:
        yield "没有一条全市通用的词条，请补充或删去这个事项"
    elif matter.kind in ("投诉", "举报", "求助") and "处理方式" not in has:
        yield f"{matter.kind}类事项要有“处理方式”：该找谁、怎么报"
    elif matter.kind == "咨询":
        if not has.intersection(HOW):
            yield f"没有说怎么办，请补“{'”“'.join(HOW)}”中的一项"
        if not has.intersection(WHAT):
            yield f"没有说办的条件，请补“{'”“'.join(WHAT)}”中的一项"


def _names(regions: RegionTree, region: str) -> re.Pattern[str]:
    # Two questions about a street are not alike because both name it.
    names = {name for place in regions.path(region) for name in spoken_names(place)}
    return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))


def _across(said: list[tuple[str, PublishedEntry]], names: re.Pattern[str]) -> Iterator[Finding]:
    """Faults among all that is asked in one region."""
    first: dict[str, PublishedEntry] = {}
    alone: list[tuple[str, PublishedEntry]] = []
    for text, entry in said:
        other = first.get(key := comparison_key(text))
        if other is None:
            first[key] = entry
            alone.append((text, entry))
        else:
            where = "这一条自己" if other.id == entry.id else f"“{other.draft.question}”"
            message = f"“{text}”也在{where}里，请删去一处，否则来电人得到哪一条全凭运气"
            yield _finding(Rule.DUPLICATE, entry, message)
    yield from _nearly_the_same(alone, names)


def _nearly_the_same(said: list[tuple[str, PublishedEntry]], names: re.Pattern[str]) -> Iterator[Finding]:
    groups = [entry.draft.matter or entry.id for _, entry in said]
    closest: dict[int, tuple[float, int, int]] = {}
    pairs: Counter[int] = Counter()
    for i, j, degree in like_pairs([pieces(names.sub("", text)) for text, _ in said], NEAR_DUPLICATE, groups):
        later = said[j][1].id
        pairs[later] += 1
        closest[later] = max(closest.get(later, (0.0, i, j)), (degree, i, j))
    for later, (degree, i, j) in closest.items():
        (text, entry), (other_text, other) = said[j], said[i]
        more = f"，另有{pairs[later] - 1}处相近" if pairs[later] > 1 else ""
        message = (
            f"“{text}”与“{other_text}”（{other.matter_name or other.draft.question}）有{degree:.0%}相同{more}，"
            "请改得能分清，或并为一条"
        )
        yield _finding(Rule.NEAR_DUPLICATE, entry, message)


def _finding(rule: Rule, entry: PublishedEntry, message: str) -> Finding:
    return Finding(rule, message, entry.draft.question, entry.id, entry.draft.key, entry.draft.matter)
