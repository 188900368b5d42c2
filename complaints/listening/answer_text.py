"""The text of an answer as it is read: folded, without spaces, with the way back to what was typed; and which words of
a list stand in it, unless what stands around them explains them away. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from complaints.listening.answer_patterns import answer_patterns
from complaints.listening.folding import Folded, fold
from complaints.listening.patterns import Row

#: A text of an answer is read whole: its verb takes no longer one.
MOST_READ = 20_000
#: Letters around a hit in which an exception may stand.
_AROUND = 14
_ENDS = ",。;!?\n"
QUOTED = re.compile(r"[“\"「『][^”\"」』]*[”\"」』]")
#: What somebody is told not to have done or to be; behind it there is a question that means the contrary.
_DENIED = re.compile(r"(?:没有?|并未|从未|未曾|不曾|不会|绝不|决不|无权|并非|不是|不认为|不存在)[^,。;!?]{0,3}$")
_ASKED_BACK = re.compile(r"^[^。;!]{0,8}(?:是什么|是啥|吗|吧|么|\?)")
#: Rows of threats that may be denied; every condition may.
_DENIABLE = frozenset(
    {"pursue", "sue", "punish", "refuse_service", "exposed", "listed", "cut_off", "published", "watched", "credit"}
    | {"accused", "accused_too", "leverage", "whereabouts"}
)
_STAFF = (
    "客服|师傅|店员|营业员|员工|同事|保安|骑手|司机|业务员|老师|教练|坐席|小哥|经理|店长|护士|医生|收银员|人员|他|她"
    "|小妹|新人|伙计|徒弟|前台|老婆|老公"
)
#: Before words in quotation marks: staff said them, or the consumer asks about them.
_THEIRS = re.compile(
    rf"(?:{_STAFF}|[那这]句|(?:短信|电话|来函)里|(?:您|你)(?:说|问|担心|反映|提到|以为|收到|看到))[^。;!]{{0,14}}$"
)
#: Before words without them: staff said or asked it, and it was put right.
SAYS = re.compile(rf"(?:{_STAFF})[^,。;!]{{0,12}}(?:说|骂|嘲|讽|喊|让|叫|要求)")
_TOLD = re.compile(SAYS.pattern + r"[^,。;!]{0,8}$")
#: Right behind words: they are spoken of.
_SPOKEN_OF = re.compile(r"^[^,。;!]{0,6}这(?:句|种)?话")
PUT_RIGHT = re.compile(r"停课|停岗|停职|辞退|开除|扣(?:了|罚|绩效)|处分|批评|违规|不应该|不该|不对|错误|封号")


@dataclass(frozen=True, slots=True)
class Found:
    """``code``: of the table's kinds; ``quote``: the words as typed, which stand at [start, end) of the text."""

    code: str
    start: int
    end: int
    quote: str


class AnswerText:
    """A folded text without spaces, with the way back to what was typed."""

    def __init__(self, typed: str, *, lead: str = "") -> None:
        folded = fold(typed, most=MOST_READ)
        kept = [place for place, letter in enumerate(folded.text) if letter != " "]
        self.text = lead + "".join(folded.text[place] for place in kept)
        self._folded = Folded(typed, self.text, (*[0] * len(lead), *(folded.origins[place] for place in kept)))
        self.quoted = [hit.span() for hit in QUOTED.finditer(self.text)]

    def found(self, code: str, start: int, end: int) -> Found:
        origins = self._folded.origins
        end = min(max(end, start + 1), len(origins))
        return Found(code, origins[start], origins[end - 1] + 1, self._folded.quote(start, end))

    def hits(self, name: str) -> Iterator[re.Match[str]]:
        """Hits of a list that nothing around them explains away."""
        for row in answer_patterns().of(name):
            for hit in row.words.finditer(self.text):
                if not _is_explained(row, self.text, hit) and not self._is_denied(name, row, hit):
                    yield hit

    def first(self, name: str) -> re.Match[str] | None:
        return next(self.hits(name), None)

    def _is_denied(self, name: str, row: Row, hit: re.Match[str]) -> bool:
        """没有停您的机, 不会要求您撤诉; but not 不是讹诈是什么."""
        if name != "conditions" and (name != "threats" or row.code not in _DENIABLE):
            return False
        return bool(_DENIED.search(self.text, max(0, hit.start() - 8), hit.start())) and not _ASKED_BACK.match(
            self.text[hit.end() :]
        )

    def is_quoted(self, hit: re.Match[str]) -> bool:
        return any(start <= hit.start() and hit.end() <= end for start, end in self.quoted)

    def is_theirs(self, hit: re.Match[str]) -> bool:
        """Whether somebody of the enterprise is quoted, or told of and put right."""
        told = _TOLD.search(self.text, max(0, hit.start() - 26), hit.start())
        if _SPOKEN_OF.match(self.text[hit.end() : hit.end() + 12]):
            return True
        return bool(told and PUT_RIGHT.search(self.text, hit.end())) or any(
            start < hit.end() and hit.start() < end and _THEIRS.search(self.text, max(0, start - 20), start)
            for start, end in self.quoted
        )

    def clause(self, start: int, end: int) -> tuple[int, int]:
        begins = max(self.text.rfind(sign, 0, start) for sign in _ENDS) + 1
        ends = [place for sign in _ENDS if (place := self.text.find(sign, end)) >= 0]
        return begins, min(ends, default=len(self.text))

    def bare(self) -> str:
        """Without courtesies."""
        text = self.text
        for row in answer_patterns().of("courtesies"):
            text = row.words.sub("", text)
        return text


def _is_explained(row: Row, text: str, hit: re.Match[str]) -> bool:
    return bool(row.unless and row.unless.search(text[max(0, hit.start() - _AROUND) : hit.end() + _AROUND]))
