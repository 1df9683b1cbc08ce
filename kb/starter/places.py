"""The city's places down to the grid: real districts and streets, made-up communities and service centres.

Everything follows from ``regions.json`` by SHA-256, so that every build makes the same city. Nothing here is a real
address, person or number: telephones are of the block 024-8800, which is not assigned.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kb.models import Level
from kb.regions import Place

FOLDER = Path(__file__).parent
# As Shenyang's own figures have it: 26,187 grids in about 2,600 communities and villages.
GRIDS_EACH_COMMUNITY = 10
_FIRST = "文华富康兴安福顺永和丰泰新光明德仁义祥瑞锦绣翠景春晖长青友谊建民乐昌盛宏达金银玉宝星月东南朝霞松柏梅兰竹菊"
_SECOND = "安宁华苑园兴盛康乐福禄祥和平顺达昌荣茂林泉湖江海山峰岭溪川原城郡府台阁轩庭居里坊桥塔门源"
_SIDES = "前后东西南北上下大小老新"
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_VILLAGES = ("家村", "家屯村", "家堡村", "家岗子村")
_HOURS = (
    "工作日上午八点半到十一点半、下午一点到五点",
    "工作日上午九点到十二点、下午一点到五点",
    "工作日上午八点半一直到下午四点半",
)
_STOPS = ("政务中心", "便民中心", "文化广场", "市民公园")


@dataclass(frozen=True)
class Centre:
    """Where a district or street receives people; a place has one, whatever the business."""

    place: Place
    label: str  #: the place as people say it: 和平区, 和平区南湖街道
    short: str  #: 和平, 南湖街道
    name: str
    address: str
    telephone: str
    hours: str
    way: str


@dataclass(frozen=True)
class Community:
    """A community or village with its grids."""

    place: Place
    label: str  #: 南湖街道文安社区
    district: str
    centre: Centre  #: of its street
    office: str  #: 文安社区居委会, 前李家村村委会
    telephone: str
    address: str
    hours: str
    helper: str  #: surname of who helps with errands
    grids: tuple[Place, ...]


@dataclass(frozen=True)
class City:
    """All places of the starter city."""

    root: Place
    centres: tuple[Centre, ...]  #: districts first, then streets
    communities: tuple[Community, ...]

    def places(self) -> Iterator[Place]:
        """Every place, parents before children."""
        yield self.root
        yield from (centre.place for centre in self.centres)
        for community in self.communities:
            yield community.place
            yield from community.grids


def pick(options, *name: object):
    """One of the options, always the same for the same name."""
    return options[number(*name) % len(options)]


def number(*name: object) -> int:
    """A number that looks random and is always the same for the same name."""
    digest = hashlib.sha256("/".join(map(str, name)).encode()).digest()
    return int.from_bytes(digest[:6], "big")


def read_city(folder: Path = FOLDER) -> City:
    """The city of ``regions.json``."""
    tree = json.loads((folder / "regions.json").read_text("utf-8"))
    root = Place(tree["code"], tree["name"], Level.CITY, None)
    districts = [_district_centre(d, root, n) for n, d in enumerate(tree["districts"])]
    streets = [
        _street_centre(street, district, n)
        for n, (street, district) in enumerate(
            (s, c) for d, c in zip(tree["districts"], districts, strict=True) for s in d["streets"]
        )
    ]
    communities = tuple(_communities(streets, tree["grids"]))
    return City(root, (*districts, *streets), communities)


def _district_centre(district: dict, root: Place, n: int) -> Centre:
    name, code = district["name"], district["code"]
    short = name[:-2] if name.endswith("新区") else name[:-1]
    road = pick(("大街", "中路", "东路"), code, "road")
    address = f"{name}{short}{road}{number(code) % 180 + 8}号"
    way = _way(code, f"{short}{pick(_STOPS, code, 'stop')}站")
    place = Place(code, name, Level.DISTRICT, root.code)
    return Centre(place, name, short, f"{name}政务服务中心", address, _telephone(n), pick(_HOURS, code, "hours"), way)


def _street_centre(street: dict, district: Centre, n: int) -> Centre:
    name, code = street["name"], street["code"]
    stem = name.removesuffix("街道").removesuffix("镇")
    road = pick(("路", "街", "中街"), code, "road")
    road = "大路" if stem.endswith(road[-1]) else road
    address = f"{district.label}{name}{stem}{road}{number(code) % 120 + 3}号"
    place = Place(code, name, Level.STREET, district.place.code)
    return Centre(
        place,
        district.label + name,
        name,
        f"{name}便民服务中心",
        address,
        _telephone(100 + n),
        pick(_HOURS, code, "hours"),
        _way(code, f"{stem}{pick(_STOPS, code, 'stop')}站"),
    )


def _way(code: str, stop: str) -> str:
    side = pick(("东", "西", "南", "北"), code, "side")
    return f"坐公交车到{stop}下车，往{side}走约{number(code, 'walk') % 7 + 3}分钟就到"


def _telephone(n: int) -> str:
    return f"024-8800-{1000 + n * 3:04d}"


def _communities(streets: list[Centre], grids: int) -> Iterator[Community]:
    used = {centre.place.name for centre in streets}
    n = 0
    for street, share in zip(streets, _shares(streets, grids), strict=True):
        count = max(1, round(share / GRIDS_EACH_COMMUNITY))
        for index in range(count):
            size = share // count + (index < share % count)
            yield _community(street, index, size, _name(street, index, used), n)
            n += 1


def _shares(streets: list[Centre], grids: int) -> list[int]:
    weights = [70 + number(s.place.code, "size") % 105 for s in streets]
    shares = [grids * weight // sum(weights) for weight in weights]
    for index in range(grids - sum(shares)):
        shares[index] += 1
    return shares


def _name(street: Centre, index: int, used: set[str]) -> str:
    attempt = 0
    while True:
        seed = (street.place.code, index, attempt)
        name = _village(seed) if street.place.name.endswith("镇") and index else _urban(seed)
        if name not in used and f"{name.removesuffix('社区')}街道" not in used:
            used.add(name)
            return name
        attempt += 1


def _urban(seed: tuple) -> str:
    first, second = pick(_FIRST, *seed, "first"), pick(_SECOND, *seed, "second")
    return f"{first}{second}社区" if first != second else f"{first}苑社区"


def _village(seed: tuple) -> str:
    surname = pick(_SURNAMES, *seed, "surname")
    return pick(_SIDES, *seed, "side") + surname + pick(_VILLAGES, *seed, "kind")


def _community(street: Centre, index: int, size: int, name: str, n: int) -> Community:
    code = f"{street.place.code}{index + 1:03d}"
    place = Place(code, name, Level.COMMUNITY, street.place.code)
    grids = tuple(Place(f"{code}{g + 1:03d}", f"第{g + 1}网格", Level.GRID, code) for g in range(size))
    village = name.endswith("村")
    lane = f"{name}村部" if village else f"{name.removesuffix('社区')}小区{number(code) % 30 + 1}号楼一层"
    return Community(
        place,
        street.place.name + name,
        street.label.removesuffix(street.place.name),
        street,
        f"{name}{'村委会' if village else '居委会'}",
        _telephone(400 + n),
        f"{street.label}{lane}",
        pick(_HOURS, code, "hours"),
        pick(_SURNAMES, code, "helper"),
        grids,
    )


def surname(*name: object) -> str:
    """A common surname, always the same for the same name."""
    return pick(_SURNAMES, *name)
