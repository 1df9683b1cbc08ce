"""Makes the starter city: exactly so many published entries, the same every time.

In order: everything written by hand; a contact for each grid; what differs by place, district by district; the service
centres; where each matter is handled street by street; the communities' own; and at last the telephones, hours and
appointments of what streets settle themselves. What is first in this order is never cut, so that more matters written
by hand push out the most repetitive entries.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from kb.drafts import EntryDraft, MatterDraft, OrganisationDraft
from kb.errors import KnowledgeError
from kb.knowledge import KnowledgeBase
from kb.models import Audience
from kb.starter import wording
from kb.starter.places import FOLDER, Centre, City, Community, read_city
from kb.text import comparison_key

TOTAL = 132_800
AUTHOR = "示例城市"
SOURCE = "示例城市便民信息（示例）"
COMMUNITY_SERVICES = ("社区服务", "社区生活")
GRID_SERVICES = ("社区服务", "网格服务")
CENTRE_SERVICES = ("政务服务", "办事大厅")
PLACE_KINDS = ("where", "phone", "hours", "appointment")
# Six digits, so that no badge looks like a public number.
FIRST_BADGE = 200_001


@dataclass(frozen=True)
class Starter:
    """The hand-written part as read from its files."""

    city: City
    matters: tuple[dict, ...]
    lines: tuple[dict, ...]
    businesses: dict[str, dict]  #: by code of a matter that differs by place: how it is spoken of, and where it is done

    @classmethod
    def read(cls, folder: Path = FOLDER) -> "Starter":
        """Read ``matters-*.jsonl`` in the order of their names, and the other files beside them."""
        files = sorted(folder.glob("matters-*.jsonl"))
        matters = [json.loads(row) for file in files for row in file.read_text("utf-8").splitlines() if row.strip()]
        lines = json.loads((folder / "lines.json").read_text("utf-8"))
        businesses = json.loads((folder / "businesses.json").read_text("utf-8"))
        return cls(read_city(folder), tuple(matters), tuple(lines), businesses)


def build(
    knowledge: KnowledgeBase,
    total: int = TOTAL,
    note: Callable[[int], None] = lambda done: None,
    starter: Starter | None = None,
) -> int:
    """Publish exactly ``total`` entries into an empty knowledge base and return how many.

    :class:`KnowledgeError` if there are entries already, or if the hand-written part and the grids alone are more.
    """
    if knowledge.count_published():
        raise KnowledgeError("知识库里已经有词条。示例城市只能建在空的知识库里，请换一个数据文件夹（HOTLINE_DATA）。")
    starter = starter or Starter.read()
    drafts = list(entries(starter, total))
    prepare(knowledge, starter)
    return knowledge.publish(drafts, author=AUTHOR, note=note).published


def prepare(knowledge: KnowledgeBase, starter: Starter) -> None:
    """Take in everything that entries refer to."""
    knowledge.add_regions(starter.city.places())
    knowledge.add_organisations(_organisations(starter))
    knowledge.add_lines((row["number"], row["name"], row["organisation"], row["merged"]) for row in starter.lines)
    knowledge.add_matters(MatterDraft(m["code"], m["name"], m["kind"], tuple(m["aliases"])) for m in starter.matters)


def entries(starter: Starter, total: int = TOTAL) -> Iterator[EntryDraft]:
    """The first ``total`` entries in the order of this module, no two with the same question."""
    fixed = list(chain(hand_written(starter), grid_entries(starter.city)))
    if len(fixed) > total:
        raise KnowledgeError(f"手写词条和网格词条共{len(fixed)}条，已超过{total}条，请加大总数。")
    _check_distinct(fixed)
    seen: set[str] = set()
    count = 0
    for draft in chain(fixed, _widened(starter)):
        key = comparison_key(draft.question)
        if key in seen:
            continue
        seen.add(key)
        yield draft
        count += 1
        if count == total:
            return
    raise KnowledgeError(f"现有素材只能生成{count}条，不足{total}条，请补充手写事项。")


def _check_distinct(drafts: Iterable[EntryDraft]) -> None:
    first: dict[str, EntryDraft] = {}
    for draft in drafts:
        other = first.setdefault(comparison_key(draft.question), draft)
        if other is not draft:
            raise KnowledgeError(f"“{draft.question}”在{other.key}和{draft.key}里重复，请改写其中一个问题。")


def hand_written(starter: Starter) -> Iterator[EntryDraft]:
    """Every FAQ of every matter, as written."""
    for matter in starter.matters:
        again: Counter[str] = Counter()
        for faq in matter["faqs"]:
            yield EntryDraft(
                question=faq["question"],
                answer=faq["answer"],
                region=starter.city.root.code,
                key=f"{matter['code']}/{faq['aspect']}" + (f"/{again[faq['aspect']]}" if again[faq["aspect"]] else ""),
                variants=tuple(faq["variants"]),
                **_common(matter, starter.city.root.code, faq["aspect"]),
                source=f"{matter['department']}办事指南（示例）",
            )
            again[faq["aspect"]] += 1


def grid_entries(city: City) -> Iterator[EntryDraft]:
    """The contact of every grid."""
    grids = ((community, grid) for community in city.communities for grid in community.grids)
    for badge, (community, grid) in enumerate(grids, FIRST_BADGE):
        text = wording.grid_contact(community, grid, badge)
        yield _community_entry(text, community, f"grid/{grid.code}", grid.code, GRID_SERVICES)


def _widened(starter: Starter) -> Iterator[EntryDraft]:
    districts = [c for c in starter.city.centres if not c.above]
    streets = [c for c in starter.city.centres if c.above]
    yield from _place_bound(starter, districts, PLACE_KINDS)
    yield from _centre_entries(starter.city)
    yield from _place_bound(starter, streets, PLACE_KINDS[:1])
    yield from _community_entries(starter.city)
    yield from _place_bound(starter, streets, PLACE_KINDS[1:])


def _place_bound(starter: Starter, centres: list[Centre], kinds: Sequence[str]) -> Iterator[EntryDraft]:
    for kind in kinds:
        for matter, faq in _by_place(starter):
            business = wording.Business.of(matter, starter.businesses[matter["code"]])
            for centre in centres:
                if text := wording.place_text(kind, starter.city, centre, business):
                    yield EntryDraft(
                        question=text.question,
                        answer=text.answer,
                        region=centre.place.code,
                        key=f"{matter['code']}/{faq['aspect']}/{kind}/{centre.place.code}",
                        variants=text.variants,
                        **_common(matter, starter.city.root.code, faq["aspect"]),
                        source=SOURCE,
                    )


def _by_place(starter: Starter) -> Iterator[tuple[dict, dict]]:
    for matter in starter.matters:
        for faq in matter["faqs"]:
            if faq["by_district"]:
                yield matter, faq


def _centre_entries(city: City) -> Iterator[EntryDraft]:
    for centre in city.centres:
        for number, text in enumerate(wording.centre_texts(centre)):
            yield EntryDraft(
                question=text.question,
                answer=text.answer,
                region=centre.place.code,
                key=f"centre/{centre.place.code}/{number}",
                variants=text.variants,
                organisation=(centre.name, centre.place.code),
                line="12345",
                category=CENTRE_SERVICES,
                source=SOURCE,
            )


def _community_entries(city: City) -> Iterator[EntryDraft]:
    for community in city.communities:
        for number, text in enumerate(wording.community_texts(community, city)):
            key = f"community/{community.place.code}/{number}"
            yield _community_entry(text, community, key, community.place.code, COMMUNITY_SERVICES)


def _community_entry(
    text: wording.Text, community: Community, key: str, region: str, category: tuple[str, ...]
) -> EntryDraft:
    return EntryDraft(
        question=text.question,
        answer=text.answer,
        region=region,
        key=key,
        variants=text.variants,
        organisation=(community.office, community.place.code),
        line="12345",
        category=category,
        audience=Audience.PERSON,
        source=SOURCE,
    )


def _common(matter: dict, city: str, aspect: str) -> dict:
    return {
        "matter": matter["code"],
        "aspect": aspect,
        "organisation": (matter["department"], city),
        "line": matter["line"],
        "category": tuple(matter["category"]),
        "audience": Audience(matter["audience"]),
    }


def _organisations(starter: Starter) -> Iterator[OrganisationDraft]:
    for department in dict.fromkeys(m["department"] for m in starter.matters):
        yield OrganisationDraft(department, starter.city.root.code)
    for c in starter.city.venues.values():
        yield OrganisationDraft(c.name, c.place.code, c.address, c.telephone, c.hours)
    for c in starter.city.communities:
        yield OrganisationDraft(c.office, c.place.code, c.address, c.telephone, c.hours)
