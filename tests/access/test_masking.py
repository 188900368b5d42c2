"""What a masked name, number or address still shows."""

from accounts.masking import masked_address, masked_email, masked_id_number, masked_name, masked_phone, masked_text


def test_names_numbers_and_addresses_keep_an_end() -> None:
    for name, shown in (("张三", "张**"), ("欧阳小明", "欧**"), (" 陈试 ", "陈**"), ("Anna Smith", "A***"), ("", "")):
        assert masked_name(name) == shown
    numbers = {"+8613800001234": "138****1234", "13800001234": "138****1234", "12315": "****15", "": ""}
    for number, shown in numbers.items():
        assert masked_phone(number) == shown
    assert (masked_email("chen@example.org"), masked_email("odd")) == ("c***@example.org", "***")
    assert (masked_id_number("51010719900101123X"), masked_id_number("1234")) == ("***3X", "***")


def test_an_address_ends_at_the_district() -> None:
    for address, shown in (
        ("四川省成都市武侯区人民路1号", "四川省成都市武侯区***"),
        ("北京市 朝阳区 建国路88号SOHO小区3号楼", "北京市朝阳区***"),
        ("广东省广州市越秀区", "广东省广州市越秀区***"),
        ("内蒙古自治区呼伦贝尔市鄂温克族自治旗巴彦托海镇1号", "内蒙古自治区呼伦贝尔市鄂温克族自治旗***"),
        ("湖北省恩施土家族苗族自治州恩施市某路2号", "湖北省恩施土家族苗族自治州恩施市***"),
        ("福建省福州市鼓楼区某路1号", "福建省福州市鼓楼区***"),
        ("河北省唐山市路北区新华道3号", "河北省唐山市路北区***"),
        ("山东省青岛市市南区香港中路9号", "山东省青岛市市南区***"),
        ("河南省新乡市红旗区某路", "河南省新乡市***"),
        ("江苏省镇江市京口区某街2号", "江苏省镇江市京口区***"),
        ("福州市阳光小区2楼", "福州市***"),
        ("人民路12号阳光小区3栋", "***"),
        ("12 Main St, Seattle", "***"),
        ("", ""),
    ):
        assert masked_address(address) == shown


def test_numbers_of_persons_in_a_text_are_masked_and_others_stay() -> None:
    for text, shown in (
        ("请回电13800001234，谢谢。", "请回电138****1234，谢谢。"),
        ("+86 138 0000 1234", "138****1234"),
        ("138-0000-1234或者13900005678", "138****1234或者139****5678"),
        ("身份证51010719900101123X。", "身份证***3X。"),
        ("退还128.50元到尾号1234，2026年11月11日", "退还128.50元到尾号1234，2026年11月11日"),
        ("单号2026138000012345", "单号2026138000012345"),
        ("", ""),
    ):
        assert masked_text(text) == shown
