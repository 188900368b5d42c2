"""A text in one written form, with the way back to the person's own letters."""

import re
import unicodedata
from dataclasses import dataclass

#: So many letters of a text are read.
MOST_READ = 4_000

#: Letters of the traditional script that complaints use, and their simplified forms, one below the other.
_TRADITIONAL = (
    "動電聯訊國廣無緣費務增說訂請還東門開關錢賬帳單號碼網絡續約違證據舉報訴賠償損產買賣貨換轉銷戶寬帶斷線業營點卻讓應該給個時間員從這對沒發現"
    "與為實際認識騙誤導過經處理規記錄師傅壞鬧邊樓樣會員館紙課學費醫藥險車劃條種們幾兩萬億總數額場腦機價廠訂購運達選釋權屬檢舉嚴懲罰執歸領區縣鄉鎮"
    "婦親媽爺爸兒媳鄰託書寫讀聽講話顯壓計調變級當後來氣熱鐵飛騎馬魚鳥豬雞農業藥糧飯麵館廳裝壞傷慣態惡劣極難閉關係簽訖協議須擾亂術療齡歲"
)
_SIMPLIFIED = (
    "动电联讯国广无缘费务增说订请还东门开关钱账账单号码网络续约违证据举报诉赔偿损产买卖货换转销户宽带断线业营点却让应该给个时间员从这对没发现"
    "与为实际认识骗误导过经处理规记录师傅坏闹边楼样会员馆纸课学费医药险车划条种们几两万亿总数额场脑机价厂订购运达选释权属检举严惩罚执归领区县乡镇"
    "妇亲妈爷爸儿媳邻托书写读听讲话显压计调变级当后来气热铁飞骑马鱼鸟猪鸡农业药粮饭面馆厅装坏伤惯态恶劣极难闭关系签讫协议须扰乱术疗龄岁"
)
_SCRIPT = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
_SPACE = re.compile(r"[ \t\u3000\xa0]")


@dataclass(frozen=True, slots=True)
class Folded:
    """``text``: in one form (NFKC, simplified, single spaces, nothing invisible); ``origins``: for each letter of it,
    its place in ``typed``."""

    typed: str
    text: str
    origins: tuple[int, ...]

    def quote(self, start: int, end: int) -> str:
        """The person's own letters behind this piece of the folded text."""
        return self.typed[self.origins[start] : self.origins[end - 1] + 1] if start < end else ""


def fold(typed: str) -> Folded:
    """The first MOST_READ letters, folded letter by letter so that each piece leads back to what was typed."""
    letters: list[str] = []
    origins: list[int] = []
    for place, raw in enumerate(typed[:MOST_READ]):
        for letter in unicodedata.normalize("NFKC", raw):
            if _SPACE.match(letter):
                if letters and letters[-1] == " ":
                    continue
                letter = " "
            elif letter != "\n" and unicodedata.category(letter) in ("Cc", "Cs", "Cf", "Co", "Cn"):
                continue
            letters.append(letter)
            origins.append(place)
    return Folded(typed, "".join(letters).translate(_SCRIPT), tuple(origins))
