"""The enterprises of the demonstration by name, as the directory has them.

Nothing but names, so that whoever tells a story may know them.
"""

MOBILE = "中国移动通信集团福建有限公司"
TELECOM = "中国电信股份有限公司福建分公司"
UNICOM = "中国联合网络通信有限公司福建省分公司"
MINTAO = "闽淘网络科技（福州）有限公司"
RANDONG = "燃动体育发展（福州）有限公司"
RONGMU = "榕木电器制造（福建）有限公司"
AFTER_SALES = "榕木售后服务（福州）有限公司"
HAOLINLI = "好邻里便利连锁（福州）有限公司"
DRIVING = "闽江通驾驶培训有限公司"
TRAVEL = "海风假日旅行社（福州）有限公司"
