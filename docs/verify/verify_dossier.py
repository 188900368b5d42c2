#!/usr/bin/env python3
"""Check the dossier (ZIP) of a consumer dispute: is it complete and unaltered since it was sealed?

    python3 verify_dossier.py DOSSIER.zip [--key KEY ...] [--witness KEY ...] [--tsa-root FILE] [--language zh|en]

Needs Python 3.9 and nothing else, no network, and trusts nobody who made the file. What is said is
computed here from the entries themselves; what the file says about itself is only compared.

Exit code: 0 complete and unbroken up to the checkpoint; 1 broken (the first broken entry is named); 2 cannot be read
as a dossier; 3 unbroken, but not under the checkpoint up to its last entry, or signed by a key that you did not
compare, or something is withheld for a reason that nothing in it proves, or a checkpoint that you kept (--kept) is
of another size and so was not compared.

How it is computed (README of the dossier says the same):
  ZIP      (odr-dossier-2) has one right form: parts stored, sorted by name, dated 1980-01-01, no extra field, comment
           or gap; the last are manifest.json, manifest.tsr (where there is one) and manifest.sig. Every header is
           computed here and compared.
  manifest (canonical JSON) lists each other part with size and SHA-256, and what is withheld and why; manifest.sig is
           Ed25519 over "odr-dossier-2 manifest" ‖ 00 ‖ SHA-256(manifest.json) ‖ SHA-256(manifest.tsr), in hexadecimal
  entry    hash(n) = SHA-256(00 ‖ hash(n-1) ‖ text of entry n); hash(0) is empty
  text     digest = SHA-256(salt ‖ text), and stands in the entry; names and files likewise (files without salt)
  log      RFC 9162: leaf = SHA-256(00 ‖ "case|audience|sequence|hash of that entry"), node = SHA-256(01 ‖ left ‖
           right); the checkpoint is a signed note (C2SP tlog-checkpoint, signed-note, tlog-cosignature), Ed25519
The older form (odr-dossier-1) has seals instead:
  leaf     SHA-256(02 ‖ "case id|audience|sequence|hash of that entry"); node = SHA-256(03 ‖ left ‖ right); of an odd
           number the last one goes up alone
  seal     SHA-256(01 ‖ previous root ‖ "number|size|time" ‖ newline ‖ root of the tree in hexadecimal), signed by
           Ed25519
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import IO, Any

FORMAT, OLD_FORMAT = "odr-dossier-2", "odr-dossier-1"
#: Bounds against files that are made to exhaust whoever looks at them.
MOST_PARTS = 20_000
#: Signatures cost milliseconds each here: so many stand at most under a checkpoint, and so many entries about the
#: record itself are looked at.
MOST_SIGNATURES, MOST_HOUSE = 128, 5_000
MOST_DIRECTORY = 4 * 1024 * 1024
MOST_JSON = 64 * 1024 * 1024
MOST_BYTES = 4 * 1024 * 1024 * 1024
CHUNK = 1 << 16
_END = b"PK\x05\x06"
_END_64 = b"PK\x06\x07"

WORDS: dict[str, str] = {
    "entry_missing": "第{n}条记录缺失",
    "entry_place": "第{n}条记录的位置或编号不对",
    "entry_changed": "第{n}条记录被改动：内容与摘要不符",
    "entry_other": "第{n}条记录属于别的案件或编号",
    "text_changed": "第{n}条记录的文字“{what}”被改动",
    "text_missing": "第{n}条记录的文字“{what}”缺失",
    "text_foreign": "文字“{what}”不属于第{n}条记录",
    "name_changed": "第{n}条记录的姓名被改动",
    "name_missing": "第{n}条记录的姓名缺失",
    "file_changed": "第{n}条记录的文件“{what}”被改动",
    "file_missing": "第{n}条记录的文件“{what}”缺失",
    "file_foreign": "文件“{what}”不在记录里",
    "seal_other_entry": "第{n}条记录不是封印时的那一条",
    "seal_cut": "第{n}条记录缺失：封印时它还在",
    "seal_proof": "封印{n}：证明路径不成立，案件不在封印之内",
    "seal_root": "封印{n}：封印内容与摘要不符",
    "seal_signature": "封印{n}：签名无效",
    "seal_key": "封印{n}：不是您给出的公钥签的",
    "seal_unpublished": "封印{n}：与公布的封印不符",
    "log_signature": "检查点（{n}条）的签名无效，或者不是所说的密钥签的",
    "log_form": "检查点不是规定的写法",
    "log_key": "检查点（{n}条）不是您给出的公钥签的",
    "log_other": "检查点（{n}条）与您保存的不同：记录被重写过",
    "log_proof": "第{n}条记录不在检查点之内",
    "log_cut": "第{n}条记录缺失：检查点签名时它还在",
    "house_proof": "关于记录本身的第{n}条不在检查点之内，或者被改动",
    "stamp": "清单的时间戳不成立",
    "zip_cut": "压缩包不完整：在第{n}部分被截断",
    "zip_header": "压缩包第{n}部分的文件头被改动",
    "zip_directory": "压缩包的目录与内容不符，或者有多出的内容",
    "zip_order": "压缩包各部分的顺序不对，或者没有签名的清单",
    "manifest_signature": "清单或者它的签名被改动，或者是别的密钥签的",
    "manifest_form": "清单不是规定的写法",
    "part_changed": "“{what}”被改动",
    "part_added": "“{what}”不在清单里，是后来加入的",
    "part_missing": "“{what}”缺失",
    "withheld_unknown": "清单说没有交付的内容，第{n}条记录里没有：{what}",
    "withheld_unproved": "第{n}条记录的“{what}”没有交付：据称已依法删除，但记录里没有这次删除",
    "withheld_wrongly": "第{n}条记录的“{what}”没有交付，而所说的理由不成立",
}
#: What nothing in the dossier proves, by reason.
UNPROVED: dict[str, str] = {
    "erased": "第{n}条记录的“{what}”：据称已依法删除，还没有检查点可以证明",
    "restricted": "第{n}条记录的“{what}”：当事人已要求删除，依法保存期间不再提供，档案里没有证明",
    "held_back": "第{n}条记录的“{what}”：据称正在查毒或者有病毒，没有交付，档案里没有证明",
    "file_gone": "第{n}条记录的“{what}”：平台说已经没有这个文件",
}
#: Why a file is held back, where an entry says so.
HELD: dict[str, str] = {"infected": "查出病毒", "unscannable": "查毒程序读不了"}
#: Kinds of texts in words; one that is not here is shown as it stands.
KINDS: dict[str, str] = {
    "consumer_name": "消费者姓名",
    "consumer_phone": "消费者电话",
    "consumer_email": "消费者邮箱",
    "consumer_address": "消费者地址",
    "consumer_statement": "争议事实",
    "consumer_transcript": "语音陈述的记录",
    "consumer_demand_note": "诉求的补充说明",
    "consumer_place": "发生地点",
    "consumer_order_no": "订单号",
    "consumer_service_number": "业务号码",
    "consumer_plan": "套餐",
    "consumer_contract_until": "合同期限",
    "consumer_promised": "对方的承诺",
    "consumer_their_reference": "企业给过的编号",
    "consumer_principal": "委托人",
    "consumer_parties": "共同投诉人",
    "consumer_representatives": "推选的代表",
    "agreement": "调解协议",
    "contact": "联系记录",
    "correction": "更正",
    "counter_demand": "另提的要求",
    "decision": "决定的内容",
    "message": "消息",
    "minutes": "调解记录",
    "note": "备注",
    "proof": "履行的证明",
    "public_reply": "公开回应",
    "question": "提问",
    "rating": "评价",
    "reason": "理由",
    "suggestion": "调解方案",
    "whom": "请求谁回避",
    "party": "当事人姓名",
    "look": "查看联系方式的理由",
    "entry": "整条记录",
    "name": "姓名",
    "file": "文件",
    "original": "文件的原件",
}
#: Whom a dossier was made for. The consumer gets everything that was said; nobody else gets these kinds.
CONSUMER, OTHERS, SYSTEM = "consumer", ("joint", "enterprise", "authority"), "system"
PRIVATE_KINDS = frozenset(
    {
        *("consumer_name", "consumer_phone", "consumer_email", "consumer_address", "consumer_place"),
        *("consumer_order_no", "consumer_service_number", "consumer_plan", "consumer_contract_until"),
        *("consumer_their_reference", "consumer_principal", "consumer_parties", "consumer_representatives"),
        *("party", "whom", "look"),
    }
)
_ANSWER = "对第{n}项诉求的答复"
UNREADABLE: dict[str, str] = {
    "not_a_zip": "不是可以读取的ZIP文件",
    "not_a_dossier": "不是案件档案，或者格式不认识",
    "too_large": "文件太大，或展开后太大",
}


#: The program goes alone, so it has its English with it; pages of the portal take theirs from the catalogue.
ENGLISH: dict[str, str] = {
    "对第{n}项诉求的答复": "answer to demand {n}",
    "第{n}条记录缺失": "entry {n} is missing",
    "第{n}条记录的位置或编号不对": "entry {n} does not stand in its place",
    "第{n}条记录被改动：内容与摘要不符": "entry {n} was changed: its text does not match its digest",
    "第{n}条记录属于别的案件或编号": "entry {n} says that it is another entry or another case",
    "第{n}条记录的文字“{what}”被改动": "the text “{what}” of entry {n} was changed",
    "第{n}条记录的文字“{what}”缺失": "the text “{what}” of entry {n} is missing",
    "文字“{what}”不属于第{n}条记录": "the text “{what}” does not belong to entry {n}",
    "第{n}条记录的姓名被改动": "a name of entry {n} was changed",
    "第{n}条记录的姓名缺失": "a name of entry {n} is missing",
    "第{n}条记录的文件“{what}”被改动": "the file “{what}” of entry {n} was changed",
    "第{n}条记录的文件“{what}”缺失": "the file “{what}” of entry {n} is missing",
    "文件“{what}”不在记录里": "the file “{what}” is not in the record",
    "第{n}条记录不是封印时的那一条": "entry {n} is not the one that was sealed",
    "第{n}条记录缺失：封印时它还在": "entry {n} is missing: it was there when the record was sealed",
    "封印{n}：证明路径不成立，案件不在封印之内": "seal {n}: the proof of inclusion does not hold",
    "封印{n}：封印内容与摘要不符": "seal {n} does not match what it says",
    "封印{n}：签名无效": "the signature of seal {n} is not valid",
    "封印{n}：不是您给出的公钥签的": "seal {n} was not signed by the key that you gave",
    "封印{n}：与公布的封印不符": "seal {n} is not the one that was published",
    "检查点（{n}条）的签名无效，或者不是所说的密钥签的": (
        "the signature of the checkpoint ({n} entries) is not valid, or not by the key that it names"
    ),
    "检查点不是规定的写法": "the checkpoint is not written in its standard form",
    "检查点（{n}条）不是您给出的公钥签的": "the checkpoint ({n} entries) was not signed by a key that you gave",
    "检查点（{n}条）与您保存的不同：记录被重写过": (
        "the checkpoint ({n} entries) is another one than you kept: the record was rewritten"
    ),
    "第{n}条记录不在检查点之内": "entry {n} is not under the checkpoint",
    "第{n}条记录缺失：检查点签名时它还在": "entry {n} is missing: it was there when the checkpoint was signed",
    "关于记录本身的第{n}条不在检查点之内，或者被改动": (
        "entry {n} about the record itself is not under the checkpoint, or was changed"
    ),
    "清单的时间戳不成立": "the time stamp of the manifest does not hold",
    "压缩包不完整：在第{n}部分被截断": "the ZIP is cut off in part {n}",
    "压缩包第{n}部分的文件头被改动": "the header of part {n} of the ZIP was changed",
    "压缩包的目录与内容不符，或者有多出的内容": (
        "the directory of the ZIP does not say what is in it, or something was added"
    ),
    "压缩包各部分的顺序不对，或者没有签名的清单": "the parts of the ZIP are out of order, or it has no signed manifest",
    "清单或者它的签名被改动，或者是别的密钥签的": "the manifest or its signature was changed, or another key signed it",
    "清单不是规定的写法": "the manifest is not written in its one right form",
    "“{what}”被改动": "“{what}” was changed",
    "“{what}”不在清单里，是后来加入的": "“{what}” is not in the manifest: it was added",
    "“{what}”缺失": "“{what}” is missing",
    "清单说没有交付的内容，第{n}条记录里没有：{what}": (
        "the manifest says that something is withheld which entry {n} does not have: {what}"
    ),
    "第{n}条记录的“{what}”没有交付，而所说的理由不成立": (
        "“{what}” of entry {n} is withheld, and the reason that is given does not hold"
    ),
    "第{n}条记录的“{what}”没有交付：据称已依法删除，但记录里没有这次删除": (
        "“{what}” of entry {n} is missing: said to be erased by law, and the record has no such erasure"
    ),
    "第{n}条记录的“{what}”：据称已依法删除，还没有检查点可以证明": (
        "“{what}” of entry {n}: said to be erased by law, which no checkpoint proves yet"
    ),
    "第{n}条记录的“{what}”：当事人已要求删除，依法保存期间不再提供，档案里没有证明": (
        "“{what}” of entry {n}: said to be shown to nobody until a term of the law ends, as its person asked to be "
        "erased; nothing here proves that"
    ),
    "第{n}条记录的“{what}”：据称正在查毒或者有病毒，没有交付，档案里没有证明": (
        "“{what}” of entry {n}: said to be held back for a check for malware, which nothing here proves"
    ),
    "查出病毒": "malware was found",
    "查毒程序读不了": "the scanner could not read it",
    "第{}条记录的文件没有交付：{}（{}，{}）；平台写下的第{}条记录为证": (
        "the file of entry {} is held back: {} ({}, {}); entry {} of the portal proves that"
    ),
    "第{n}条记录的“{what}”：平台说已经没有这个文件": "“{what}” of entry {n}: the portal says that it is gone",
    "当事人姓名": "name of a party",
    "查看联系方式的理由": "why contact data was looked at",
    "合同期限": "end of the contract",
    "整条记录": "the whole entry",
    "姓名": "name",
    "文件": "file",
    "文件的原件": "original of a file",
    "消费者": "the consumer",
    "共同投诉人或者代表": "a fellow complainant or representative",
    "经营者": "the enterprise",
    "监管部门": "the authority",
    "为{}制作。已核对：压缩包的每个字节、清单的签名、{}个部分": (
        "made for {}. Checked: every byte of the ZIP, the signature of the manifest, {} parts"
    ),
    "完整，未被改动。检查点包含{}条记录，签名时间{}": "complete and unbroken. Checkpoint over {} entries, signed at {}",
    "未见改动。第1至{}条在检查点之内（{}条，{}）；其后的还不在，不能证明后面没有缺少": (
        "unbroken. Entries 1 to {} are under the checkpoint ({} entries, {}); later ones are not yet, so it is not "
        "proved that none is missing"
    ),
    "未见改动，但没有检查点，不能证明没有整体重写": (
        "unbroken, but under no checkpoint: this does not prove that it was not rewritten as a whole"
    ),
    "检查点的签名公钥 {}：请与平台公布的公钥核对（--key）": (
        "the checkpoint is signed by the key {}: compare it with the published one (--key)"
    ),
    "您保存的检查点（{}条）没有比较：只能比较同一个记录、同样条数的": (
        "the checkpoint that you kept ({} entries) was not compared: that needs one of the same log and size"
    ),
    "见证人{}在{}见过这个检查点": "the witness {} saw this checkpoint at {}",
    "检查点上还有{}的签名，没有核对（--witness）": "the checkpoint also has signatures of {}, not checked (--witness)",
    "清单有时间戳，时间戳成立": "the manifest has a time stamp, which holds",
    "清单有时间戳，没有核对（--tsa-root）": "the manifest has a time stamp, not checked (--tsa-root)",
    "{}条记录里封有案件状态的变化，只供平台自己核对，不在档案里": (
        "{} entries have changes of the state of the case sealed to them, for the check of the portal alone: not here"
    ),
    "其中{}项依法删除，有删除记录为证": "{} parts were erased by law, which entries of the record prove",
    "清单的签名公钥 {}：请与平台公布的公钥核对（--key）": (
        "the manifest is signed by the key {}: compare it with the published one (--key)"
    ),
    "旧格式的档案：PDF、说明和其他不在记录里的部分没有核对": (
        "a dossier of the older form: PDFs, README and whatever the record does not name were not checked"
    ),
    "消费者姓名": "name of the consumer",
    "消费者电话": "telephone of the consumer",
    "消费者邮箱": "e-mail of the consumer",
    "消费者地址": "address of the consumer",
    "争议事实": "statement of the facts",
    "语音陈述的记录": "transcript of the spoken statement",
    "诉求的补充说明": "note on the demands",
    "发生地点": "place",
    "订单号": "order number",
    "业务号码": "service number",
    "套餐": "plan",
    "对方的承诺": "what was promised",
    "企业给过的编号": "number given by the enterprise",
    "委托人": "principal",
    "共同投诉人": "fellow complainants",
    "推选的代表": "representatives",
    "调解协议": "agreement",
    "联系记录": "note of a contact",
    "更正": "correction",
    "另提的要求": "counter-demand",
    "决定的内容": "decision",
    "消息": "message",
    "调解记录": "minutes",
    "备注": "note",
    "履行的证明": "proof of performance",
    "公开回应": "public reply",
    "提问": "question",
    "评价": "rating",
    "理由": "reason",
    "调解方案": "proposal of mediation",
    "请求谁回避": "who should stand aside",
    "不是可以读取的ZIP文件": "this is no ZIP file that can be read",
    "不是案件档案，或者格式不认识": "this is no dossier, or one of an unknown form",
    "文件太大，或展开后太大": "it is too large, or would be when unpacked",
    "案件 {}，共{}条记录，{}段文字，{}个文件": "case {}: {} entries, {} texts, {} files",
    "已被改动或不完整：": "BROKEN: ",
    "未见改动，但没有封印，不能证明没有整体重写": (
        "unbroken, but not sealed: this does not prove that it was not rewritten as a whole"
    ),
    "完整，未被改动。封印{}，封印时间{}": "complete and unbroken. Seal {}, sealed at {}",
    "其中{}项不交给本档案的持有人或已依法删除，只核对了摘要": (
        "{} parts are withheld from the holder of this dossier or were erased by law; only their digests are here"
    ),
    "签名公钥 {}：请与平台公布的公钥核对（--key）": "signed by the key {}: compare it with the published one (--key)",
    "未见改动。第1至{}条已封印（封印{}，{}）；其后的还没有封印，不能证明后面没有缺少": (
        "unbroken. Entries 1 to {} are sealed (seal {}, {}); later ones are not yet, so it is not "
        "proved that none is missing"
    ),
}
Say = Callable[[str], str]
LANGUAGES: dict[str, Say] = {"zh": str, "en": ENGLISH.__getitem__}


@dataclass(frozen=True)
class Broken:
    """What is wrong: a code of WORDS, the entry (or seal) that it is about, and the name of the part."""

    code: str
    n: int
    what: str = ""

    def words(self, say: Say) -> str:
        is_kind = self.code.startswith(("text_", "withheld_")) or self.code in UNPROVED
        what = kind_words(self.what, say) if is_kind else self.what
        return _printable(say({**WORDS, **UNPROVED}[self.code]).format(n=self.n, what=what))


def kind_words(kind: str, say: Say) -> str:
    """What kind of text it is: answer_2 is “answer to demand 2”."""
    number = kind.removeprefix("answer_")
    if number != kind and number.isdecimal():
        return say(_ANSWER).format(n=number)
    return say(KINDS[kind]) if kind in KINDS else kind


def _printable(text: str) -> str:
    """What the file says of itself may hold half letters."""
    return text.encode("utf-8", "replace").decode("utf-8")


class Unreadable(Exception):
    """No dossier at all; ``code`` is one of UNREADABLE."""

    def __init__(self, code: str) -> None:
        super().__init__(UNREADABLE[code])
        self.code = code


@dataclass
class Report:
    """What was found; ``broken`` is in the order of the entries, faults of the seal last. ``unproved``: what is
    withheld for a reason that nothing proves. ``document_key`` signed the manifest; an older form has none."""

    case: str = ""
    made_for: str = ""
    parts: int = 0
    document_key: str = ""
    is_document_key_known: bool = False
    entries: int = 0
    sealed: int = 0
    seal: int | None = None
    sealed_at: str = ""
    head: str = ""
    root: str = ""
    public_key: str = ""
    key_was_given: bool = False
    texts: int = 0
    files: int = 0
    withheld: int = 0
    broken: list[Broken] = field(default_factory=list)
    seal_broken: list[Broken] = field(default_factory=list)
    unproved: list[Broken] = field(default_factory=list)
    #: The checkpoint: name and number of entries of its log; (name, time) of witnesses whose keys were given, names of
    #: others.
    origin: str = ""
    size: int | None = None
    witnesses: list[tuple[str, str]] = field(default_factory=list)
    unknown_witnesses: list[str] = field(default_factory=list)
    #: Sizes of checkpoints that were kept and are not of the same log and size.
    not_compared: list[int] = field(default_factory=list)
    erased: int = 0
    #: Files that are held back as an entry of the portal says: number of the entry that names the file, why, what the
    #: scanner said, when, number of the entry that says so.
    held: list[tuple[int, str, str, str, int]] = field(default_factory=list)
    #: So many entries have changes of the state of the case sealed to them, which are for the portal's own check.
    states: int = 0
    #: None without a time stamp; else whether it was checked.
    stamp_was_checked: bool | None = None

    @property
    def first(self) -> Broken | None:
        results = sorted(self.broken, key=lambda one: one.n or 10**9)
        return (results + self.seal_broken + [None])[0]

    @property
    def is_sealed(self) -> bool:
        return self.entries > 0 and self.sealed == self.entries

    @property
    def exit_code(self) -> int:
        if self.first is not None:
            return 1
        # A dossier of the older form has parts that nothing covers.
        is_known = self.key_was_given and self.is_document_key_known
        return 0 if self.is_sealed and is_known and not self.unproved and not self.not_compared else 3


# --- Ed25519 (RFC 8032), checking only --------------------------------------------------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
Point = tuple[int, int, int, int]


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    return result


def _same(one: Point, other: Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 and (one[1] * other[2] - other[1] * one[2]) % _P == 0


def _x_of(y: int, sign: int) -> int | None:
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


def _point(packed: bytes) -> Point | None:
    y = int.from_bytes(packed, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _x_of(_BASE_Y, 0) or 0
_BASE: Point = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)


def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032, 5.1.7."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, r = _point(public_key), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % _L
    return _same(_times(s, _BASE), _add(r, _times(k, key)))


# --- the file ------------------------------------------------------------------------------------------------------

_BAD_ZIP = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)


class _Parts:
    """The parts of the ZIP, none of them read before its size is known to be bearable."""

    def __init__(self, file: IO[bytes], most_bytes: int, most_json: int) -> None:
        self.most_json = most_json
        _look_at_the_end(file)
        try:
            self.zip = zipfile.ZipFile(file)
        except _BAD_ZIP:
            raise Unreadable("not_a_zip") from None
        result = self.zip.infolist()
        if len(result) > MOST_PARTS or sum(one.file_size for one in result) > most_bytes:
            raise Unreadable("too_large")
        if any(
            one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or one.flag_bits & 1 for one in result
        ):
            raise Unreadable("not_a_zip")
        self.sizes = {one.filename: one.file_size for one in result}
        if len(self.sizes) != len(result):
            raise Unreadable("not_a_zip")

    def read(self, name: str) -> bytes | None:
        """All of a part; None if it is not there or damaged."""
        if name not in self.sizes:
            return None
        if self.sizes[name] > self.most_json:
            raise Unreadable("too_large")
        try:
            return self.zip.read(name)
        except _BAD_ZIP:
            return None

    def digest(self, name: str) -> str:
        digest = hashlib.sha256()
        try:
            with self.zip.open(name) as part:
                for chunk in iter(lambda: part.read(CHUNK), b""):
                    digest.update(chunk)
        except (*_BAD_ZIP, KeyError):
            return ""
        return digest.hexdigest()

    def json(self, name: str) -> Any:
        return _json(self.read(name))


def _look_at_the_end(file: IO[bytes]) -> None:
    """The list of parts is read at once by every reader of ZIPs: so it must be short."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - 42))
    end = file.read(42)
    if len(end) < 22 or end[-22:-18] != _END or end[-2:] != b"\0\0":
        raise Unreadable("not_a_zip")
    if end[:4] == _END_64 or int.from_bytes(end[-10:-6], "little") > MOST_DIRECTORY:
        raise Unreadable("too_large")
    file.seek(0)


# --- the ZIP of one right form (odr-dossier-2) ------------------------------------------------------------------------

MANIFEST, STAMP, SIGNATURE = "manifest.json", "manifest.tsr", "manifest.sig"
_CONTEXT = b"odr-dossier-2 manifest\0"
_HEADER, _DIRECTORY = b"PK\x03\x04", b"PK\x01\x02"
#: The names of parts are ours and short.
_LONGEST_NAME = 200


def _local_header(name: bytes, crc: int, size: int) -> bytes:
    return struct.pack("<4s5H3I2H", _HEADER, 20, 0x800, 0, 0, 33, crc, size, size, len(name), 0) + name


def _directory_entry(name: bytes, crc: int, size: int, at: int) -> bytes:
    return (
        struct.pack("<4s6H", _DIRECTORY, 0x0314, 20, 0x800, 0, 0, 33)
        + struct.pack("<3I5H2I", crc, size, size, len(name), 0, 0, 0, 0, 0o100644 << 16, at)
        + name
    )


class _Misformed(Exception):
    def __init__(self, broken: Broken) -> None:
        super().__init__(broken.code)
        self.broken = broken


class _OneForm:
    """The parts of a ZIP that has one right form, read once from front to back. Each header is computed from what
    follows it, so no byte is left that nothing says. Raises _Misformed, Unreadable."""

    def __init__(self, file: IO[bytes], most_bytes: int, most_json: int) -> None:
        self.file, self.most_json = file, most_json
        self.places: dict[str, int] = {}
        self.sizes: dict[str, int] = {}
        self.digests: dict[str, str] = {}
        self.whole = file.seek(0, 2)
        if self.whole > most_bytes:
            raise Unreadable("too_large")
        file.seek(0)
        at = 0
        listing: list[bytes] = []
        while (start := file.read(30))[:4] == _HEADER:
            number = len(listing) + 1
            if number > MOST_PARTS:
                raise Unreadable("too_large")
            crc, size, length = self._said(start, number)
            name = file.read(length)
            if start + name != _local_header(name, crc, size) or self._name(name, number) in self.sizes:
                raise _Misformed(Broken("zip_header", number))
            self._take(self._name(name, number), size, crc, at + 30 + length, number)
            listing.append(_directory_entry(name, crc, size, at))
            at += 30 + length + size
        directory = b"".join(listing)
        count = len(listing)
        file.seek(at)
        end = struct.pack("<4s4H2IH", _END, 0, 0, count, count, len(directory), at, 0)
        if self.whole != at + len(directory) + len(end) or file.read() != directory + end:
            raise _Misformed(Broken("zip_directory", 0))
        names = list(self.sizes)
        tail = [name for name in (MANIFEST, STAMP, SIGNATURE) if name in self.sizes]
        others = sorted(name for name in names if name not in tail)
        if names != others + tail or MANIFEST not in tail or SIGNATURE not in tail:
            raise _Misformed(Broken("zip_order", 0))

    def _said(self, start: bytes, number: int) -> tuple[int, int, int]:
        """CRC, size, and length of the name."""
        if len(start) < 30:
            raise _Misformed(Broken("zip_cut", number))
        crc, size, _same, length = struct.unpack("<3IH", start[14:28])
        if length > _LONGEST_NAME:
            raise _Misformed(Broken("zip_header", number))
        return crc, size, length

    def _name(self, raw: bytes, number: int) -> str:
        try:
            return raw.decode("ascii")
        except UnicodeDecodeError:
            raise _Misformed(Broken("zip_header", number)) from None

    def _take(self, name: str, size: int, crc: int, at: int, number: int) -> None:
        digest, found, left = hashlib.sha256(), 0, size
        while left:
            chunk = self.file.read(min(CHUNK, left))
            if not chunk:
                raise _Misformed(Broken("zip_cut", number))
            digest.update(chunk)
            found = zlib.crc32(chunk, found)
            left -= len(chunk)
        self.places[name], self.sizes[name], self.digests[name] = at, size, digest.hexdigest()
        if found != crc:
            raise _Misformed(Broken("part_changed", 0, name))

    def read(self, name: str) -> bytes | None:
        """All of a part; None if it is not there."""
        if name not in self.sizes:
            return None
        if self.sizes[name] > self.most_json:
            raise Unreadable("too_large")
        self.file.seek(self.places[name])
        return self.file.read(self.sizes[name])

    def digest(self, name: str) -> str:
        return self.digests.get(name, "")

    def json(self, name: str) -> Any:
        return _json(self.read(name))


def _json(raw: bytes | None) -> Any:
    if raw is None:
        raise Unreadable("not_a_dossier")
    try:
        return json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unreadable("not_a_dossier") from None


def canonical(value: Any) -> bytes:
    """JSON in one right form: keys sorted, no space, letters as themselves, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "replace")


def _opened(file: IO[bytes], most_bytes: int, most_json: int) -> _Parts | _OneForm:
    """The parts by the rules of the form that this is, or was before somebody touched it: a dossier of the newer form
    does not become an older one, or none, by a changed byte. Raises _Misformed, Unreadable."""
    size = file.seek(0, 2)
    file.seek(max(0, size - MOST_DIRECTORY))
    end = file.read()
    file.seek(0)
    start = file.read(14)
    file.seek(0)
    # Both names stand in the headers of their parts and in the directory.
    names = end.count(MANIFEST.encode()) + end.count(SIGNATURE.encode())
    begins = start == _local_header(b"", 0, 0)[:14]
    is_newer = names >= 3 or (begins and (names > 0 or _END not in end))
    try:
        parts = _Parts(file, most_bytes, most_json)
        if "dossier.json" in parts.sizes and not {MANIFEST, SIGNATURE} & set(parts.sizes):
            return parts
    except Unreadable:
        if not is_newer:
            raise
    if not is_newer:
        raise Unreadable("not_a_dossier")
    return _OneForm(file, most_bytes, most_json)


# --- the checks ------------------------------------------------------------------------------------------------------


def check(
    file: IO[bytes],
    *,
    key: str = "",
    seals: dict[int, str] | None = None,
    witnesses: Sequence[str] = (),
    kept: Sequence[str] = (),
    tsa_root: str = "",
    most_bytes: int = MOST_BYTES,
    most_json: int = MOST_JSON,
) -> Report:
    """Look through a dossier. ``key``: the public keys known from elsewhere, in hexadecimal or as name+id+base64, with
    a space between; ``witnesses``: theirs, as name+id+base64; ``kept``: texts of checkpoints that were kept;
    ``tsa_root``: a file with the root certificates of the authority for time stamps, for the program openssl;
    ``seals``: number → root, as published, for the older form. Raises Unreadable, ValueError for a key or a kept
    checkpoint that is none, OSError where a stamp cannot be checked for want of openssl."""
    keys = [known_key(one) for one in key.split()]
    known = [witness_key(one) for one in witnesses]
    others = [_kept_note(one) for one in kept]
    try:
        parts = _opened(file, most_bytes, most_json)
        if isinstance(parts, _OneForm):
            report = _checked(parts, keys, known, tsa_root)
        else:
            report = _checked_old(parts, keys, seals)
    except _Misformed as wrong:
        return Report(key_was_given=bool(keys), broken=[wrong.broken])
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError, IndexError):
        # Something is of another kind than the form says.
        raise Unreadable("not_a_dossier") from None
    for note in others:
        if (note.origin, note.size) != (report.origin, report.size):
            # `manage.py verify_record --anchor` compares it, which has the whole log.
            report.not_compared.append(note.size)
        elif note.root.hex() != report.root:
            report.seal_broken.append(Broken("log_other", note.size))
    return report


def _checked_old(parts: _Parts, keys: list[str], seals: dict[int, str] | None) -> Report:
    """odr-dossier-1: its papers and its list are covered by nothing."""
    index, texts = parts.json("dossier.json"), parts.json("texts.json")
    seal = parts.json("seal.json") if "seal.json" in parts.sizes else None
    if index["format"] != OLD_FORMAT or not isinstance(index["case"], str):
        raise Unreadable("not_a_dossier")
    report = Report(case=index["case"], key_was_given=bool(keys))
    bodies, hashes = _chain(parts, index, report)
    report.entries, report.head = len(hashes), hashes[-1] if hashes else ""
    if seal is not None:
        _seal(seal, hashes, index, report, keys, seals)
    withheld = set(index["withheld"])
    report.withheld = len(withheld) + sum(entry.get("withheld") is True for entry in index["entries"])
    _said(bodies, withheld, texts, report)
    _files(parts, bodies, index, report)
    return report


def _checked(parts: _OneForm, keys: list[str], witnesses: list[WitnessKey], tsa_root: str) -> Report:
    raw = parts.read(MANIFEST) or b""
    index, texts = _json(raw), parts.json("texts.json")
    if index["format"] != FORMAT or not isinstance(index["case"], str):
        raise Unreadable("not_a_dossier")
    report = Report(case=index["case"], made_for=str(index["made_for"]), key_was_given=bool(keys))
    report.document_key = str(index["key"]).lower()
    if not _is_signed(parts, report.document_key):
        report.broken.append(Broken("manifest_signature", 0))
    if canonical(index) != raw:
        report.broken.append(Broken("manifest_form", 0))
    _parts(parts, index, report)
    entries = [
        {"sequence": place, "hash": digest, "withheld": f"entries/{place:04d}.json" not in parts.sizes}
        for place, digest in enumerate(index["entries"], 1)
    ]
    bodies, hashes = _chain(parts, {**index, "entries": entries}, report)
    report.entries, report.head = len(hashes), hashes[-1] if hashes else ""
    house: dict[int, Any] = {}
    is_trusted = False
    if index["log"] is not None:
        try:
            note = _note(index["checkpoint"])
        except ValueError:
            report.seal_broken.append(Broken("log_form", 0))
        else:
            house = _house(index["log"], parts, note, report)
            is_trusted = _log(index["log"], note, hashes, index, report, keys, witnesses, house)
    report.is_document_key_known = report.document_key in keys or (
        is_trusted and any(_names_key(body, report.document_key) for body in house.values())
    )
    _stamp(parts, raw, tsa_root, report)
    withheld = _withheld(parts, index, bodies, hashes, house, report)
    for place, entry in enumerate(entries, 1):
        if entry["withheld"] and ("entry", place, entry["hash"]) not in withheld:
            report.broken.append(Broken("entry_missing", place))
    report.states = sum(bool(body.get("state")) for body in bodies.values())
    _said(bodies, {digest for what, _n, digest in withheld if what in ("text", "name")}, texts, report)
    _files(parts, bodies, index, report, withheld)
    return report


def _is_signed(parts: _OneForm, key: str) -> bool:
    text = parts.read(SIGNATURE) or b""
    try:
        signature = bytes.fromhex(text.decode("ascii"))
        public = bytes.fromhex(key)
    except ValueError:
        return False
    digests = [parts.digests[name] for name in (MANIFEST, STAMP) if name in parts.digests]
    signed = _CONTEXT + bytes.fromhex("".join(digests))
    return signature.hex().encode() == text and signature_holds(public, signed, signature)


# --- the log ---------------------------------------------------------------------------------------------------------

_SIGNS, _COSIGNS = 1, 4
#: name, public key in hexadecimal
WitnessKey = tuple[str, str]


def known_key(text: str) -> str:
    """32 bytes in hexadecimal, of a key that is given so or as name+id+base64. Raises ValueError."""
    return witness_key(text)[1] if "+" in text else _hexadecimal(text)


def witness_key(text: str) -> WitnessKey:
    """A key as name+id+base64 (C2SP signed-note). Raises ValueError."""
    parts = text.split("+", 2)
    try:
        raw = base64.b64decode(parts[2], validate=True)
        if len(raw) == 33 and _key_id(parts[0], raw[0], raw[1:]).hex() == parts[1]:
            return parts[0], raw[1:].hex()
    except (ValueError, IndexError):
        pass
    raise ValueError(f"{text!r} is no key name+id+base64: a character may be missing or wrong")


def _hexadecimal(text: str) -> str:
    try:
        if len(bytes.fromhex(text)) == 32:
            return text.lower()
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no public key: it has 64 hexadecimal digits, or is written name+id+base64")


def _key_id(name: str, kind: int, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


@dataclass
class _Note:
    """A checkpoint as its signed note says it; ``lines`` are (name, id of the key ‖ signature)."""

    origin: str
    size: int
    root: bytes
    body: bytes
    lines: list[tuple[str, bytes]]

    def is_signed_by(self, name: str, key: bytes) -> bool:
        """Whether the line of the log's own key is there and holds."""
        known = _key_id(name, _SIGNS, key)
        return any(
            who == name and blob[:4] == known and signature_holds(key, self.body, blob[4:]) for who, blob in self.lines
        )

    def cosigned_at(self, name: str, key: bytes) -> int | None:
        """Seconds since 1970 that this key says (tlog-cosignature), where its line is there and holds."""
        known = _key_id(name, _COSIGNS, key)
        for who, blob in self.lines:
            if who == name and blob[:4] == known and len(blob) == 76:
                at = int.from_bytes(blob[4:12], "big")
                if signature_holds(key, f"cosignature/v1\ntime {at}\n".encode() + self.body, blob[12:]):
                    return at
        return None


def _note(text: str) -> _Note:
    """Raises ValueError."""
    body, rest = text.split("\n\n")
    origin, size, root = body.split("\n")
    lines = []
    for line in rest.removesuffix("\n").split("\n"):
        dash, name, blob = line.split(" ")
        if dash != "—":
            raise ValueError(line)
        lines.append((name, base64.b64decode(blob, validate=True)))
    digest = base64.b64decode(root, validate=True)
    is_form = rest.endswith("\n") and str(int(size)) == size and len(digest) == 32 and int(size) >= 0
    if not is_form or len(lines) > MOST_SIGNATURES:
        raise ValueError(size)
    return _Note(origin, int(size), digest, f"{body}\n".encode(), lines)


def _kept_note(text: str) -> _Note:
    try:
        return _note(text)
    except ValueError:
        raise ValueError("the checkpoint that you kept is not written in its standard form") from None


def _included(leaf: str, place: int, note: _Note, proof: list[str]) -> bool:
    """RFC 9162, 2.1.3.2."""
    digest = hashlib.sha256(b"\0" + leaf.encode()).digest()
    at, last = place, note.size - 1
    if not 0 <= at <= last:
        return False
    for one in proof:
        if last == 0:
            return False
        sibling = bytes.fromhex(one)
        if at & 1 or at == last:
            digest = hashlib.sha256(b"\1" + sibling + digest).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            digest = hashlib.sha256(b"\1" + digest + sibling).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and digest == note.root


def _house(log: Any, parts: _OneForm, note: _Note, report: Report) -> dict[int, Any]:
    """The entries about the record itself (keys that sign, what was erased) that lie under the checkpoint."""
    results = {}
    if len(log["house"]) > MOST_HOUSE:
        raise Unreadable("too_large")
    for one in log["house"]:
        sequence = one["sequence"]
        raw = parts.read(f"house/{sequence:04d}.json") or b""
        digest = hashlib.sha256(b"\0" + bytes.fromhex(one["previous"]) + raw).hexdigest()
        if not _included(f"house|house|{sequence:d}|{digest}", one["place"], note, one["proof"]):
            report.seal_broken.append(Broken("house_proof", sequence))
        else:
            results[sequence] = json.loads(raw.decode("utf-8"))
    return results


def _names_key(body: Any, key: str) -> bool:
    data = body["data"]
    return bool(body["step"] == "key_handed_over" and data.get("of") == "documents" and data["new"] == key)


def _log(
    log: Any,
    note: _Note,
    hashes: list[str],
    index: Any,
    report: Report,
    keys: list[str],
    witnesses: list[WitnessKey],
    house: dict[int, Any],
) -> bool:
    """Signature of the checkpoint, the last entry under it. Whether a key that was given leads to it."""
    wrong, key = report.seal_broken, bytes.fromhex(log["key"])
    report.origin, report.size, report.root, report.public_key = note.origin, note.size, note.root.hex(), log["key"]
    if not note.is_signed_by(note.origin, key):
        wrong.append(Broken("log_signature", note.size))
    is_trusted = log["key"] in _trusted(keys, house, note.size)
    # Of the keys that were given one may be that of the manifest.
    report.key_was_given = any(one != report.document_key for one in keys)
    if report.key_was_given and not is_trusted:
        wrong.append(Broken("log_key", note.size))
    at = note.cosigned_at(note.origin, key)
    report.sealed_at = _time(at) if at is not None else ""
    known = [(name, note.cosigned_at(name, bytes.fromhex(public))) for name, public in witnesses]
    report.witnesses = [(_printable(name), _time(seen)) for name, seen in known if seen is not None]
    checked = {name for name, _seen in report.witnesses} | {note.origin}
    report.unknown_witnesses = sorted({_printable(name) for name, _blob in note.lines} - checked)
    if log["entry"] is not None:
        sequence = log["entry"]["sequence"]
        if sequence > len(hashes):
            if not report.broken:
                report.broken.append(Broken("log_cut", len(hashes) + 1))
        elif sequence < 1 or not _included(
            f"{index['case']}|{index['audience']}|{sequence:d}|{hashes[sequence - 1]}",
            log["entry"]["place"],
            note,
            log["entry"]["proof"],
        ):
            report.broken.append(Broken("log_proof", sequence))
        elif not wrong:
            report.sealed = sequence
    return is_trusted and not wrong


def _trusted(keys: list[str], house: dict[int, Any], size: int) -> set[str]:
    """The keys that may sign a log of ``size`` entries, as those lead to them that were given: each hand-over is signed
    by the key before and the next one; a recovery key that one of them named hands over too, and may end a key."""
    results, recovery = set(keys), ""
    if not keys:
        # Nothing was given that could lead anywhere.
        return results
    for body in (house[sequence] for sequence in sorted(house)):
        data = body["data"]
        if body["step"] not in ("key_handed_over", "key_revoked") or "by_key" not in data or data["from"] > size:
            continue
        message = b"odr seal key\n" + canonical({name: data[name] for name in data if name != "signatures"})
        first = data.get("way") == "first"
        signers = [data["key"]] if first else [data["by_key"], data["key"]][: len(data["signatures"])]
        signed = [bytes.fromhex(one) for one in data["signatures"]]
        if not signed or not all(
            signature_holds(bytes.fromhex(key), message, one)
            for key, one in zip(signers, signed)  # noqa: B905
        ):
            continue
        by_recovery = recovery != "" and data["by_key"] == recovery
        if body["step"] == "key_revoked":
            if by_recovery:
                results.discard(data["key"])
        elif data["key"] in results if first else len(signed) == 2 and (data["by_key"] in results or by_recovery):
            results.add(data["key"])
            if data["way"] == "replace":
                results.discard(data["by_key"])
            recovery = recovery or data.get("recovery", "")
    return results


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: UP017
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def _stamp(parts: _OneForm, manifest: bytes, tsa_root: str, report: Report) -> None:
    """The time stamp over the manifest (RFC 3161), checked by the program openssl where there are roots."""
    stamp = parts.read(STAMP)
    if stamp is None:
        return
    report.stamp_was_checked = bool(tsa_root)
    if not tsa_root:
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("data", manifest), ("stamp", stamp)):
            with open(f"{folder}/{name}", "wb") as out:
                out.write(content)
        command = ["openssl", "ts", "-verify", "-data", f"{folder}/data", "-in", f"{folder}/stamp", "-CAfile", tsa_root]
        done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        report.broken.append(Broken("stamp", 0))


def _parts(parts: _OneForm, index: Any, report: Report) -> None:
    """Each part is the one that the manifest lists, and none is beside."""
    listed = {one["name"]: (one["size"], one["sha256"]) for one in index["parts"]}
    for name, digest in parts.digests.items():
        if name in (MANIFEST, STAMP, SIGNATURE):
            continue
        if name not in listed:
            report.broken.append(Broken("part_added", 0, name))
        elif (parts.sizes[name], digest) != listed[name]:
            report.broken.append(Broken("part_changed", 0, name))
        report.parts += 1
    for name in listed:
        if name not in parts.sizes:
            report.broken.append(Broken("part_missing", 0, name))


Withheld = tuple[str, int, str]


def _withheld(
    parts: _OneForm, index: Any, bodies: dict[int, Any], hashes: list[str], house: dict[int, Any], report: Report
) -> set[Withheld]:
    """What is not in the dossier, by (text, name, file, original or entry; number of the entry; digest). The reason of
    each is checked: signing a false one makes it no better."""
    results = set()
    erased = _Erased(parts, index, house)
    for one in index["withheld"]:
        what, n, digest, kind, reason = (one[name] for name in ("what", "entry", "digest", "kind", "reason"))
        body = bodies.get(n)
        if not _names(body, hashes, what=what, n=n, digest=digest, kind=kind):
            report.broken.append(Broken("withheld_unknown", n, kind))
        elif reason == "erased" and erased.proves(body, what=what, kind=kind, digest=digest):
            report.erased += 1
        elif reason == "erased" and what != "entry" and index["log"] is not None:
            report.broken.append(Broken("withheld_unproved", n, kind))
        elif reason == "held_back" and what in ("file", "original") and (held := _held(bodies, digest)) is not None:
            report.held.append((n, *held))
        elif what != "entry" and (
            reason in ("erased", "restricted") or (reason in UNPROVED and what in ("file", "original"))
        ):
            report.unproved.append(Broken(reason, n, kind))
        elif reason != "not_yours" or not _is_not_theirs(report.made_for, body, what=what, kind=kind, digest=digest):
            report.broken.append(Broken("withheld_wrongly", n, kind))
        results.add((what, n, digest))
        report.withheld += 1
    return results


class _Erased:
    """What the house chain says was erased: the key that a text lay under, or the digests of all that lay under it."""

    def __init__(self, parts: _OneForm, index: Any, house: dict[int, Any]) -> None:
        self.case: str = index["case"]
        self.keys: set[str] = set()
        self.digests: set[str] = set()
        self.files: set[tuple[str, str]] = set()
        for sequence, body in house.items():
            if body["step"] != "erased":
                continue
            data = body["data"]
            self.keys.add(str(data["key"]))
            self.files |= {(case, digest) for case, digest in data.get("files", [])}
            name = f"erased/{sequence:04d}.json"
            listed = [bytes.fromhex(one) for one in parts.json(name)] if name in parts.sizes else []
            if (
                all(len(one) == 32 for one in listed)
                and hashlib.sha256(b"".join(sorted(listed))).hexdigest() == data["root"]
            ):
                self.digests |= {one.hex() for one in listed}

    def proves(self, body: Any, *, what: str, kind: str, digest: str) -> bool:
        if what == "text" and [kind, digest] in [
            text[:2] for text in body["texts"] if text[2:] and text[2] in self.keys
        ]:
            return True
        if what in ("file", "original"):
            return (self.case, digest) in self.files
        return digest in self.digests


def _held(bodies: dict[int, Any], digest: str) -> tuple[str, str, str, int] | None:
    """What the entry of the portal says of this file, and its number; None without one."""
    for n in sorted(bodies):
        body = bodies[n]
        is_of_portal = (body["step"], body["role"]) == ("hold_back_file", SYSTEM)
        if is_of_portal and body["data"]["sha256"] == digest:
            data = body["data"]
            return str(data["why"]), str(data["finding"]), str(data["found"]), n
    return None


def _names(body: Any, hashes: list[str], *, what: str, n: int, digest: str, kind: str) -> bool:
    """Whether entry ``n`` commits to this."""
    if what == "entry":
        return body is None and 0 < n <= len(hashes) and hashes[n - 1] == digest and kind == "entry"
    if body is None:
        return False
    if what == "text":
        return [kind, digest] in [text[:2] for text in body["texts"]]
    if what == "name":
        return digest in (body["name"], body["recorded_by"]) and digest != "" and kind == "name"
    return what in ("file", "original") and digest in body["files"] and kind == what


def _is_not_theirs(made_for: str, body: Any, *, what: str, kind: str, digest: str) -> bool:
    """What a reader of this side does not get, and no more: the consumer's name and contact data; for an enterprise
    what lies outside of its time; for a party the original of another one's picture, of which it has our copy."""
    if what == "original":
        return made_for != "authority"
    if made_for not in OTHERS:
        return False
    if what == "text":
        return kind in PRIVATE_KINDS
    if what == "name":
        return bool(body["role"] == CONSUMER and body["name"] == digest)
    return made_for == "enterprise" and what in ("entry", "file")


def _chain(parts: _Parts | _OneForm, index: Any, report: Report) -> tuple[dict[int, Any], list[str]]:
    """The entries, each bound to the one before it."""
    bodies: dict[int, Any] = {}
    hashes: list[str] = []
    previous = b""
    if not index["entries"]:
        report.broken.append(Broken("entry_missing", 1))
    for place, entry in enumerate(index["entries"], 1):
        stated = bytes.fromhex(entry["hash"])
        if entry["sequence"] != place:
            is_gap = entry["sequence"] > place
            report.broken.append(
                Broken("entry_missing" if is_gap and place not in _sequences(index) else "entry_place", place)
            )
            break
        if entry.get("withheld") is not True:
            raw = parts.read(f"entries/{place:04d}.json")
            if raw is None:
                report.broken.append(Broken("entry_missing", place))
            elif hashlib.sha256(b"\0" + previous + raw).digest() != stated:
                report.broken.append(Broken("entry_changed", place))
            else:
                bodies[place] = body = json.loads(raw.decode("utf-8"))
                if (body["case"], body["audience"], body["sequence"]) != (index["case"], index["audience"], place):
                    report.broken.append(Broken("entry_other", place))
        previous = stated
        hashes.append(stated.hex())
    return bodies, hashes


def _sequences(index: Any) -> list[int]:
    return [entry["sequence"] for entry in index["entries"]]


def _said(bodies: dict[int, Any], withheld: set[str], texts: Any, report: Report) -> None:
    """Texts and names: each that an entry names is there and is the one, or is said to be withheld."""
    # An entry of form 2 names the key of each text too.
    wanted = {(n, *text[:2]) for n, body in bodies.items() for text in body["texts"]}
    given = set()
    for text in texts["texts"]:
        place = (text["sequence"] + 0, text["kind"], text["digest"])
        if hashlib.sha256(bytes.fromhex(text["salt"]) + text["text"].encode()).hexdigest() != text["digest"]:
            report.broken.append(Broken("text_changed", text["sequence"], text["kind"]))
        elif place not in wanted:
            report.broken.append(Broken("text_foreign", text["sequence"], text["kind"]))
        given.add(place)
        report.texts += 1
    for n, kind, digest in sorted(wanted - given):
        if digest not in withheld:
            report.broken.append(Broken("text_missing", n, kind))
    names = {}
    for name in texts["names"]:
        is_whole = hashlib.sha256(bytes.fromhex(name["salt"]) + name["text"].encode()).hexdigest() == name["digest"]
        names[name["digest"]] = is_whole
    for n, body in bodies.items():
        for digest in (body["name"], body["recorded_by"]):
            if digest and not names.get(digest) and digest not in withheld:
                report.broken.append(Broken("name_changed" if digest in names else "name_missing", n))


def _files(
    parts: _Parts | _OneForm, bodies: dict[int, Any], index: Any, report: Report, withheld: set[Withheld] | None = None
) -> None:
    """``withheld``: None in the older form, where a file without content needs no reason."""
    first: dict[str, int] = {}
    for n, body in bodies.items():
        for digest in body["files"]:
            first.setdefault(digest, n)
    listed = {}
    for entry in index["files"]:
        listed[entry["sha256"]] = entry
        n, path, copy = first.get(entry["sha256"], 0), entry.get("path", ""), entry.get("copy", "")
        if not n:
            report.broken.append(Broken("file_foreign", 0, path or entry["sha256"]))
        elif not path and withheld is None:
            report.withheld += 1
        elif not path and ("file", n, entry["sha256"]) in (withheld or ()):
            pass
        elif path not in parts.sizes:
            report.broken.append(Broken("file_missing", n, path or entry["sha256"]))
        elif withheld is not None and copy and ("original", n, entry["sha256"]) not in withheld:
            report.broken.append(Broken("file_missing", n, entry["sha256"]))
        elif parts.digest(path) != (copy or entry["sha256"]):
            report.broken.append(Broken("file_changed", n, path))
        else:
            report.files += 1
            # Our cleaned copy stands for a file whose original is not this reader's.
            report.withheld += bool(copy) and withheld is None
    for digest, n in first.items():
        if digest not in listed:
            report.broken.append(Broken("file_missing", n, digest))
    known = {entry.get("path") for entry in index["files"]}
    for name in parts.sizes:
        if name.startswith("files/") and not name.endswith("/") and name not in known:
            report.broken.append(Broken("file_foreign", 0, name))


def _seal(
    seal: Any, hashes: list[str], index: Any, report: Report, keys: list[str], seals: dict[int, str] | None
) -> None:
    number, sequence, wrong = seal["number"], seal["sequence"], report.seal_broken
    report.seal, report.sealed_at, report.root = number, str(seal["at"]), str(seal["root"])
    report.public_key = str(seal["public_key"])
    root = bytes.fromhex(seal["root"])
    text = f"{number:d}|{seal['size']:d}|{seal['at']}\n{seal['heads_root']}"
    if hashlib.sha256(b"\1" + bytes.fromhex(seal["previous_root"]) + text.encode()).digest() != root:
        wrong.append(Broken("seal_root", number))
    if not signature_holds(bytes.fromhex(seal["public_key"]), root, bytes.fromhex(seal["signature"])):
        wrong.append(Broken("seal_signature", number))
    if keys and seal["public_key"].lower() not in keys:
        wrong.append(Broken("seal_key", number))
    if seals is not None and seals.get(number) != seal["root"]:
        wrong.append(Broken("seal_unpublished", number))
    leaf = f"{seal['case_id']:d}|{index['audience']}|{sequence:d}|{seal['hash']}"
    if _climbed(leaf.encode(), seal["index"], seal["count"], seal["path"]) != seal["heads_root"]:
        wrong.append(Broken("seal_proof", number))
    if sequence > len(hashes):
        if not report.broken:
            report.broken.append(Broken("seal_cut", len(hashes) + 1))
    elif sequence < 1 or hashes[sequence - 1] != seal["hash"]:
        report.broken.append(Broken("seal_other_entry", sequence))
    elif not wrong:
        report.sealed = sequence
    report.sealed_at, report.public_key = _printable(report.sealed_at), _printable(report.public_key)


def _climbed(leaf: bytes, place: int, count: int, path: list[str]) -> str:
    """The root that follows from this leaf; "" if the path has the wrong length."""
    result = hashlib.sha256(b"\2" + leaf).digest()
    rest = [bytes.fromhex(one) for one in path]
    if not 0 <= place < count:
        return ""
    while count > 1:
        if place ^ 1 < count:
            if not rest:
                return ""
            other = rest.pop(0)
            pair = other + result if place & 1 else result + other
            result = hashlib.sha256(b"\3" + pair).digest()
        place, count = place >> 1, (count + 1) >> 1
    return "" if rest else result.hex()


# --- for people ------------------------------------------------------------------------------------------------------


MADE_FOR = {"consumer": "消费者", "joint": "共同投诉人或者代表", "enterprise": "经营者", "authority": "监管部门"}


def told(report: Report, say: Say) -> list[str]:
    """The report in sentences. ``say``: what gives a Chinese sentence of this file in the language of the reader."""
    case = _printable(report.case)
    lines = [say("案件 {}，共{}条记录，{}段文字，{}个文件").format(case, report.entries, report.texts, report.files)]
    if not report.case:
        # Its form alone says that it was touched.
        lines.clear()
    if report.first is not None:
        lines.append(say("已被改动或不完整：") + report.first.words(say))
        others = [one for one in report.broken + report.seal_broken if one != report.first]
        lines += ["  " + one.words(say) for one in others[:20]]
        return lines
    if report.document_key:
        lines += _sealed_words(report, say)
    elif report.is_sealed:
        lines.append(say("完整，未被改动。封印{}，封印时间{}").format(report.seal, report.sealed_at))
    elif report.sealed:
        lines.append(
            say("未见改动。第1至{}条已封印（封印{}，{}）；其后的还没有封印，不能证明后面没有缺少").format(
                report.sealed, report.seal, report.sealed_at
            )
        )
    else:
        lines.append(say("未见改动，但没有封印，不能证明没有整体重写"))
    if report.document_key:
        whom = say(MADE_FOR[report.made_for]) if report.made_for in MADE_FOR else _printable(report.made_for)
        lines.append(say("为{}制作。已核对：压缩包的每个字节、清单的签名、{}个部分").format(whom, report.parts))
    else:
        lines.append(say("旧格式的档案：PDF、说明和其他不在记录里的部分没有核对"))
    for size in report.not_compared:
        lines.append(say("您保存的检查点（{}条）没有比较：只能比较同一个记录、同样条数的").format(size))
    if report.states:
        lines.append(say("{}条记录里封有案件状态的变化，只供平台自己核对，不在档案里").format(report.states))
    if report.erased:
        lines.append(say("其中{}项依法删除，有删除记录为证").format(report.erased))
    text = say("第{}条记录的文件没有交付：{}（{}，{}）；平台写下的第{}条记录为证")
    for n, why, finding, found, at in report.held[:20]:
        known = say(HELD[why]) if why in HELD else _printable(why)
        lines.append("  " + text.format(n, known, _printable(finding), _printable(found), at))
    others = report.withheld - report.erased - len(report.held)
    if others > 0:
        lines.append(say("其中{}项不交给本档案的持有人或已依法删除，只核对了摘要").format(others))
    lines += ["  " + one.words(say) for one in report.unproved[:20]]
    if report.seal is not None and not report.key_was_given:
        lines.append(say("签名公钥 {}：请与平台公布的公钥核对（--key）").format(report.public_key))
    if report.size is not None and not report.key_was_given:
        lines.append(say("检查点的签名公钥 {}：请与平台公布的公钥核对（--key）").format(report.public_key))
    if report.document_key and not report.is_document_key_known:
        lines.append(say("清单的签名公钥 {}：请与平台公布的公钥核对（--key）").format(report.document_key))
    return lines


def _sealed_words(report: Report, say: Say) -> list[str]:
    if report.is_sealed:
        lines = [say("完整，未被改动。检查点包含{}条记录，签名时间{}").format(report.size, report.sealed_at)]
    elif report.sealed:
        text = say("未见改动。第1至{}条在检查点之内（{}条，{}）；其后的还不在，不能证明后面没有缺少")
        lines = [text.format(report.sealed, report.size, report.sealed_at)]
    else:
        lines = [say("未见改动，但没有检查点，不能证明没有整体重写")]
    lines += [say("见证人{}在{}见过这个检查点").format(name, at) for name, at in report.witnesses]
    if report.unknown_witnesses:
        names = ", ".join(report.unknown_witnesses[:20])
        lines.append(say("检查点上还有{}的签名，没有核对（--witness）").format(names))
    if report.stamp_was_checked is not None:
        is_checked = report.stamp_was_checked
        lines.append(say("清单有时间戳，时间戳成立" if is_checked else "清单有时间戳，没有核对（--tsa-root）"))
    return lines


def _text(name: str) -> str:
    with open(name, encoding="utf-8", errors="replace") as file:
        return file.read()


def _published(text: str) -> dict[int, str]:
    """Number → root, of seals.json. Raises ValueError."""
    try:
        return {one["number"]: one["root"] for one in json.loads(text)["seals"]}
    except (ValueError, KeyError, TypeError):
        raise ValueError("--seals: the file is not seals.json as it was published") from None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="verify_dossier.py", description="核对案件档案 · check the dossier of a dispute"
    )
    parser.add_argument("file", help="dossier.zip")
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        help="公布的公钥，可以给出几个 · published public keys, in hexadecimal or as name+id+base64",
    )
    parser.add_argument(
        "--witness", action="append", default=[], help="见证人的公钥 · the key of a witness: name+id+base64"
    )
    parser.add_argument(
        "--kept", action="append", default=[], help="您保存的检查点（文件）· a checkpoint that you kept, as a file"
    )
    parser.add_argument(
        "--tsa-root", default="", help="时间戳机构的根证书（PEM），需要openssl · root certificates of the time stamps"
    )
    parser.add_argument("--seals", default="", help="公布的封印 seals.json · the published seals")
    parser.add_argument("--language", choices=tuple(LANGUAGES), default="")
    asked = parser.parse_args(arguments)
    languages = [asked.language] if asked.language else list(LANGUAGES)
    try:
        seals = _published(_text(asked.seals)) if asked.seals else None
        kept = [_text(name) for name in asked.kept]
        # A wrong file is no fault of the stamp.
        if asked.tsa_root and "-----BEGIN CERTIFICATE-----" not in _text(asked.tsa_root):
            raise ValueError(f"--tsa-root: {asked.tsa_root} holds no certificate in the form of PEM")
        with open(asked.file, "rb") as file:
            report = check(
                file, key=" ".join(asked.key), seals=seals, witnesses=asked.witness, kept=kept, tsa_root=asked.tsa_root
            )
    except Unreadable as wrong:
        for language in languages:
            print(LANGUAGES[language](UNREADABLE[wrong.code]))
        return 2
    except OSError as wrong:
        parser.error(f"{wrong.filename or asked.file}: {wrong.strerror}")
    except ValueError as wrong:
        parser.error(str(wrong))
    for language in languages:
        print("\n".join(told(report, LANGUAGES[language])))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
