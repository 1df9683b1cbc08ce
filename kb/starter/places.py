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
_OF_LIBRARIES = "周二到周日上午九点到下午五点"
_STOPS = ("政务中心", "便民中心", "文化广场", "市民公园")
HALL = "hall"
# Where people are received, in a district and in a street; what has no name for streets is only in the district.
VENUES = {
    HALL: ("{name}政务服务中心", "{name}便民服务中心"),
    "police": ("公安{short}分局户政大厅", "{short}派出所"),
    "border": ("公安{short}分局出入境大厅", None),
    "traffic": ("{short}交警大队", None),
    "clinic": ("{name}人民医院公共卫生科", "{short}社区卫生服务中心"),
    "maternity": ("{name}妇幼保健院", None),
    "court": ("{name}人民法院诉讼服务中心", None),
    "procuratorate": ("{name}人民检察院检察服务中心", None),
    "notary": ("{short}公证处", None),
    "realty": ("{name}不动产登记中心", None),
    "fund": ("公积金{short}管理部", None),
    "tax": ("{name}税务局办税服务厅", None),
    "heating": ("{short}供热服务大厅", None),
    "water": ("{short}供水营业厅", None),
    "gas": ("{short}燃气营业厅", None),
    "power": ("{short}供电营业厅", None),
    "education": ("{name}教育局", None),
    "library": ("{name}图书馆", None),
}
_TOWN = "镇"
_FIRST_COMMUNITY = 1_000  # of the telephones; those of the venues come before


@dataclass(frozen=True)
class Centre:
    """Where a district or street receives people; a place has one hall, and one of each other venue it has at all."""

    place: Place
    label: str  #: the place as people say it: 和平区, 和平区南湖街道
    short: str  #: 和平, 南湖街道
    rural: bool  #: a town, or a district that has towns
    name: str
    address: str
    telephone: str
    hours: str
    way: str
    above: "Centre | None" = None  #: for a street, the centre of its district


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
    village: bool
    grids: tuple[Place, ...]


@dataclass(frozen=True)
class City:
    """All places of the starter city."""

    root: Place
    centres: tuple[Centre, ...]  #: the halls, districts first, then streets
    venues: dict[tuple[str, str], Centre]  #: by region code and kind of venue, the halls too
    communities: tuple[Community, ...]

    def places(self) -> Iterator[Place]:
        """Every place, parents before children."""
        yield self.root
        yield from (centre.place for centre in self.centres)
        for community in self.communities:
            yield community.place
            yield from community.grids

    def at(self, centre: Centre, venue: str) -> Centre:
        """The venue of that kind for people of the centre's place: its own, or else that of its district."""
        own = self.venues.get((centre.place.code, venue))
        return own or self.venues[centre.above.place.code, venue]


def pick(options, *name: object):
    """One of the options, always the same for the same name."""
    return options[number(*name) % len(options)]


def number(*name: object) -> int:
    """A number that looks random and is always the same for the same name."""
    digest = hashlib.sha256("/".join(map(str, name)).encode()).digest()
    return int.from_bytes(digest[:6], "big")


def spoken(value: int) -> str:
    """A number from 0 to 99 as it is read: 十二, 四十."""
    tens, ones = divmod(value, 10)
    digits = "零一二三四五六七八九"
    if not tens:
        return digits[ones]
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")


def read_city(folder: Path = FOLDER) -> City:
    """The city of ``regions.json``."""
    tree = json.loads((folder / "regions.json").read_text("utf-8"))
    root = Place(tree["code"], tree["name"], Level.CITY, None)
    venues: dict[tuple[str, str], Centre] = {}
    for venue in VENUES:
        for district in tree["districts"]:
            _add_venue(venues, venue, district, Place(district["code"], district["name"], Level.DISTRICT, root.code))
        for district in tree["districts"]:
            for street in district["streets"]:
                place = Place(street["code"], street["name"], Level.STREET, district["code"])
                _add_venue(venues, venue, district, place)
    halls = tuple(centre for (_, venue), centre in venues.items() if venue == HALL)
    shorts = tuple(c.short for c in halls if not c.above)
    communities = tuple(_communities([c for c in halls if c.above], tree["grids"], shorts))
    return City(root, halls, venues, communities)


def _add_venue(venues: dict[tuple[str, str], Centre], venue: str, district: dict, place: Place) -> None:
    of_street = place.level is Level.STREET
    pattern = VENUES[venue][of_street]
    if pattern is None:
        return
    name, seed = place.name, (place.code,) if venue == HALL else (place.code, venue)
    short = name[:-2] if name.endswith(("新区", "街道")) else name[:-1]
    # Venues of one place never share a house number.
    house = number(*seed) % 10 * len(VENUES) + list(VENUES).index(venue) + 3
    if of_street:
        road = pick(("路", "街", "中街"), *seed, "road")
        road = "大路" if short.endswith(road[-1]) else road
        address = f"{district['name']}{name}{short}{road}{house}号"
    else:
        address = f"{name}{short}{pick(('大街', '中路', '东路'), *seed, 'road')}{house}号"
    town = name.endswith(_TOWN)
    if town and venue == "clinic":
        pattern = "{name}卫生院"
    venues[place.code, venue] = Centre(
        place,
        district["name"] + name if of_street else name,
        name if of_street else short,
        town if of_street else any(s["name"].endswith(_TOWN) for s in district["streets"]),
        pattern.format(name=name, short=short),
        address,
        _telephone(len(venues)),
        _OF_LIBRARIES if venue == "library" else pick(_HOURS, *seed, "hours"),
        _way(seed, f"{short}{pick(_STOPS, *seed, 'stop')}站"),
        venues[district["code"], venue] if of_street else None,
    )


def _way(seed: tuple, stop: str) -> str:
    side = pick(("东", "西", "南", "北"), *seed, "side")
    return f"坐公交到{stop}下车，往{side}走约{spoken(number(*seed, 'walk') % 7 + 3)}分钟就到"


def _telephone(n: int) -> str:
    return f"024-8800-{1000 + n * 2:04d}"  # every other one, so that a slip of a digit reaches nobody else


def _communities(streets: list[Centre], grids: int, districts: tuple[str, ...]) -> Iterator[Community]:
    used = {centre.place.name for centre in streets}
    n = 0
    for street, share in zip(streets, _shares(streets, grids), strict=True):
        count = max(1, round(share / GRIDS_EACH_COMMUNITY))
        for index in range(count):
            size = share // count + (index < share % count)
            yield _community(street, index, size, _name(street, index, used, districts), n)
            n += 1


def _shares(streets: list[Centre], grids: int) -> list[int]:
    weights = [70 + number(s.place.code, "size") % 105 for s in streets]
    shares = [grids * weight // sum(weights) for weight in weights]
    for index in range(grids - sum(shares)):
        shares[index] += 1
    return shares


def _name(street: Centre, index: int, used: set[str], districts: tuple[str, ...]) -> str:
    attempt = 0
    while True:
        seed = (street.place.code, index, attempt)
        name = _village(seed) if street.rural and index else _urban(seed)
        street_of_that_name = f"{name.removesuffix('社区')}街道" in used
        # Whoever says 苏家屯 means the district, not a village 小苏家屯.
        if name not in used and not street_of_that_name and not any(short in name for short in districts):
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
    grids = tuple(Place(f"{code}{g:03d}", f"第{spoken(g)}网格", Level.GRID, code) for g in range(1, size + 1))
    village = name.endswith("村")
    lane = f"{name}村部" if village else f"{name.removesuffix('社区')}小区{number(code) % 30 + 1}号楼一层"
    return Community(
        place,
        street.place.name + name,
        street.label.removesuffix(street.place.name),
        street,
        f"{name}{'村委会' if village else '居委会'}",
        _telephone(_FIRST_COMMUNITY + n),
        f"{street.label}{lane}",
        pick(_HOURS, code, "hours"),
        village,
        grids,
    )


def surname(*name: object) -> str:
    """A common surname, always the same for the same name."""
    return pick(_SURNAMES, *name)
