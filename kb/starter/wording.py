"""What is asked and answered about the city's places. Made to be heard: 45 to 130 characters, answer first."""

from collections.abc import Iterator
from typing import NamedTuple

from kb.regions import Place
from kb.starter.places import HALL, Centre, City, Community, number, pick, spoken, surname


class Text(NamedTuple):
    """Question, its variants and the answer of one entry."""

    question: str
    variants: tuple[str, ...]
    answer: str


# --- the same business in every place ----------------------------------------------------------------------------

_COUNTERS = {
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
    "自然资源": "不动产窗口",
    "司法": "公共法律服务窗口",
    "房产": "住房保障窗口",
    "交通运输": "交通窗口",
    "城乡建设": "建设窗口",
    "城市管理": "城管窗口",
    "水务": "水务窗口",
    "文化旅游": "文旅窗口",
    "农业农村": "农业农村窗口",
    "消防": "消防窗口",
    "烟草": "烟草窗口",
    "生态环境": "生态环境窗口",
    "总工会": "职工服务窗口",
}
# Complaints are taken in at one counter, which passes them on to whoever is responsible.
_COMPLAINTS = "群众诉求窗口"
_ANYTHING = "综合窗口"
_REPORTING = ("反映", "举报", "投诉", "报修", "求助")


class Business(NamedTuple):
    """A matter as the sentences about places speak of it."""

    phrase: str  #: 补办社会保障卡, 反映拖欠工资的问题
    everyday: str  #: 补社保卡, 反映老板欠薪
    venue: str  #: kind of place that deals with it, a key of :data:`kb.starter.places.VENUES`
    counter: str  #: within the hall; empty where the venue does nothing else
    complaint: bool  #: something is reported, not applied for
    local: bool  #: streets and towns settle it themselves
    rural: bool  #: asked in the country only
    danger: str  #: what to do first where life may be in danger; empty elsewhere

    @classmethod
    def of(cls, matter: dict, said: dict) -> "Business":
        """The business of a hand-written matter; ``said`` is its row of ``businesses.json``."""
        complaint = said["phrase"].startswith(_REPORTING)
        venue = said.get("venue", HALL)
        counter = ""
        if venue == HALL:
            named = (name for part, name in _COUNTERS.items() if part in matter["department"])
            counter = _COMPLAINTS if complaint else next(named, _ANYTHING)
        return cls(
            said["phrase"],
            said["everyday"],
            venue,
            counter,
            complaint,
            matter["scope"] == "street",
            said.get("rural", False),
            said.get("danger", ""),
        )


def place_text(kind: str, city: City, hall: Centre, business: Business) -> Text | None:
    """Where, by which phone, when and whether by appointment (the ``kind``) a matter is handled in a hall's place.

    None where there is nothing to say: no town has the business, a place that does not settle it only tells where to
    go, complaints need no appointment, and nobody queues in a library.
    """
    if business.rural and not hall.rural:
        return None
    centre = city.at(hall, business.venue)
    if business.complaint:
        return (
            None
            if kind == "appointment"
            else {"where": _report, "phone": _phone, "hours": _hours}[kind](hall, business)
        )
    settles = bool(hall.above) == business.local and centre.place == hall.place
    if kind == "where":
        if settles:
            return _where(centre, business)
        return (
            _in_district(hall, city.at(hall.above, business.venue), business)
            if hall.above
            else _in_street(hall, business)
        )
    if not settles or (business.venue == "library" and kind != "phone"):
        return None
    return {"phone": _phone, "hours": _hours, "appointment": _appointment}[kind](centre, business)


def _report(c: Centre, b: Business) -> Text:
    return Text(
        f"在{c.label}{b.phrase}去哪里？",
        (f"{c.short}{b.everyday}找谁", f"在{c.short}想当面{b.everyday}去哪"),
        f"{b.danger}{'其他的' if b.danger else ''}到{c.name}{b.counter}登记，地址是{c.address}，{c.hours}接待。"
        f"{c.way}。也可以打{c.telephone}或12345{'' if b.danger else '，一样转给责任单位'}。",
    )


def _where(c: Centre, b: Business) -> Text:
    question, variants = _asking_where(c, b)
    return Text(
        question,
        variants,
        f"到{c.name}{b.counter}{b.phrase}，地址是{c.address}，{c.hours}办公。{c.way}，电话是{c.telephone}。",
    )


def _in_district(hall: Centre, there: Centre, b: Business) -> Text:
    question, variants = _asking_where(hall, b)
    if b.venue == HALL:
        advice = f"街道和乡镇不直接办，材料拿不准的先打{hall.telephone}，{hall.name}有帮办员。"
    else:
        advice = f"{there.way}。街道和乡镇不直接办。"
    answer = f"到{there.name}{b.counter}，地址是{there.address}，{there.hours}办公，电话{there.telephone}。{advice}"
    return Text(question, variants, answer)


def _in_street(hall: Centre, b: Business) -> Text:
    question, variants = _asking_where(hall, b)
    place = {"police": "派出所", "clinic": "社区卫生服务中心或者乡镇卫生院"}.get(b.venue, "便民服务中心")
    return Text(
        question,
        variants,
        f"到您住的街道或者乡镇的{place}{b.phrase}，告诉我是哪个街道乡镇，就能给您地址。"
        f"也可以打{hall.telephone}问{hall.name}，{hall.hours}有人接听。",
    )


def _asking_where(c: Centre, b: Business) -> tuple[str, tuple[str, ...]]:
    return f"在{c.label}{b.phrase}去哪里？", (f"在{c.short}想{b.everyday}得去哪", f"{c.short}哪个地方能{b.phrase}")


def _phone(c: Centre, b: Business) -> Text:
    question = f"在{c.label}{b.phrase}打哪个电话？"
    if b.complaint:
        return Text(
            question,
            (f"{c.short}{b.everyday}的电话是多少", f"{c.short}{b.phrase}打几号"),
            f"{b.danger}{'其他的' if b.danger else ''}打{c.telephone}，{c.hours}有人接听。"
            f"其他时间打12345，白天黑夜都有人登记，当天转给责任单位。",
        )
    return Text(
        question,
        (f"{c.short}{b.everyday}的电话是多少", f"{c.short}{b.phrase}的咨询电话"),
        f"打{c.telephone}，{c.hours}有人接听。其他时间可以打12345登记，由{c.name}给您回电。",
    )


def _hours(c: Centre, b: Business) -> Text:
    if b.complaint:
        return Text(
            f"在{c.label}当面{b.phrase}几点有人接待？",
            (f"{c.short}{b.everyday}几点去有人", f"在{c.short}当面{b.phrase}几点能去"),
            f"{b.danger}{c.hours}有人接待，周末和法定节假日休息，地点在{c.name}{b.counter}。"
            f"急的话随时打12345，不分昼夜都有人登记。",
        )
    return Text(
        f"在{c.label}{b.phrase}的窗口几点上班？",
        (f"{c.short}{b.everyday}的窗口几点开门", f"{c.short}{b.phrase}几点去赶趟"),
        f"{c.hours}，周末和法定节假日休息。地点是{c.name}{b.counter}，在{c.address}，下班前半小时停止取号。",
    )


def _appointment(c: Centre, b: Business) -> Text:
    return Text(
        f"去{c.label}{b.phrase}要不要预约？",
        (f"{c.short}{b.everyday}用提前约吗", f"去{c.short}{b.phrase}得先约号不"),
        f"不预约也能{b.everyday}，到{c.name}{b.counter}取号排队就行。"
        f"不想排队的可以打{c.telephone}约好时间再来，{c.hours}都可以约。",
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
        (f"{short}办事大厅几点开门", f"{centre.name}几点关门"),
        f"{centre.hours}。法定节假日不办公，调休的上班日照常开放，赶在下班前半小时到才能取上号。",
    )
    yield Text(
        f"{name}周末能办事吗？",
        (f"{short}办事大厅星期六开不开门", f"{centre.name}双休日上班吗"),
        pick(
            (
                f"周末不办公，急用的可以打{centre.telephone}预约延时服务，工作日下班后能多等您一小时。",
                f"周六周日休息，不办公。平时请不下假的，打{centre.telephone}约好，工作日中午和下班后有人值班接待。",
            ),
            code,
            "weekend",
        )
        + "能网办的随时可以在手机上办。",
    )
    yield Text(
        f"{name}有停车的地方吗？",
        (f"去{short}办事大厅车停哪儿", f"{centre.name}停车收费不"),
        f"大厅门前有{spoken(number(code, 'parking') % 40 + 15)}个免费车位，办事的人可以停两小时。"
        "车位满了请停到旁边的道路泊位，按公示标准交费。",
    )
    yield Text(
        f"{name}有人帮老年人代办吗？",
        (f"{short}办事大厅有没有人帮老人办事", f"腿脚不好，{centre.name}有没有上门的"),
        f"有人帮，大厅设了帮办代办窗口，六十岁以上老人和残疾人优先，不用排队。行动不便的打{centre.telephone}，可以预约上门办理。",
    )
    yield Text(
        f"{name}可以复印材料吗？",
        (f"{short}办事大厅能不能打印", f"{centre.name}复印要钱吗"),
        "可以免费复印，大厅里有自助复印机，办事用的材料每人每次不超过十页。照片要自己带，附近也有照相馆可以现拍。",
    )
    yield Text(
        f"{name}怎么网上预约取号？",
        (f"{short}办事大厅手机上怎么约号", f"{centre.name}能不能提前取号"),
        f"在沈阳政务服务平台或者小程序里选预约办事，再选{centre.name}和时间就行，最早能约一周以内的。"
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


# --- communities and villages ------------------------------------------------------------------------------------


def community_texts(c: Community, city: City) -> Iterator[Text]:
    """What people ask of their community or village."""
    yield from _office_texts(c)
    yield from _supply_texts(c, city.at(c.centre, "water"))
    yield from _village_texts(c) if c.village else _urban_texts(c)


def _office_texts(c: Community) -> Iterator[Text]:
    name, code, phone, short, office = c.label, c.place.code, c.telephone, c.place.name, c.office
    yield Text(
        f"{name}的办公地点在哪里？",
        (f"{office}在哪", f"{short}办公室怎么找"),
        f"在{c.address}。{c.hours}有人值班，去之前可以先打{phone}，问清要带什么，省得白跑一趟。",
    )
    yield Text(
        f"{name}的联系电话是多少？",
        (f"{short}电话", f"找{office}打哪个号"),
        f"电话是{phone}，{c.hours}有人接听。夜里和节假日有急事，请拨打12345，由值班人员联系{office}。",
    )
    yield Text(
        f"{name}几点上班？",
        (f"{office}几点开门", f"{office}几点下班"),
        f"{c.hours}。要盖章、开证明请在这个时间来，去之前打{phone}问一声，免得经办人不在，白跑一趟。",
    )
    yield Text(
        f"{name}周末有人值班吗？",
        (f"{short}礼拜天有人没", f"双休日去{office}能不能办事"),
        f"周末有一个人值班，只接急事和登记，盖章、开证明办不了，请在工作日来。有急事打{phone}，没人接就打12345。",
    )
    yield Text(
        f"{name}邻里纠纷找谁调解？",
        (f"{short}跟邻居闹矛盾找谁说和", f"{short}调解员怎么找"),
        f"找{office}人民调解委员会，打{phone}登记就行，调解不收费。一般三天内上门了解情况，谈不拢的可以再申请{c.centre.place.name}调解。",
    )
    yield Text(
        f"在{name}怎么开居住证明？",
        (f"{short}开居住证明要带啥", f"住在{short}，想开个居住证明找谁"),
        f"带身份证和{'宅基地证' if c.village else '房本'}或者租房合同到{office}，核实后当场出具，不收费。"
        f"租房的最好请房东一起来，也可以先打{phone}问。",
    )
    yield Text(
        f"{name}的法律顾问哪天值班？",
        (f"{short}免费律师哪天来", f"{short}想免费问律师啥时候去"),
        f"每月第{pick('一二三四', code, 'week')}个星期{pick('一二三四五', code, 'day')}下午，"
        f"律师在{office}值班，咨询不收费。"
        f"等不及的打{phone}预约，也可以打公共法律服务热线12348。",
    )
    yield Text(
        f"{name}残疾人有事找谁？",
        (f"{short}残联专干怎么找", f"{short}办残疾证先问谁"),
        f"找{office}的残疾人专职委员，打{phone}就能联系上。办证、领补贴、要辅助器具都可以先问他，重度残疾的能上门服务。",
    )
    yield Text(
        f"{name}退役军人服务站在哪里？",
        (f"{short}退役军人服务站怎么走", f"{short}退役军人登记去哪"),
        f"退役军人服务站就在{office}里，地址是{c.address}。登记信息、申请优待证、反映困难都可以来，{c.hours}有人接待。",
    )
    yield Text(
        f"{name}的老年助餐点在哪里？",
        (f"{short}老人食堂在哪", f"{short}哪块儿有老年食堂"),
        f"在{office}{pick(('旁边', '一楼'), code, 'canteen')}，午餐十一点到十二点半，六十岁以上老人优惠，"
        f"一荤两素{spoken(number(code, 'price') % 5 + 8)}元。要送餐的请头一天打{phone}登记。",
    )
    yield Text(
        f"{name}想当志愿者怎么报名？",
        (f"{short}志愿者去哪登记", f"{short}做义工找谁报名"),
        f"带身份证到{office}填张表就行，也可以打{phone}报名。活动有助老、巡逻和清洁，参加的时间会记进志愿服务记录。",
    )
    yield Text(
        f"{name}的网格员怎么联系？",
        (f"{short}网格员怎么找", f"住在{short}，不知道归哪个网格员管"),
        f"打{phone}，说出{'住在几组' if c.village else '楼号'}，{office}马上帮您转给所在的网格员。"
        f"这里一共有{spoken(len(c.grids))}个网格，每天都有人巡查走访。",
    )


def _supply_texts(c: Community, water: Centre) -> Iterator[Text]:
    name, phone, short, office = c.label, c.telephone, c.place.name, c.office
    yield Text(
        f"{name}停电了找谁问？",
        (f"{short}怎么没电了", f"{short}啥时候来电"),
        f"打95598，说清{'村名' if c.village else '楼号'}就能查到原因和来电时间，也可以报修。"
        f"只有自家没电的，先看看电闸跳没跳。一大片都停又没有通知的，打{phone}告诉{office}。",
    )
    yield Text(
        f"{name}停水了找谁问？",
        (f"{short}怎么没水了", f"{short}啥时候来水"),
        f"先打{phone}问{office}，村里自己的水井水站由村里修。用自来水公司水的，打{water.telephone}问{water.name}，能查到来水时间。"
        if c.village
        else f"打{water.telephone}问{water.name}，能查到停水原因和来水时间，只有自家没水的先看看阀门。"
        f"周围都停又没有通知的，打{phone}告诉{office}，下班以后打12345。",
    )


def _urban_texts(c: Community) -> Iterator[Text]:
    name, code, phone, short, office = c.label, c.place.code, c.telephone, c.place.name, c.office
    yield Text(
        f"{name}的物业问题向谁反映？",
        (f"{short}物业不干活找谁", f"{short}小区没人打扫找谁"),
        f"先找物业公司，不解决的打{phone}向{office}反映，社区会召集物业和业主代表协商。还不解决的拨打12345。",
    )
    yield Text(
        f"{name}放学后孩子送到哪里照看？",
        (f"{short}哪有孩子托管", f"{short}放学没人接的孩子能放哪"),
        f"送到社区儿童之家就行，工作日下午三点半到五点半开放，写作业、看书不收费。家长要先打{phone}登记，接送由家长负责。",
    )
    yield Text(
        f"{name}的活动室什么时候开放？",
        (f"{short}活动室几点开门", f"{short}打牌唱歌的地方几点开"),
        f"每天上午九点到下午四点半开放，有棋牌、图书和排练的屋子，居民都能免费用。集体活动要场地的，提前两天打{phone}预约。",
    )
    yield Text(
        f"{name}大件垃圾扔到哪里？",
        (f"{short}旧沙发往哪扔", f"{short}不要的旧床垫往哪放"),
        f"放到社区指定的临时堆放点，先打{phone}问清位置，每周{pick('一二三四五六', code, 'rubbish')}统一清运。"
        "别放在楼道和绿地上，能拆的拆开捆好，搬不动的也打这个电话约人上门。",
    )
    yield Text(
        f"{name}楼道堆杂物找谁管？",
        (f"{short}过道里堆满破烂咋整", f"{short}楼门口乱放东西找谁"),
        f"打{phone}告诉{office}楼号和单元，网格员一般两天内上门劝说清理，堵了消防通道的当天就去。劝不动的，社区会报消防和城管处理。",
    )


def _village_texts(c: Community) -> Iterator[Text]:
    name, code, phone, short, office = c.label, c.place.code, c.telephone, c.place.name, c.office
    yield Text(
        f"{name}想申请宅基地找谁？",
        (f"{short}盖房子跟谁申请", f"{short}批房场找谁"),
        f"带身份证和户口本到{office}写申请，村民小组讨论、村里公示以后，由村里报到乡镇审批。准备材料前可以先打{phone}问清条件。",
    )
    yield Text(
        f"{name}的村务公开在哪里看？",
        (f"{short}的账上哪看", f"{short}公示栏在哪"),
        f"在{office}门口的公开栏，每季度张贴一次收支、补贴和救助名单。看不明白的可以打{phone}，让村会计给您讲。",
    )
    yield Text(
        f"{name}的垃圾往哪里倒？",
        (f"{short}生活垃圾倒哪", f"{short}的脏土往哪扔"),
        f"倒进村里路边的垃圾箱，垃圾车每周{pick(('一、三、五', '二、四、六'), code, 'rubbish')}上午来收。"
        f"炉灰要先凉透，单独倒进灰池，防止着火。箱子满了没人清的，打{phone}告诉村里。",
    )
    yield Text(
        f"{name}的土地流转在哪里登记？",
        (f"{short}地包给别人在哪登记", f"{short}土地流转找谁登记"),
        f"到{office}登记，双方带身份证和承包证，用统一的合同文本签，村里备案以后报乡镇。拿不准租金和年限的，先打{phone}问。",
    )
    yield Text(
        f"{name}的村卫生室在哪里？",
        (f"{short}卫生室在哪", f"{short}哪里能看病买药"),
        f"村卫生室在{office}旁边，白天有村医坐诊，可以测血压、开常用药，居民医保可以报。村医出诊不在时，打{phone}联系。",
    )


def grid_contact(c: Community, grid: Place, badge: int) -> Text:
    """Who looks after a grid and how to reach them; ``badge`` is the number of the grid worker."""
    ordinal = int(grid.code[-3:])
    hours = pick(("上午八点半到十一点半、下午一点半到五点", "上午九点到十二点、下午两点到五点半"), grid.code, "duty")
    kind = "村里" if c.village else "社区"
    return Text(
        f"{c.district}{c.label}{grid.name}的网格员是谁，怎么联系？",
        (f"{c.place.name}{spoken(ordinal)}网格归谁管", f"{c.place.name}第{ordinal}网格电话"),
        f"网格员姓{surname(grid.code)}，工号{badge}，打{kind}电话{c.telephone}就能找到，每天{hours}在网格里巡查。"
        "下班后的急事拨打12345。",
    )
