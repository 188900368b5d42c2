"""English names of Chinese places: 杭州市 → Hangzhou, 恩施土家族苗族自治州 → Enshi Tujia and Miao Autonomous
Prefecture.

The pinyin of the name with the English word of its level, as road signs write it; what is known abroad by the
name of another language, or is read otherwise there than its characters mostly are, stands in a table. Whoever types a
name in Latin letters finds the place by it.
"""

from __future__ import annotations

from pypinyin import Style, lazy_pinyin

#: What a name ends with, from how many characters on, and the English word. 北林区 is no forest, 矿区 alone no mine.
SUFFIXES = (
    ("自治州", 4, "Autonomous Prefecture"),
    ("自治县", 4, "Autonomous County"),
    ("自治旗", 4, "Autonomous Banner"),
    ("地区", 3, "Prefecture"),
    ("林区", 5, "Forestry District"),
    ("特区", 4, "Special District"),
    ("新区", 4, "New Area"),
    ("矿区", 4, "Mining District"),
    ("左旗", 3, "Left Banner"),
    ("右旗", 3, "Right Banner"),
    ("前旗", 3, "Front Banner"),
    ("中旗", 3, "Middle Banner"),
    ("后旗", 3, "Rear Banner"),
    ("盟", 2, "League"),
    ("旗", 2, "Banner"),
    ("县", 2, "County"),
    ("市", 2, "City"),
    ("区", 2, "District"),
)
#: Of whom a place is autonomous, the longest first where one begins as another.
PEOPLES = {
    "土家族": "Tujia",
    "蒙古族": "Mongol",
    "朝鲜族": "Korean",
    "哈萨克族": "Kazakh",
    "哈尼族": "Hani",
    "布依族": "Buyei",
    "布朗族": "Bulang",
    "景颇族": "Jingpo",
    "傈僳族": "Lisu",
    "仫佬族": "Mulao",
    "毛南族": "Maonan",
    "仡佬族": "Gelao",
    "纳西族": "Naxi",
    "拉祜族": "Lahu",
    "独龙族": "Derung",
    "普米族": "Pumi",
    "撒拉族": "Salar",
    "东乡族": "Dongxiang",
    "保安族": "Bonan",
    "裕固族": "Yugur",
    "达斡尔族": "Daur",
    "鄂温克族": "Ewenki",
    "柯尔克孜": "Kyrgyz",
    "哈萨克": "Kazakh",
    "塔吉克": "Tajik",
    "蒙古": "Mongol",
    "锡伯": "Xibe",
    "苗族": "Miao",
    "彝族": "Yi",
    "藏族": "Tibetan",
    "羌族": "Qiang",
    "侗族": "Dong",
    "壮族": "Zhuang",
    "傣族": "Dai",
    "白族": "Bai",
    "回族": "Hui",
    "满族": "Manchu",
    "瑶族": "Yao",
    "黎族": "Li",
    "畲族": "She",
    "水族": "Sui",
    "佤族": "Va",
    "怒族": "Nu",
    "土族": "Tu",
    "各族": "Multi-ethnic",
}
#: Known by a name that is not the pinyin of the characters.
KNOWN = {
    "呼和浩特": "Hohhot",
    "鄂尔多斯": "Ordos",
    "呼伦贝尔": "Hulunbuir",
    "巴彦淖尔": "Bayannur",
    "乌兰察布": "Ulanqab",
    "兴安盟": "Hinggan",
    "锡林郭勒": "Xilingol",
    "阿拉善": "Alxa",
    "锡林浩特": "Xilinhot",
    "乌兰浩特": "Ulanhot",
    "二连浩特": "Erenhot",
    "满洲里": "Manzhouli",
    "哈尔滨": "Harbin",
    "齐齐哈尔": "Qiqihar",
    "拉萨": "Lhasa",
    "日喀则": "Shigatse",
    "昌都": "Chamdo",
    "林芝": "Nyingchi",
    "那曲": "Nagqu",
    "阿里": "Ngari",
    "乌鲁木齐": "Urumqi",
    "克拉玛依": "Karamay",
    "吐鲁番": "Turpan",
    "喀什": "Kashgar",
    "和田": "Hotan",
    "阿克苏": "Aksu",
    "库尔勒": "Korla",
    "阿勒泰": "Altay",
    "伊犁": "Ili",
    "博尔塔拉": "Bortala",
    "巴音郭楞": "Bayingolin",
    "克孜勒苏": "Kizilsu",
    "甘孜": "Garze",
    "果洛": "Golog",
    "格尔木": "Golmud",
    "德令哈": "Delingha",
    "阿图什": "Artux",
    "鄂伦春": "Oroqen",
    "莫力达瓦": "Morin Dawa",
    "土默特": "Tumed",
    "科尔沁": "Horqin",
    "科尔沁左翼": "Horqin Left Wing",
    "科尔沁右翼": "Horqin Right Wing",
    "察哈尔右翼": "Chahar Right Wing",
    "喀喇沁": "Harqin",
    "喀喇沁左翼": "Harqin Left Wing",
}
#: Characters that names of places read otherwise than sentences do.
READ_CHARACTERS = {"长": "chang", "都": "du", "什": "shi", "朝": "chao", "佛": "fo"}
#: Names that are read otherwise than their characters mostly are.
READ = {
    "长子": "Zhangzi",
    "单": "Shan",
    "浚": "Xun",
    "蔚": "Yu",
    "繁峙": "Fanshi",
    "洪洞": "Hongtong",
    "筠连": "Junlian",
    "荥经": "Yingjing",
    "宕昌": "Tanchang",
    "覃塘": "Qintang",
    "涡阳": "Guoyang",
    "乐陵": "Laoling",
    "民乐": "Minle",
    "南乐": "Nanle",
    "大城": "Daicheng",
    "漯河": "Luohe",
    "崆峒": "Kongtong",
    "称多": "Chenduo",
    "浪卡子": "Langkazi",
    "曾都": "Zengdu",
    "马尾": "Mawei",
    "芒市": "Mangshi",
    "闵行": "Minhang",
    "六合": "Luhe",
    "珲春": "Hunchun",
    "穆棱": "Muling",
    "泊头": "Botou",
    "蚌山": "Bengshan",
}


def english_name(name: str, level: str) -> str:
    """The English name of a city, a county or a district; a city of its own level is its name alone."""
    ending, word = next(
        ((end, word) for end, least, word in SUFFIXES if name.endswith(end) and len(name) >= least), ("", "")
    )
    stem, peoples = _without_peoples(name.removesuffix(ending))
    words = [KNOWN.get(name) or READ.get(name) or KNOWN.get(stem) or READ.get(stem) or PEOPLES.get(stem) or spelt(stem)]
    if peoples:
        words.append(" and ".join(filter(None, (", ".join(peoples[:-1]), peoples[-1]))))
    if word and not (word == "City" and level == "city"):
        words.append(word)
    return " ".join(words)


def _without_peoples(stem: str) -> tuple[str, list[str]]:
    found: list[str] = []
    while people := next((one for one in PEOPLES if stem.endswith(one) and len(stem) > len(one)), ""):
        found.insert(0, PEOPLES[people])
        stem = stem.removesuffix(people)
    return stem, found


def spelt(name: str) -> str:
    """One word: Xi'an, Luoyang."""
    read = lazy_pinyin(name, style=Style.NORMAL)
    syllables = [READ_CHARACTERS.get(character, one) for character, one in zip(name, read, strict=True)]
    first, *rest = syllables
    return (first + "".join(f"'{one}" if one[0] in "aoe" else one for one in rest)).replace("v", "u").capitalize()
