from datetime import date

import pytest

from kb.checking import Rule, Severity, check
from kb.drafts import EntryDraft, MatterDraft

LONG = "带上身份证原件到街道便民服务中心的民政窗口就行，当场受理，三个工作日办好，不收任何费用，好了就打电话告诉您。"
HOW = EntryDraft(
    "低保怎么申请？",
    "带身份证和户口本到街道便民服务中心交申请书，工作人员入户核查以后，由区民政局在二十个工作日里批下来，结果会公示。",
    "210100",
    key="CIVI-001/流程",
    matter="CIVI-001",
    aspect="流程",
)
FEE = EntryDraft(
    "办低保要花钱吗？",
    "不花钱，从申请、核查到审批都是免费的。有人以帮办低保为名收钱的，多半是骗子，请马上打12345告诉我们，或者打110报警。",
    "210100",
    key="CIVI-001/费用",
    matter="CIVI-001",
    aspect="费用",
)
WHO = EntryDraft(
    "什么人能吃低保？",
    "全家人均月收入低于本市低保标准，而且房、车、存款都不超过规定的本市户籍家庭可以申请，重病重残的人还可以单人申请。",
    "210100",
    key="CIVI-001/条件",
    matter="CIVI-001",
    aspect="条件",
)
PAPERS = EntryDraft(
    "申请低保要带什么？",
    "带全家的身份证、户口本和收入证明，有病有残的再带诊断书或残疾证。缺什么窗口会一次告诉您，不用来回跑好几趟。",
    "210100",
    key="CIVI-001/材料",
    matter="CIVI-001",
    aspect="材料",
)
MATTER = MatterDraft("CIVI-001", "最低生活保障申请", "咨询", ("吃低保",))
GOOD = (HOW, FEE, WHO, PAPERS)


@pytest.fixture
def check_with(knowledge):
    """Publishes the drafts beside a good matter and returns what the linter finds."""

    def run(*drafts, matters=(), without=()):
        knowledge.add_matters([MATTER, *matters])
        kept = [draft for draft in GOOD if draft not in without]
        knowledge.publish([*kept, *drafts], author="test")
        return list(check(knowledge, today=date(2026, 11, 24)))

    return run


def entry(question="高龄津贴怎么领？", answer=LONG, **more):
    return EntryDraft(question, answer, more.pop("region", "210100"), **more)


def test_a_good_base_has_no_faults_and_progress_is_told(knowledge):
    knowledge.add_matters([MATTER])
    knowledge.publish(GOOD, author="test")
    done = []
    assert list(check(knowledge, note=done.append)) == []
    assert sum(done) == 2 * len(GOOD)


@pytest.mark.parametrize(
    ("draft", "rule"),
    [
        (entry("低"), Rule.QUESTION_LENGTH),
        (entry(variants=("我" + "想问问" * 40,)), Rule.QUESTION_LENGTH),
        (entry(answer=LONG * 3), Rule.ANSWER_LENGTH),
        (entry(answer="可以。"), Rule.ANSWER_LENGTH),
        (entry(answer="可以，带身份证到街道就能办。"), Rule.BRIEF_ANSWER),
        (entry(answer=LONG + "电话13912345678。"), Rule.PHONE),
        (entry(answer=LONG + "电话88001234。"), Rule.PHONE),
        (entry(spoken_answer=LONG + "电话(024)88001234。"), Rule.PHONE),
        (entry(answer=LONG + "详见https://a.gov.cn"), Rule.UNSPEAKABLE),
        (entry(answer="1. 带身份证。2. 到窗口。" + LONG), Rule.UNSPEAKABLE),
        (entry(answer="<p>" + LONG), Rule.UNSPEAKABLE),
        (entry(answer=LONG + "（周末除外）"), Rule.UNSPEAKABLE),
        (entry(answer=LONG + "请下载APP办理。"), Rule.UNSPEAKABLE),
        (entry(answer="具体情况请咨询当地民政部门。", aspect="条件"), Rule.EVASIVE),
        (entry(answer="请您拨打当地街道办事处电话进行咨询。", aspect="费用"), Rule.EVASIVE),
        (entry(answer="您好，" + LONG), Rule.PREAMBLE),
        (entry(answer="根据有关规定，" + LONG), Rule.PREAMBLE),
        (entry(valid_to=date(2026, 11, 23)), Rule.EXPIRED),
    ],
)
def test_a_fault_of_one_entry_is_found(check_with, draft, rule):
    found = check_with(draft)
    assert rule in {finding.rule for finding in found}
    assert all(finding.question == draft.question and finding.message for finding in found)


@pytest.mark.parametrize(
    ("aspect", "answer"),
    [
        ("费用", "带上身份证原件到街道便民服务中心的民政窗口就行，当场受理，三个工作日以后就可以来取证。"),
        ("时限", "带身份证原件和户口本到街道便民服务中心的民政窗口就行，一分钱也不收，缺的材料可以后补。"),
        ("材料", "不收任何钱，三个工作日办好，办好以后打电话告诉您，路远的可以寄到家里去，不必再跑一趟。"),
        ("地点", "不收任何费用，三个工作日就能办好，办好以后发短信告诉您，证件可以寄回家，邮费由您自己出。"),
        ("网办", "带上身份证原件前往街道便民服务中心的民政窗口，当场受理，三个工作日办好，不收任何费用。"),
        ("代办", "带上身份证原件前往街道便民服务中心的民政窗口，当场受理，三个工作日办好，不收任何费用。"),
        ("异议", "带上身份证原件在街道便民服务中心的民政窗口递交，当场受理，三个工作日办好，不收任何费用。"),
    ],
)
def test_an_answer_to_something_else_is_found(check_with, aspect, answer):
    found = check_with(entry(f"高龄津贴的{aspect}是怎样的？", answer, matter="CIVI-001", aspect=aspect))
    assert {finding.rule for finding in found if finding.severity is Severity.ERROR} == {Rule.ASPECT}


def test_an_answer_that_is_long_only_on_the_page_passes(check_with):
    assert check_with(entry(answer=LONG * 3 + "（附表）", spoken_answer=LONG)) == []


def test_one_sentence_under_two_entries_is_found(check_with):
    (found,) = check_with(entry(variants=("低保，怎么申请",)))
    assert found.rule is Rule.DUPLICATE
    assert "低保怎么申请？" in found.message


def test_one_sentence_twice_in_an_entry_is_found(check_with):
    (found,) = check_with(entry(variants=("高龄津贴怎么领",)))
    assert found.rule is Rule.DUPLICATE
    assert "自己" in found.message


def test_the_same_question_in_another_place_is_no_duplicate(check_with):
    assert check_with(entry("低保怎么申请？", region="210105001")) == []


@pytest.mark.parametrize("question", ["请问低保要怎么申请？", "怎么申请低保的呢？"])
def test_two_matters_that_ask_nearly_the_same_are_found(check_with, question):
    other = MatterDraft("CIVI-099", "低保", "求助", ("低保金",))
    draft = entry(question, matter="CIVI-099", aspect="处理方式")
    found = [f for f in check_with(draft, matters=[other]) if f.severity is Severity.ERROR]
    assert [f.rule for f in found] == [Rule.NEAR_DUPLICATE]
    assert "最低生活保障申请" in found[0].message


def test_one_matter_may_ask_nearly_the_same_of_two_aspects(check_with):
    draft = entry("低保要怎么申请？", matter="CIVI-001", aspect="地点")
    assert check_with(draft) == []


def test_questions_of_two_matters_about_one_place_are_told_apart_without_its_name(check_with):
    drafts = [
        entry("在铁西区工人村街道领高龄津贴去哪里？", region="210105001"),
        entry("在铁西区工人村街道补社保卡去哪里？", region="210105001"),
    ]
    assert check_with(*drafts) == []


def test_two_aspects_with_one_answer_are_found(check_with):
    draft = entry("低保找谁办？", HOW.answer, matter="CIVI-001", aspect="地点")
    (found,) = check_with(draft)
    assert found.rule is Rule.SAME_ANSWER


@pytest.mark.parametrize(
    ("kind", "aspects", "says"),
    [
        ("投诉", ("标准", "材料", "时限", "进度"), "处理方式"),
        ("求助", ("标准", "材料", "时限", "进度"), "处理方式"),
        ("咨询", ("条件", "材料", "费用", "时限"), "流程"),
        ("咨询", ("流程", "地点", "费用", "时限"), "材料"),
        ("咨询", (), "没有一条"),
    ],
)
def test_a_matter_without_what_it_needs_is_found(knowledge, kind, aspects, says):
    knowledge.add_matters([MatterDraft("T-1", "路灯不亮", kind, ("灯不亮",))])
    answers = {
        "标准": "按规定路灯完好率不得低于百分之九十八，也就是一百盏灯里同时不亮的不能超过两盏，主干道要求更高。",
        "材料": "说清路名、灯杆编号和不亮的盏数，拍张照片更好。灯杆编号就在离地一米多高的地方，一般是四位数字。",
        "时限": "一般二十四小时里修好，电缆被挖断这样的大毛病要三到五天，修好以后会打电话告诉您，请留好手机号。",
        "进度": "打12345报上工单号就能查，也可以在小程序里看，修好以后还会有人打电话来，请您评一评满意不满意。",
        "条件": "路灯、庭院灯和景观灯不亮都可以报，小区里面物业自己装的灯除外，那些请您先跟小区的物业公司说一声。",
        "费用": "不收钱，市政路灯由政府出钱维修。谁要是上门跟您收路灯维修费，那是骗人的，请您马上打电话报警。",
        "流程": "先打12345登记，路灯管理处派人到现场看，能修的当场修好，要换线的排进计划，最后回电话告诉您结果。",
        "地点": "打12345就行，不用跑腿，路灯管理处二十四小时有人值班，接到转来的单子以后马上派车到现场去查看。",
    }
    knowledge.publish(
        [EntryDraft(f"路灯不亮的{a}？", answers[a], "210100", matter="T-1", aspect=a) for a in aspects], author="test"
    )
    found = [finding for finding in check(knowledge) if finding.severity is Severity.ERROR]
    assert [finding.rule for finding in found] == [Rule.MISSING_ASPECT]
    assert says in found[0].message
    assert found[0].matter == "T-1"


def test_a_matter_that_is_thin_or_has_no_everyday_name_gets_a_hint(check_with):
    thin = MatterDraft("CIVI-050", "骨灰安置", "咨询")
    drafts = [
        entry("骨灰往哪放？", LONG + "骨灰堂也在那里。", matter="CIVI-050", aspect="地点"),
        entry("骨灰寄存要什么证？", "带火化证和经办人的身份证就行，" + LONG[10:], matter="CIVI-050", aspect="材料"),
    ]
    found = check_with(*drafts, matters=[thin])
    assert {finding.rule for finding in found} == {Rule.FEW_ASPECTS, Rule.NO_ALIAS}
    assert {finding.severity for finding in found} == {Severity.WARNING}


def test_two_matters_with_one_everyday_name_are_found(check_with):
    other = MatterDraft("CIVI-002", "特困人员供养", "求助", ("五保", "吃 低保"))
    draft = entry("五保户怎么申请？", matter="CIVI-002", aspect="处理方式")
    found = [f for f in check_with(draft, matters=[other]) if f.severity is Severity.ERROR]
    assert [f.rule for f in found] == [Rule.SHARED_ALIAS]
    assert "最低生活保障申请" in found[0].message


def test_local_entries_do_not_stand_in_for_the_citys_own(knowledge):
    knowledge.add_matters([MATTER])
    local = entry("铁西怎么申请低保？", region="210105", matter="CIVI-001", aspect="流程")
    knowledge.publish([local], author="test")
    assert [finding.rule for finding in check(knowledge)] == [Rule.MISSING_ASPECT]
