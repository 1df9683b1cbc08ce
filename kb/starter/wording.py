"""The sentences of the entries that are made for each place. Made to be heard: 45 to 130 characters, answer first."""

from collections.abc import Iterator
from typing import NamedTuple

from kb.regions import Place
from kb.starter.places import Centre, Community, number, pick, surname


class Text(NamedTuple):
    """Question, its variants and the answer of one entry."""

    question: str
    variants: tuple[str, ...]
    answer: str


_WINDOWS = {
    "人力资源": "人社窗口",
    "劳动": "人社窗口",
    "退役军人": "退役军人服务窗口",
    "医疗保障": "医保窗口",
    "卫生健康": "卫健窗口",
    "公安": "公安窗口",
    "公积金": "公积金窗口",
    "税务": "办税窗口",
    "市场监督": "市场监管窗口",
    "民政": "民政窗口",
    "残疾人": "残联窗口",
    "教育": "教育窗口",
    "不动产": "不动产窗口",
}


# --- the same business in every place ----------------------------------------------------------------------------

PLACE_KINDS = ("where", "phone", "hours", "appointment")


class Business(NamedTuple):
    """A matter as the sentences about places speak of it."""

    phrase: str  #: 办理社会保障卡挂失补换, 反映拖欠工资的问题
    everyday: str  #: 办社保卡补办, 反映老板欠薪
    counter: str

    @classmethod
    def of(cls, matter: dict) -> "Business":
        """The business of a hand-written matter."""
        alias = matter["aliases"][0].removeprefix("办")
        counter = next((name for part, name in _WINDOWS.items() if part in matter["department"]), "综合窗口")
        if matter["kind"] in ("投诉", "举报"):
            subject = matter["name"].removesuffix("投诉").removesuffix("举报")
            return cls(f"反映{subject}的问题", f"反映{alias}", counter)
        return cls(f"办理{matter['name']}", f"办{alias}", counter)


def place_bound(kind: str, centre: Centre, business: Business) -> Text:
    """Where, by which phone, when and whether by appointment a matter is handled in a place."""
    spot = f"{centre.name}{business.counter}"
    phrase, everyday = business.phrase, business.everyday
    if kind == "where":
        return Text(
            f"在{centre.label}{phrase}去哪个窗口？",
            (f"{centre.short}在哪{everyday}", f"{centre.short}{phrase}去什么地方"),
            f"在{spot}，地址是{centre.address}。{centre.way}。去之前可以打{centre.telephone}问清要带的材料。",
        )
    if kind == "phone":
        return Text(
            f"在{centre.label}{phrase}打哪个电话？",
            (f"{centre.short}{everyday}的电话是多少", f"{centre.short}{phrase}的咨询电话"),
            f"请打{centre.telephone}，这是{spot}的咨询电话，{centre.hours}有人接听。"
            "其他时间可以拨打12345登记，由工作人员回电。",
        )
    if kind == "hours":
        return Text(
            f"在{centre.label}{phrase}的窗口几点上班？",
            (f"{centre.short}{everyday}几点开门", f"{centre.short}{phrase}周末行不行"),
            f"{centre.hours}，周末和法定节假日休息。窗口设在{spot}，地址是{centre.address}，下班前半小时停止取号。",
        )
    return Text(
        f"去{centre.label}{phrase}要不要预约？",
        (f"{centre.short}{everyday}用提前约吗", f"{centre.short}{phrase}怎么预约"),
        f"不预约也能办，到{spot}取号排队就行。不想排队的可以打{centre.telephone}约好时间再来，{centre.hours}都可以约。",
    )


# --- service centres ---------------------------------------------------------------------------------------------


def centre_texts(centre: Centre) -> Iterator[Text]:
    """What people ask about a service centre itself."""
    name = centre.label.removesuffix(centre.place.name) + centre.name
    short = centre.short
    code = centre.place.code
    yield Text(
        f"{name}的地址在哪里？",
        (f"{short}办事大厅在哪儿", f"{centre.name}怎么走"),
        f"在{centre.address}。{centre.way}。大厅门口有引导员，不知道去哪个窗口的可以先问他，电话是{centre.telephone}。",
    )
    yield Text(
        f"{name}的电话是多少？",
        (f"{short}办事大厅电话", f"{centre.name}联系电话"),
        f"电话是{centre.telephone}，{centre.hours}有人接听。没人接的时候可以拨打12345，由话务员登记后转给大厅回复您。",
    )
    yield Text(
        f"{name}几点上下班？",
        (f"{short}办事大厅几点开门", f"{centre.name}中午休息吗"),
        f"{centre.hours}。法定节假日不办公，调休的上班日照常开放，赶在下班前半小时到才能取上号。",
    )
    yield Text(
        f"{name}周末能办事吗？",
        (f"{short}办事大厅星期六开不开门", f"{centre.name}双休日上班吗"),
        pick(
            (
                "周六上午九点到十二点设值班窗口，只办社保、医保和居民身份的常用业务，其他业务请在工作日来。去之前打"
                f"{centre.telephone}问一下更稳妥。",
                f"周末不办公，急用的可以打{centre.telephone}预约延时服务，工作日下班后能多等您一小时。"
                "能网办的也可以在手机上办。",
            ),
            code,
            "weekend",
        ),
    )
    yield Text(
        f"{name}有停车的地方吗？",
        (f"去{short}办事大厅车停哪儿", f"{centre.name}停车收费不"),
        f"有，大厅门前有{number(code, 'parking') % 40 + 15}个免费车位，办事的人可以停两小时。"
        "车位满了请停到旁边的道路泊位，按公示标准交费。",
    )
    yield Text(
        f"{name}能帮老年人代办吗？",
        (f"{short}办事大厅有没有人帮老人办事", f"腿脚不好{centre.name}能上门吗"),
        f"能。大厅设了帮办代办窗口，六十岁以上老人和残疾人优先，不用排队。行动不便的打{centre.telephone}，可以预约上门办理。",
    )
    yield Text(
        f"{name}可以复印材料吗？",
        (f"{short}办事大厅能不能打印", f"{centre.name}复印要钱吗"),
        "可以，大厅里有自助复印机，办事用的材料免费复印，每人每次不超过十页。照片要自己带，附近也有照相馆可以现拍。",
    )
    yield Text(
        f"{name}怎么网上预约取号？",
        (f"{short}办事大厅手机上怎么约号", f"{centre.name}能不能提前取号"),
        f"在沈阳政务服务平台或者小程序里选“预约办事”，再选{centre.name}和时间就行，最早能约一周以内的。"
        f"不会用手机的打{centre.telephone}预约。",
    )
    yield Text(
        f"对{name}的服务不满意找谁反映？",
        (f"{short}办事大厅态度不好投诉谁", f"{centre.name}办事慢怎么投诉"),
        f"先找大厅的值班主任，电话{centre.telephone}，当场能处理的当场处理。还不满意的拨打12345投诉，三个工作日内会有人回复您。",
    )
    yield Text(
        f"东西落在{name}了怎么找？",
        (f"在{short}办事大厅丢了证件", f"{centre.name}失物招领电话"),
        f"请打{centre.telephone}，大厅服务台会替您查监控、找失物，捡到的物品保管三个月。身份证、银行卡丢了请同时办挂失。",
    )


# --- communities -------------------------------------------------------------------------------------------------


def community_texts(c: Community) -> Iterator[Text]:
    """What people ask of their community or village."""
    name, code, phone = c.label, c.place.code, c.telephone
    short = c.place.name
    yield Text(
        f"{name}的办公地点在哪里？",
        (f"{short}居委会在哪", f"{c.office}怎么找"),
        f"在{c.address}。{c.hours}有人值班，去之前可以先打{phone}，问清要带什么，省得白跑一趟。",
    )
    yield Text(
        f"{name}的联系电话是多少？",
        (f"{short}电话", f"{c.office}打哪个号"),
        f"电话是{phone}，{c.hours}有人接听。夜里和节假日有急事，请拨打12345，由值班人员联系{c.office}。",
    )
    yield Text(
        f"{name}几点上班？",
        (f"{short}周末有人吗", f"{c.office}几点开门"),
        f"{c.hours}。周六周日有一人轮流值班，只接急事和登记，要盖章、开证明请在工作日来，电话{phone}。",
    )
    yield Text(
        f"{name}邻里纠纷找谁调解？",
        (f"{short}楼上漏水邻居不管找谁", f"{short}调解员电话"),
        f"找{c.office}人民调解委员会，打{phone}登记就行，调解不收费。一般三天内上门了解情况，谈不拢的可以再申请街镇调解。",
    )
    yield Text(
        f"{name}有没有老年助餐点？",
        (f"{short}老人食堂在哪", f"{short}老年餐多少钱一顿"),
        f"{pick(('有', '有，就在办公室旁边'), code, 'canteen')}，午餐十一点到十二点半，六十岁以上老人打折，"
        f"一荤两素{number(code, 'price') % 5 + 8}元。要送餐的请头一天打{phone}登记。",
    )
    yield Text(
        f"{name}能开居住证明吗？",
        (f"{short}开证明要带啥", f"{short}居住证明找谁盖章"),
        f"能开，带身份证和房本或租房合同到{c.office}，核实后当场出具。租房的最好请房东一起来，电话{phone}。",
    )
    yield Text(
        f"{name}的物业问题向谁反映？",
        (f"{short}物业不干活找谁", f"{short}小区没人打扫找谁"),
        f"先找物业公司，不解决的打{phone}向{c.office}反映，社区会召集物业和业主代表协商。属于违规收费的拨打12345投诉。",
    )
    yield Text(
        f"{name}有没有免费法律咨询？",
        (f"{short}律师哪天来", f"{short}法律顾问电话"),
        f"有，每月第{pick('一二三四', code, 'week')}个星期{pick('一二三四五', code, 'day')}下午，"
        f"社区法律顾问在{c.office}值班，不收费。平时可以打{phone}预约，也可以拨12348。",
    )
    yield Text(
        f"{name}残疾人有事找谁？",
        (f"{short}残联专干是谁", f"{short}办残疾证找谁问"),
        f"找{c.office}的残疾人专职委员，打{phone}就能联系上。办证、领补贴、要辅助器具都可以先问他，重度残疾的能上门服务。",
    )
    yield Text(
        f"{name}退役军人服务站在哪里？",
        (f"{short}当过兵的有事找谁", f"{short}退役军人登记去哪"),
        f"就在{c.office}里，地址是{c.address}。登记信息、申请优待证、反映困难都可以来，{c.hours}有人接待。",
    )
    yield Text(
        f"{name}孩子放学没人看怎么办？",
        (f"{short}有没有托管", f"{short}儿童之家几点关门"),
        f"可以送到社区儿童之家，工作日下午三点半到五点半开放，免费写作业、看书，家长要先打{phone}登记，接送由家长负责。",
    )
    yield Text(
        f"{name}的活动室什么时候开放？",
        (f"{short}打牌唱歌的地方几点开", f"{short}图书室在哪"),
        f"每天上午九点到下午四点半开放，有棋牌、图书和排练的屋子，居民都能免费用。集体活动要场地的，提前两天打{phone}预约。",
    )
    yield Text(
        f"{name}大件垃圾扔到哪里？",
        (f"{short}旧沙发往哪扔", f"{short}装修垃圾谁来收"),
        f"不要放在楼道和绿地上，先打{phone}预约，社区会告诉您临时堆放点，"
        f"每周{pick('一二三四五六', code, 'rubbish')}统一清运。装修垃圾要装袋，清运费由自家出。",
    )
    yield Text(
        f"{name}停水停电了找谁问？",
        (f"{short}怎么没电了", f"{short}停水啥时候来"),
        f"停电拨95598，停水拨供水热线，都能查到恢复时间。整栋楼都停、又没有通知的，请打{phone}告诉{c.office}，由社区催修。",
    )
    yield Text(
        f"{name}想当志愿者怎么报名？",
        (f"{short}志愿者去哪登记", f"{short}做义工找谁"),
        f"带身份证到{c.office}填张表就行，也可以打{phone}报名。活动有助老、巡逻和清洁，参加的时间会记进志愿服务记录。",
    )
    yield Text(
        f"{name}的网格员怎么联系？",
        (f"{short}网格员电话", f"{short}归哪个网格管"),
        f"打{phone}，说出楼号，{c.office}马上帮您转给所在的网格员。这里一共有{len(c.grids)}个网格，每天都有人巡查走访。",
    )


def helped_with(c: Community, business: Business) -> Text:
    """Whether the community helps with a piece of business that is settled at the street's centre."""
    spot = f"{c.centre.name}{business.counter}"
    return Text(
        f"{c.label}能帮着{business.phrase}吗？",
        (f"{c.place.name}能不能替我{business.everyday}",),
        pick(
            (
                f"能帮办。带上身份证到{c.office}找{c.helper}帮办员，由他收齐材料送到{spot}，不收费，电话{c.telephone}。",
                f"可以，{c.office}有{c.helper}帮办员负责，能先替您看材料齐不齐，再预约{spot}。有事打{c.telephone}。",
                f"能。{c.office}可以指导填表、帮忙预约，正式受理在{spot}。老人不方便出门的，打{c.telephone}请人上门。",
            ),
            c.place.code,
            business.phrase,
        ),
    )


def grid_contact(c: Community, grid: Place) -> Text:
    """Who looks after a grid and how to reach them."""
    ordinal = int(grid.code[-3:])
    worker = f"{surname(grid.code)}网格员"
    badge = f"{grid.code[4:9]}-{grid.code[9:12]}{grid.code[12:]}".lstrip("0")
    hours = pick(("上午八点半到十一点半、下午一点半到五点", "上午九点到十二点、下午两点到五点半"), grid.code, "duty")
    return Text(
        f"{c.district}{c.label}第{ordinal}网格的网格员是谁，怎么联系？",
        (f"{c.place.name}{ordinal}网格归谁管", f"{c.place.name}第{ordinal}网格电话"),
        f"是{worker}，工号{badge}，每天{hours}在网格里巡查。请打社区电话{c.telephone}转{ordinal}号分机，下班后的急事拨打12345。",
    )
