from dataclasses import replace
from datetime import date

import pytest

from hotline.settings import Settings
from hotline.wiring import open_knowledge
from kb.drafts import EntryDraft, MatterDraft
from kb.errors import KnowledgeError
from kb.exporting import export_file
from kb.importing import import_file
from kb.models import Audience

DRAFT = EntryDraft(
    "社保卡丢了，怎么“办”？",
    "先挂失，\n再补卡。",
    "210100",
    key="A/1",
    matter="HRSS-004",
    aspect="处理方式",
    variants=("卡没了咋整", "卡弄丢了"),
    organisation=("市人力资源和社会保障局", "210100"),
    line="12333",
    category=("社会保障", "社保卡"),
    audience=Audience.PERSON,
    valid_to=date(2027, 1, 1),
    source="办事指南",
)


@pytest.fixture
def filled(knowledge):
    knowledge.add_matters([MatterDraft("HRSS-004", "社保卡挂失补换", aliases=("社保卡补办",))])
    other = replace(DRAFT, key="A/2", question="在哪里补？", aspect="地点")
    knowledge.publish([DRAFT, other], author="test")
    return knowledge


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl", "jsonl.gz"])
def test_what_goes_out_comes_in_the_same_and_twice_in_the_same_bytes(filled, tmp_path, ending):
    one, two = tmp_path / f"one.{ending}", tmp_path / f"two.{ending}"
    assert export_file(filled, one) == 2
    export_file(filled, two)
    assert one.read_bytes() == two.read_bytes()
    other = open_knowledge(Settings(data=tmp_path / "other"))
    other.add_regions(filled.regions.path("210105"))
    other.add_lines([("12333", "人力资源社会保障", "市人力资源和社会保障局", "2021")])
    import_file(other, one)
    assert [e.draft for e in other.published()] == [e.draft for e in filled.published()]
    assert [e.matter_aliases for e in other.published()] == [("社保卡补办",)] * 2


@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_an_export_brings_its_places_lines_and_matters_into_an_empty_base(filled, tmp_path, ending):
    local = replace(DRAFT, key="A/3", region="210105001", organisation=("便民服务中心", "210105001"))
    tricky = replace(DRAFT, key="A/4", question="等于号？", answer="=1+1", variants=("补卡；换卡", "卡|证"))
    filled.add_matters([MatterDraft("HRSS-004", "社保卡挂失补换", "求助", ("社保卡补办",))])
    filled.publish([local, tricky], author="test")
    export_file(filled, tmp_path / f"a.{ending}")
    other = open_knowledge(Settings(data=tmp_path / "other"))
    import_file(other, tmp_path / f"a.{ending}")
    assert [e.draft for e in other.published()] == [e.draft for e in filled.published()]
    assert other.matters() == filled.matters()
    assert other.lines() == filled.lines()
    assert other.regions.full_name("210105001") == "铁西区工人村街道"


def test_an_export_broken_off_leaves_the_old_file_and_nothing_else(filled, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("旧", "utf-8")

    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_file(filled, file, stop)
    assert file.read_text("utf-8") == "旧"
    assert [f.name for f in tmp_path.iterdir() if f.is_file()] == ["a.csv"]


def test_what_a_sheet_would_cut_off_is_not_written(filled, tmp_path):
    filled.publish([replace(DRAFT, key="A/9", question="很多问法？", variants=("问" * 33_000,))], author="test")
    with pytest.raises(KnowledgeError, match="32,767"):
        export_file(filled, tmp_path / "a.xlsx")
    assert not list(tmp_path.glob("*.xlsx"))


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.jsonl"])
def test_a_folder_that_is_not_there_is_told(filled, tmp_path, name):
    with pytest.raises(KnowledgeError, match="路径"):
        export_file(filled, tmp_path / "nowhere" / name)


def test_an_unknown_format_or_folder_leaves_no_file(filled, tmp_path):
    with pytest.raises(KnowledgeError, match="格式"):
        export_file(filled, tmp_path / "a.doc")
    with pytest.raises(KnowledgeError, match="无法写入"):
        export_file(filled, tmp_path / "nowhere" / "a.csv")
    assert list(tmp_path.glob("*.doc")) == []
